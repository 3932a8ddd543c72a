// What can be done to a source as a whole, and to its records.
import { expect, it } from 'vitest';
import { VirtualClock } from '../../kafka-source/testing/virtual-clock.ts';
import { Valve, type Lab } from '../testing/lab.ts';
import { eventually } from '../testing/log-harness.ts';

/** No delivery and no answer for so long: the group is at rest. */
const QUIET_MS = 300;

export function describeFaults(lab: () => Lab): void {
  it('[fault.stop] delivers nothing while stopped, and all of it when resumed', async () => {
    const topic = await lab().newTopic();
    const { source, outcomes } = await lab().startSource(topic);
    await source.stop();
    expect(source.state()).toMatchObject({ state: 'stopped', consumers: 0 });
    expect(await source.rebalance()).toBe(false);
    expect(await source.crash()).toBe(false);
    await lab().publish(topic, 3);
    expect(lab().got).toEqual([]);
    await Promise.all([source.start(), source.start()]);
    expect(source.state()).toMatchObject({ state: 'running', consumers: 1 });
    await eventually(() => expect(outcomes).toHaveLength(3));
    await source.stop();
    expect((await lab().committed(topic)).get(0)).toBe(3);
  });

  it('[fault.crash] delivers again what was not committed', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    await lab().publish(topic, 3);
    const { source, outcomes } = await lab().startSource(topic, { deps: { clock } });
    await eventually(() => expect(outcomes).toHaveLength(3));
    expect(await source.crash()).toBe(true);
    await eventually(() => expect(outcomes).toHaveLength(6));
    expect(lab().bodies().sort()).toEqual(['0:0', '0:0', '0:1', '0:1', '0:2', '0:2']);
    await source.stop();
    expect((await lab().committed(topic)).get(0)).toBe(3);
  });

  it('[fault.rebalance] delivers again what was in flight, from another consumer', async () => {
    const topic = await lab().newTopic();
    const valve = new Valve();
    lab().answer = async ({ body }) => {
      if (body === '0:1') await valve.pass();
      return 204;
    };
    await lab().publish(topic, 2);
    const { source, outcomes } = await lab().startSource(topic, {
      deps: { clock: new VirtualClock() },
    });
    await eventually(() => expect(outcomes).toHaveLength(1));
    await eventually(() => expect(valve.held).toBe(1));
    expect(await source.rebalance()).toBe(true);
    // Once for each time the partition moved: on Kafka it also moves when the other one joins.
    await eventually(() => expect(valve.held).toBeGreaterThanOrEqual(2));
    expect([...new Set(lab().bodies())]).toEqual(['0:0', '0:1']);
    if (lab().log.commitsOnRevoke) {
      // What was done was committed on the way out, so it does not come again.
      expect((await lab().committed(topic)).get(0)).toBe(1);
      expect(lab().bodies().lastIndexOf('0:0')).toBe(0);
    }
    valve.open();
    // Until nothing is on its way any more: who got the partition last has its answer, too.
    for (let quiet = -1; quiet !== outcomes.length || quiet !== lab().bodies().length;) {
      quiet = outcomes.length;
      await new Promise((done) => setTimeout(done, QUIET_MS));
    }
    expect(outcomes.length).toBeGreaterThanOrEqual(3);
    await source.stop();
    expect((await lab().committed(topic)).get(0)).toBe(2);
  });

  it('[fault.rebalance-ordered] goes on in order with the new owner', async () => {
    const topic = await lab().newTopic();
    const valve = new Valve();
    let isOpen = false;
    lab().answer = async ({ body }) => {
      if (body === '0:1' && !isOpen) await valve.pass();
      return 204;
    };
    await lab().publish(topic, 4);
    const { source } = await lab().startSource(topic, { source: { ordering: 'ordered' } });
    await eventually(() => expect(valve.held).toBe(1));
    isOpen = true;
    expect(await source.rebalance()).toBe(true);
    await eventually(() => expect(lab().bodies().at(-1)).toBe('0:3'));
    expect([...new Set(lab().bodies())]).toEqual(['0:0', '0:1', '0:2', '0:3']);
    if (lab().log.commitsOnRevoke) {
      expect(lab().bodies()).toEqual(['0:0', '0:1', '0:1', '0:2', '0:3']);
    }
    valve.open();
  });

  it('[fault.reorder] delivers a record after a later one', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    const holds = [60_000, null, 60_000];
    await lab().publish(topic, 3);
    const { outcomes } = await lab().startSource(topic, {
      deps: { clock, holdBackMs: () => holds.shift() ?? null },
    });
    await eventually(() => expect(outcomes).toHaveLength(2));
    expect(lab().bodies()).toEqual(['0:1', '0:0']);
    // Nothing comes after the last one: it is let go when the time is over.
    clock.advance(60_000);
    await eventually(() => expect(outcomes).toHaveLength(3));
  });

  it('[fault.duplicate] delivers a record twice', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 1);
    const { outcomes } = await lab().startSource(topic, { deps: { copies: () => 2 } });
    await eventually(() => expect(outcomes).toEqual(['delivered']));
    expect(lab().bodies()).toEqual(['0:0', '0:0']);
  });
}
