// Where a group begins, and what of a transaction it sees.
import { expect, it } from 'vitest';
import type { Lab } from '../testing/lab.ts';
import { eventually } from '../testing/log-harness.ts';

export function describeStarting(lab: () => Lab): void {
  it('[offset.earliest] begins with the first record', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 3);
    const { outcomes } = await lab().start(topic, { source: { initialOffset: 'earliest' } });
    await eventually(() => expect(outcomes).toHaveLength(3));
  });

  it('[offset.latest] begins after what is there when it is created', async () => {
    const topic = await lab().newTopic();
    await lab().publish(topic, 3);
    const { outcomes } = await lab().start(topic, { source: { initialOffset: 'latest' } });
    await lab().publish(topic, 1, 0, { value: Buffer.from('new') });
    await eventually(() => expect(outcomes).toHaveLength(1));
    expect(lab().bodies()).toEqual(['new']);
  });

  it('[offset.later-partition] reads a partition that is added later from its start', async () => {
    const topic = await lab().newTopic();
    const latest = { source: { initialOffset: 'latest' } } as const;
    const first = await lab().start(topic, latest);
    await first.consumer.stop();
    const bus = lab().log.open();
    await bus.provision([{ name: topic, partitions: 2, retentionMs: -1 }]);
    const headers = { 'content-type': 'text/plain' };
    await bus.publish([{ topic, partition: 1, key: null, headers, value: Buffer.from('early') }]);
    await lab().start(topic, { ...latest, deps: { bus } });
    await eventually(() => expect(lab().bodies()).toEqual(['early']));
  });

  it('[isolation.read-committed] delivers what is committed, and never what is not', async () => {
    const topic = await lab().newTopic();
    const { consumer, outcomes } = await lab().start(topic);
    const aborted = await lab().log.writeUncommitted(topic, 'aborted');
    await aborted.abort();
    const committed = await lab().log.writeUncommitted(topic, 'committed');
    expect(lab().got).toEqual([]);
    await committed.commit();
    await lab().publish(topic, 1);
    await eventually(() => expect(outcomes).toHaveLength(2));
    await consumer.stop();
    expect(lab().bodies().sort()).toEqual(['0:0', 'committed']);
    // Offsets that control records take are treated as committed.
    const { next } = await lab().bus.offsets(topic, 0);
    expect((await lab().committed(topic)).get(0)).toBe(next);
  });
}
