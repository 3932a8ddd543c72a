// When offsets are committed, and what comes again because they were not.
import { expect, it } from 'vitest';
import { COMMIT_INTERVAL_MS } from '../../kafka-source/source.ts';
import { VirtualClock } from '../../kafka-source/testing/virtual-clock.ts';
import { Valve, type Lab } from '../testing/lab.ts';
import { eventually } from '../testing/log-harness.ts';

export function describeCommitting(lab: () => Lab): void {
  it('[commit.interval] commits every 5 s', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    await lab().publish(topic, 3);
    const { outcomes } = await lab().start(topic, { deps: { clock } });
    await eventually(() => expect(outcomes).toHaveLength(3));
    clock.advance(COMMIT_INTERVAL_MS - 1);
    expect(clock.pending()).toEqual([1]);
    expect(await lab().committed(topic)).toEqual(new Map());
    clock.advance(1);
    await eventually(async () => expect(await lab().committed(topic)).toEqual(new Map([[0, 3]])));
    expect(COMMIT_INTERVAL_MS).toBe(5_000);
  });

  it('[commit.redelivery] delivers again what a crash left uncommitted, and no more', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    await lab().publish(topic, 3);
    const first = await lab().start(topic, { deps: { clock } });
    await eventually(() => expect(first.outcomes).toHaveLength(3));
    clock.advance(COMMIT_INTERVAL_MS);
    await eventually(async () => expect((await lab().committed(topic)).get(0)).toBe(3));
    await lab().publish(topic, 2);
    await eventually(() => expect(first.outcomes).toHaveLength(5));
    await first.consumer.crash();
    lab().got.length = 0;
    const second = await lab().start(topic);
    await eventually(() => expect(second.outcomes).toHaveLength(2));
    expect(lab().bodies().sort()).toEqual(['0:0', '0:1']);
    expect(second.outcomes).toEqual(['delivered', 'delivered']);
  });

  it('[commit.lost] commits a lost event as well (trap 3)', async () => {
    const topic = await lab().newTopic();
    lab().answer = () => 422;
    await lab().publish(topic, 1);
    const { consumer, outcomes } = await lab().start(topic);
    await eventually(() => expect(outcomes).toEqual(['lost']));
    await consumer.stop();
    expect(await lab().committed(topic)).toEqual(new Map([[0, 1]]));
  });

  it('[commit.on-revoke] commits what is done of a partition that it gives up', async () => {
    const topic = await lab().newTopic(2);
    const clock = new VirtualClock();
    for (const partition of [0, 1]) await lab().publish(topic, 5, partition);
    const first = await lab().start(topic, { deps: { clock } });
    await eventually(() => expect(first.outcomes).toHaveLength(10));
    expect(await lab().committed(topic)).toEqual(new Map());
    const bus = lab().log.open();
    const second = await lab().start(topic, { deps: { clock, bus } });
    if (lab().log.commitsOnRevoke) {
      await eventually(async () =>
        expect([...(await lab().committed(topic)).values()]).toEqual([5]),
      );
    }
    for (const partition of [0, 1]) {
      await lab().publish(topic, 1, partition, { value: Buffer.from(`new ${partition}`) });
    }
    await eventually(() => {
      expect(lab().bodies()).toContain('new 0');
      expect(lab().bodies()).toContain('new 1');
      expect(second.outcomes.length).toBeGreaterThan(0);
    });
    if (lab().log.commitsOnRevoke) expect(lab().got).toHaveLength(12);
  });
}

export function describeRebalancing(lab: () => Lab): void {
  it('[rebalance.consumers] shares the partitions among the consumers', async () => {
    const topic = await lab().newTopic(4);
    const first = await lab().start(topic);
    const second = await lab().start(topic, { deps: { bus: lab().log.open() } });
    let round = 0;
    await eventually(async () => {
      round += 1;
      for (const partition of [0, 1, 2, 3]) {
        await lab().publish(topic, 1, partition, { value: Buffer.from(`${partition}:${round}`) });
      }
      expect(first.outcomes.length).toBeGreaterThan(0);
      expect(second.outcomes.length).toBeGreaterThan(0);
    });
    await eventually(() => expect(new Set(lab().bodies()).size).toBe(4 * round));
  });

  it('[rebalance.in-flight] ignores the result of a partition lost in flight', async () => {
    const topic = await lab().newTopic(2);
    const valve = new Valve();
    lab().answer = async () => {
      await valve.pass();
      return 204;
    };
    for (const partition of [0, 1]) await lab().publish(topic, 1, partition);
    const first = await lab().start(topic);
    await eventually(() => expect(valve.held).toBe(2));
    const second = await lab().start(topic, { deps: { bus: lab().log.open() } });
    // The request is not cancelled, and the new owner sends the same record again.
    await eventually(() => expect(valve.held).toBeGreaterThanOrEqual(3));
    expect(first.outcomes).toEqual([]);
    valve.letGo(2);
    await eventually(() => expect(first.outcomes.length).toBeGreaterThanOrEqual(2));
    await first.consumer.stop();
    // One partition moved and is still open with its new owner: nobody has committed it.
    const done = (await lab().committed(topic)).size;
    expect(done).toBeLessThan(2);
    valve.open();
    await eventually(() => expect(second.outcomes.length).toBeGreaterThanOrEqual(2 - done));
    await second.consumer.stop();
    expect(await lab().committed(topic)).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    );
  });
}
