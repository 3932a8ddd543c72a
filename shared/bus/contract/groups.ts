// The contract of consumer groups: sharing, committing, takeover.
import { expect, it } from 'vitest';
import type { Bus, GroupConsumer, GroupOptions, IncomingRecord } from '../bus.ts';
import { startMember } from './member-process.ts';
import { eventually, freshGroup, freshTopic, gate, numberedRecords } from './harness.ts';
import { numbers, textRecord, texts, type BusHarness } from './harness.ts';

interface Member extends GroupConsumer {
  readonly records: IncomingRecord[];
  readonly revoked: string[];
  readonly errors: unknown[];
}

async function joinMember(
  bus: Bus,
  group: string,
  topic: string,
  rest: Partial<GroupOptions> = {},
): Promise<Member> {
  const records: IncomingRecord[] = [];
  const revoked: string[] = [];
  const errors: unknown[] = [];
  const consumer = await bus.joinGroup({
    group,
    topics: [topic],
    initialOffset: 'earliest',
    batchMax: 100,
    onBatch: (batch) => {
      records.push(...batch);
      return Promise.resolve();
    },
    onRevoked: (name, partition) => revoked.push(`${name}/${partition}`),
    onError: (error) => errors.push(error),
    ...rest,
  });
  return {
    records,
    revoked,
    errors,
    stop: () => consumer.stop(),
    commit: (name, partition, nextOffset) => consumer.commit(name, partition, nextOffset),
  };
}

export function describeGroups(harness: () => BusHarness): void {
  describeStart(harness);
  describeCommits(harness);
  describeSharing(harness);
}

function describeStart(harness: () => BusHarness): void {
  it('refuses to join for a topic that does not exist', async () => {
    const bus = harness().open();
    await expect(joinMember(bus, freshGroup(), 'contract.nowhere')).rejects.toThrow(
      'unknown topic contract.nowhere',
    );
  });

  it('begins at the earliest record, in offset order', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 250));
    const member = await joinMember(bus, freshGroup(), topic);
    await eventually(() => expect(texts(member.records)).toEqual(numbers(250)));
  });

  it('begins at the latest record, and misses nothing from then on', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus, 2);
    await bus.publish(numberedRecords(topic, 3));
    const group = freshGroup();
    const first = await joinMember(bus, group, topic, { initialOffset: 'latest' });
    await bus.publish([textRecord(topic, 'new')]);
    await eventually(() => expect(texts(first.records)).toEqual(['new']));
    await first.stop();
    // Nothing was committed by hand, but the beginning of the group is fixed: nothing is lost.
    await bus.publish([textRecord(topic, 'newer')]);
    const second = await joinMember(bus, group, topic, { initialOffset: 'latest' });
    await eventually(() => expect(texts(second.records)).toEqual(['new', 'newer']));
  });

  it('gives every group all records', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 5));
    const one = await joinMember(bus, freshGroup(), topic);
    await eventually(() => expect(one.records).toHaveLength(5));
    expect(await one.commit(topic, 0, 5)).toBe(true);
    const two = await joinMember(bus, freshGroup(), topic);
    await eventually(() => expect(texts(two.records)).toEqual(numbers(5)));
  });
}

function describeCommits(harness: () => BusHarness): void {
  it('refuses the commit of a partition that it does not have', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const group = freshGroup();
    const member = await joinMember(bus, group, topic);
    expect(await member.commit(topic, 7, 1)).toBe(false);
    expect(await member.commit('contract.nowhere', 0, 1)).toBe(false);
    await member.stop();
    expect(await member.commit(topic, 0, 1)).toBe(false);
    expect(await bus.committed(group, topic)).toEqual(new Map());
  });

  it('delivers again what was not committed, and not what was', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 6));
    const group = freshGroup();
    const first = await joinMember(bus, group, topic);
    await eventually(() => expect(first.records).toHaveLength(6));
    expect(await first.commit(topic, 0, 4)).toBe(true);
    expect(await bus.committed(group, topic)).toEqual(new Map([[0, 4]]));
    await first.stop();
    const second = await joinMember(bus, group, topic);
    await eventually(() => expect(texts(second.records)).toEqual(['4', '5']));
  });

  it('never moves a group back', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 6));
    const group = freshGroup();
    const member = await joinMember(bus, group, topic);
    await eventually(() => expect(member.records).toHaveLength(6));
    await Promise.all([5, 2].map((next) => member.commit(topic, 0, next)));
    expect(await bus.committed(group, topic)).toEqual(new Map([[0, 5]]));
  });

  it('fetches on while work is under way, and stops when the consumer holds it back', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 30));
    const slow = gate();
    const seen: string[] = [];
    const member = await joinMember(bus, freshGroup(), topic, {
      batchMax: 10,
      onBatch: async (records) => {
        seen.push(...texts(records));
        if (seen.length >= 20) await slow.opened;
      },
    });
    await eventually(() => expect(seen).toEqual(numbers(20)));
    // Commits are possible while a callback is held open.
    expect(await member.commit(topic, 0, 15)).toBe(true);
    expect(seen).toHaveLength(20);
    slow.open();
    await eventually(() => expect(seen.slice(20)).toContain('29'));
  });
}

