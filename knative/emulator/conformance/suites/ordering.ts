// Ordered and unordered delivery: what is in flight at a time, when the next poll begins.
import { expect, it } from 'vitest';
import { KafkaSinkTarget } from '../../eventing/sink-target.ts';
import { VirtualClock } from '../../kafka-source/testing/virtual-clock.ts';
import { Valve, type Lab } from '../testing/lab.ts';
import { eventually } from '../testing/log-harness.ts';

const ORDERED = { source: { ordering: 'ordered' } } as const;

export function describeOrdered(lab: () => Lab): void {
  it('[ordered.one-in-flight] has one request in flight in a partition', async () => {
    const topic = await lab().newTopic();
    let open = 0;
    let most = 0;
    lab().answer = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((done) => setImmediate(done));
      open -= 1;
      return 204;
    };
    await lab().publish(topic, 10);
    const { outcomes } = await lab().start(topic, ORDERED);
    await eventually(() => expect(outcomes).toHaveLength(10));
    expect(most).toBe(1);
    expect(lab().bodies()).toEqual(Array.from({ length: 10 }, (_, n) => `0:${n}`));
  });

  it('[ordered.head-of-line] holds a partition up for retries and the dead letter', async () => {
    const topic = await lab().newTopic();
    const letters = await lab().newTopic();
    const buried: number[] = [];
    const bus = lab().bus;
    const sink = new KafkaSinkTarget(bus, 'http://letters', letters);
    lab().answer = ({ body }) => (body === '0:0' ? 503 : 204);
    await lab().publish(topic, 2);
    const { outcomes } = await lab().start(topic, {
      ...ORDERED,
      deps: {
        deadLetter: {
          uri: sink.uri,
          send: async (event, signal) => {
            buried.push(lab().got.length);
            return sink.send(event, signal);
          },
        },
      },
    });
    await eventually(() => expect(outcomes).toEqual(['dead-lettered', 'delivered']));
    expect(lab().bodies()).toEqual(['0:0', '0:0', '0:0', '0:0', '0:1']);
    // The letter was written after the last retry and before the next record.
    expect(buried).toEqual([4]);
  });

  it('[ordered.partitions-parallel] lets the other partitions go on', async () => {
    const topic = await lab().newTopic(2);
    const valve = new Valve();
    lab().answer = async ({ body }) => {
      if (body === '0:0') await valve.pass();
      return 204;
    };
    await lab().publish(topic, 2, 0);
    await lab().publish(topic, 5, 1);
    const { outcomes } = await lab().start(topic, ORDERED);
    await eventually(() => expect(outcomes).toHaveLength(5));
    expect(lab().bodies()).not.toContain('0:1');
    valve.open();
    await eventually(() => expect(outcomes).toHaveLength(7));
  });

  it('[ordered.tick] polls again at the next tick of 200 ms, 50 records a poll', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    await lab().publish(topic, 120);
    const { outcomes } = await lab().start(topic, { ...ORDERED, deps: { clock } });
    const polled = async (count: number, waits: readonly number[]): Promise<void> =>
      eventually(() => {
        expect(outcomes).toHaveLength(count);
        expect(clock.waits).toEqual(waits);
      });
    await polled(50, [200]);
    clock.advance(199);
    expect(clock.pending()[0]).toBe(1);
    expect(outcomes).toHaveLength(50);
    clock.advance(1);
    await polled(100, [200, 200]);
    clock.advance(130);
    expect(clock.pending()[0]).toBe(70);
    clock.advance(70);
    await polled(120, [200, 200]);
  });

  it('[ordered.idle] picks a lone record up at once', async () => {
    const topic = await lab().newTopic();
    const clock = new VirtualClock();
    const { outcomes } = await lab().start(topic, { ...ORDERED, deps: { clock } });
    await lab().publish(topic, 1);
    await eventually(() => expect(outcomes).toHaveLength(1));
    clock.advance(1_000);
    await lab().publish(topic, 1);
    await eventually(() => expect(outcomes).toHaveLength(2));
    expect(clock.waits).toEqual([]);
  });
}

export function describeUnordered(lab: () => Lab): void {
  it('[unordered.in-flight] polls while fewer than 50 are in flight, then adds a poll', async () => {
    const topic = await lab().newTopic();
    const valve = new Valve();
    let most = 0;
    lab().answer = async () => {
      most = Math.max(most, valve.held + 1);
      await valve.pass();
      return 204;
    };
    await lab().publish(topic, 49);
    const { outcomes } = await lab().start(topic);
    await eventually(() => expect(valve.held).toBe(49));
    // 49 are fewer than 50: the next poll adds all it brings, and the one after that has to wait.
    await lab().publish(topic, 50);
    await lab().publish(topic, 60);
    await eventually(() => expect(valve.held).toBe(99));
    valve.letGo(49);
    await eventually(() => expect(outcomes).toHaveLength(49));
    expect(valve.held).toBe(50);
    valve.letGo(1);
    await eventually(() => expect(valve.held).toBe(99));
    valve.open();
    await eventually(() => expect(outcomes).toHaveLength(159));
    expect(most).toBe(99);
  });

  it('[unordered.contiguous-commit] commits only below the lowest open record', async () => {
    const topic = await lab().newTopic();
    const valve = new Valve();
    lab().answer = async ({ body }) => {
      if (body === '0:2') await valve.pass();
      return body === '0:2' ? 503 : 204;
    };
    await lab().publish(topic, 5);
    const { consumer, outcomes } = await lab().start(topic);
    await eventually(() => expect(outcomes).toHaveLength(4));
    const stopped = consumer.stop();
    valve.open();
    await stopped;
    expect(await lab().committed(topic)).toEqual(new Map([[0, 2]]));
    lab().answer = () => 204;
    lab().got.length = 0;
    const again = await lab().start(topic);
    await eventually(() => expect(again.outcomes).toHaveLength(3));
    await again.consumer.stop();
    expect(lab().bodies().sort()).toEqual(['0:2', '0:3', '0:4']);
    expect(await lab().committed(topic)).toEqual(new Map([[0, 5]]));
  });
}
