// The contract of topics: provisioning, offsets, what is unknown.
import { expect, it } from 'vitest';
import { TerminalError } from '../../domain/failure.ts';
import { freshGroup, freshTopic, numberedRecords, type BusHarness } from './harness.ts';

export function describeTopics(harness: () => BusHarness): void {
  it('refuses to shrink a topic and leaves it as it was', async () => {
    const bus = harness().open();
    const name = await freshTopic(bus, 3);
    const shrunk = bus.provision([{ name, partitions: 2, retentionMs: 1_000 }]);
    await expect(shrunk).rejects.toThrow(TerminalError);
    await expect(shrunk).rejects.toThrow('cannot shrink');
    expect(await bus.partitions(name)).toBe(3);
  });

  it('answers questions about a topic that does not exist with its name', async () => {
    const bus = harness().open();
    await expect(bus.partitions('contract.nowhere')).rejects.toThrow('contract.nowhere');
    await expect(bus.offsets('contract.nowhere', 0)).rejects.toThrow('contract.nowhere');
    await expect(bus.committed(freshGroup(), 'contract.nowhere')).rejects.toThrow(TerminalError);
  });

  it('refuses the offsets of a partition that the topic does not have', async () => {
    const bus = harness().open();
    const name = await freshTopic(bus);
    await expect(bus.offsets(name, 1)).rejects.toThrow(`topic ${name} has no partition 1`);
  });

  it('provisions again without harm', async () => {
    const bus = harness().open();
    const name = await freshTopic(bus, 2);
    await bus.publish(numberedRecords(name, 3));
    await bus.provision([{ name, partitions: 2, retentionMs: -1 }]);
    expect(await bus.partitions(name)).toBe(2);
    expect(await bus.offsets(name, 0)).toEqual({ first: 0, next: 3 });
  });

  it('provisions the same topic from two processes at once', async () => {
    const topic = { name: `contract.${freshGroup()}`, partitions: 2, retentionMs: -1 };
    const buses = [harness().open(), harness().open()];
    await Promise.all(buses.map((bus) => bus.provision([topic])));
    expect(await harness().open().partitions(topic.name)).toBe(2);
  });

  it('adds partitions, and they can be used at once', async () => {
    const bus = harness().open();
    const name = await freshTopic(bus, 1);
    await bus.publish(numberedRecords(name, 2));
    await bus.provision([{ name, partitions: 3, retentionMs: -1 }]);
    await bus.publish(numberedRecords(name, 4, { partition: 2 }));
    expect(await bus.partitions(name)).toBe(3);
    expect(await bus.offsets(name, 0)).toEqual({ first: 0, next: 2 });
    expect(await bus.offsets(name, 1)).toEqual({ first: 0, next: 0 });
    expect(await bus.offsets(name, 2)).toEqual({ first: 0, next: 4 });
  });

  it('knows no committed offset of a group that never committed', async () => {
    const bus = harness().open();
    const name = await freshTopic(bus);
    expect(await bus.committed(freshGroup(), name)).toEqual(new Map());
  });
}