function describeSharing(harness: () => BusHarness): void {
  it('ends a member whose callback fails, says why, and lets another take over', async () => {
    const [one, two] = [harness().open(), harness().open()];
    const topic = await freshTopic(one);
    const group = freshGroup();
    await one.publish(numberedRecords(topic, 3));
    const failure = new Error('cannot take it');
    const first = await joinMember(one, group, topic, { onBatch: () => Promise.reject(failure) });
    await eventually(() => expect(first.errors).toEqual([failure]));
    const second = await joinMember(two, group, topic);
    await eventually(() => expect(texts(second.records)).toEqual(numbers(3)));
    expect(await first.commit(topic, 0, 3)).toBe(false);
  });

  it('shares the partitions, tells who lost one, and refuses commits for it', async () => {
    const [one, two] = [harness().open(), harness().open()];
    const topic = await freshTopic(one, 4);
    const group = freshGroup();
    for (const partition of [0, 1, 2, 3]) {
      await one.publish(numberedRecords(topic, 5, { partition }));
    }
    const first = await joinMember(one, group, topic);
    await eventually(() => expect(first.records).toHaveLength(20));
    const second = await joinMember(two, group, topic);
    await eventually(() =>
      expect(new Set(second.records.map(({ partition }) => partition)).size).toBe(2),
    );
    const moved = [...new Set(second.records.map(({ partition }) => partition))];
    for (const partition of moved) {
      expect(first.revoked).toContain(`${topic}/${partition}`);
      expect(await first.commit(topic, partition, 5)).toBe(false);
      await eventually(async () => expect(await second.commit(topic, partition, 5)).toBe(true));
    }
    for (const partition of [0, 1, 2, 3].filter((each) => !moved.includes(each))) {
      await eventually(async () => expect(await first.commit(topic, partition, 5)).toBe(true));
    }
    expect([...(await one.committed(group, topic)).values()]).toEqual([5, 5, 5, 5]);
  });

  it('gives the partitions of a member that leaves to the others', async () => {
    const [one, two] = [harness().open(), harness().open()];
    const topic = await freshTopic(one, 2);
    const group = freshGroup();
    const first = await joinMember(one, group, topic);
    const second = await joinMember(two, group, topic);
    await one.publish(numberedRecords(topic, 1, { partition: 0 }));
    await one.publish(numberedRecords(topic, 1, { partition: 1 }));
    await eventually(() => {
      expect(first.records.length).toBeGreaterThan(0);
      expect(second.records.length).toBeGreaterThan(0);
    });
    await first.stop();
    await one.publish([textRecord(topic, 'a', { partition: 0 })]);
    await one.publish([textRecord(topic, 'b', { partition: 1 })]);
    await eventually(() => {
      expect(texts(second.records)).toContain('a');
      expect(texts(second.records)).toContain('b');
    });
  });

  it('takes over from a process that was killed, from its last commit', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 10));
    const group = freshGroup();
    const victim = await startMember(harness().url, group, topic, 3);
    await victim.committed;
    const heir = await joinMember(bus, group, topic);
    expect(texts(heir.records)).toEqual([]);
    victim.kill();
    await eventually(() => expect(texts(heir.records)).toEqual(numbers(10).slice(3)));
    expect(await heir.commit(topic, 0, 10)).toBe(true);
  });

  it('goes on after its connections broke', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const group = freshGroup();
    const member = await joinMember(bus, group, topic);
    await bus.publish([textRecord(topic, 'before')]);
    await eventually(() => expect(texts(member.records)).toContain('before'));
    await eventually(async () => expect(await member.commit(topic, 0, 1)).toBe(true));
    await harness().breakConnections();
    await eventually(() => bus.publish([textRecord(topic, 'after')]));
    await eventually(() => expect(texts(member.records)).toContain('after'));
    await eventually(async () => expect(await member.commit(topic, 0, 2)).toBe(true));
    expect(member.errors).toEqual([]);
  });
}
