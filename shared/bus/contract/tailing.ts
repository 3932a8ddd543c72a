// The contract of tail: where it begins, that nothing is skipped, repeated or handed over at once.
import { expect, it } from 'vitest';
import { TerminalError } from '../../domain/failure.ts';
import type { IncomingRecord } from '../bus.ts';
import { collectTail, eventually, freshTopic, gate, numberedRecords } from './harness.ts';
import { numbers, textRecord, texts, type BusHarness } from './harness.ts';

export function describeTailing(harness: () => BusHarness): void {
  describeStart(harness);
  describeDelivery(harness);
  describeEnd(harness);
}

function describeStart(harness: () => BusHarness): void {
  it('refuses to tail a topic or partition that does not exist', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await expect(collectTail(bus, 'contract.nowhere')).rejects.toThrow('unknown topic');
    await expect(collectTail(bus, topic, 0, { partition: 1 })).rejects.toThrow('no partition 1');
  });

  it.each([-1, 3, 1.5])('refuses to tail a log of two records from %d', async (from) => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 2));
    await expect(collectTail(bus, topic, from)).rejects.toThrow(TerminalError);
  });

  it('tails from an offset and goes on with what is published later', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 5));
    const tail = await collectTail(bus, topic, 3);
    await eventually(() => expect(texts(tail.records)).toEqual(['3', '4']));
    await bus.publish([textRecord(topic, 'later')]);
    await eventually(() => expect(texts(tail.records)).toEqual(['3', '4', 'later']));
    expect(tail.records.map((record) => record.offset)).toEqual([3, 4, 5]);
  });

  it('tails from the end as it is when tail resolves', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 5));
    const tail = await collectTail(bus, topic, 'end');
    await bus.publish([textRecord(topic, 'new')]);
    await eventually(() => expect(texts(tail.records)).toEqual(['new']));
  });
}

function describeDelivery(harness: () => BusHarness): void {
  it('hands over one batch at a time and none above the maximum', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 25));
    const seen: string[] = [];
    const sizes: number[] = [];
    let running = 0;
    let runningMax = 0;
    await bus.tail({
      topic,
      partition: 0,
      from: 0,
      batchMax: 10,
      onBatch: async (records: readonly IncomingRecord[]) => {
        running += 1;
        runningMax = Math.max(runningMax, running);
        await new Promise((done) => setImmediate(done));
        seen.push(...texts(records));
        sizes.push(records.length);
        running -= 1;
      },
      onError: () => undefined,
    });
    await eventually(() => expect(seen).toEqual(numbers(25)));
    expect(runningMax).toBe(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  it('waits with the next batch for as long as the consumer takes', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 4));
    const slow = gate();
    const seen: string[] = [];
    await bus.tail({
      topic,
      partition: 0,
      from: 0,
      batchMax: 2,
      onBatch: async (records) => {
        seen.push(...texts(records));
        await slow.opened;
      },
      onError: () => undefined,
    });
    const other = await collectTail(bus, topic);
    await eventually(() => expect(other.records).toHaveLength(4));
    await eventually(() => expect(seen).toEqual(['0', '1']));
    slow.open();
    await eventually(() => expect(seen).toEqual(numbers(4)));
  });

  it('neither skips nor repeats when its connections break', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const tail = await collectTail(bus, topic);
    // Published by another process, whose connections break too: it tries until it is sure.
    const publisher = harness().open();
    const acknowledged: string[] = [];
    for (let n = 0; n < 60; n++) {
      if (n % 20 === 10) await harness().breakConnections();
      await publisher.publish([textRecord(topic, String(n))]).then(
        () => acknowledged.push(String(n)),
        () => undefined,
      );
    }
    const { next } = await publisher.offsets(topic, 0);
    await eventually(() => expect(tail.records).toHaveLength(next));
    expect(tail.records.map((record) => record.offset)).toEqual(numbers(next).map(Number));
    const seen = texts(tail.records);
    expect(seen.filter((text) => acknowledged.includes(text))).toEqual(acknowledged);
    expect(tail.errors).toEqual([]);
  });
}

function describeEnd(harness: () => BusHarness): void {
  it('ends when the consumer fails and says why', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 4));
    const errors: unknown[] = [];
    const seen: string[] = [];
    const failure = new Error('cannot take it');
    const consumer = await bus.tail({
      topic,
      partition: 0,
      from: 0,
      batchMax: 1,
      onBatch: (records) => {
        seen.push(...texts(records));
        return seen.length === 2 ? Promise.reject(failure) : Promise.resolve();
      },
      onError: (error) => errors.push(error),
    });
    await eventually(() => expect(errors).toEqual([failure]));
    await consumer.stop();
    expect(seen).toEqual(['0', '1']);
  });

  it('is stopped only when the running callback is done, and hands over nothing after', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 2));
    const slow = gate();
    const begun = gate();
    const done: string[] = [];
    const consumer = await bus.tail({
      topic,
      partition: 0,
      from: 0,
      batchMax: 1,
      onBatch: async (records) => {
        begun.open();
        await slow.opened;
        done.push(...texts(records));
      },
      onError: () => undefined,
    });
    await begun.opened;
    const doneAtStop = consumer.stop().then(() => [...done]);
    await bus.publish([textRecord(topic, 'after')]);
    slow.open();
    expect(await doneAtStop).toEqual(['0']);
    const other = await collectTail(bus, topic);
    await eventually(() => expect(other.records).toHaveLength(3));
    expect(done).toEqual(['0']);
  });

  it('closes in the middle of work: what was accepted is sent, callbacks have ended', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    let running = 0;
    await bus.tail({
      topic,
      partition: 0,
      from: 0,
      batchMax: 10,
      onBatch: async () => {
        running += 1;
        await new Promise((done) => setImmediate(done));
        running -= 1;
      },
      onError: () => undefined,
    });
    await bus.publish(numberedRecords(topic, 10));
    const sent = Promise.allSettled(
      numberedRecords(topic, 50).map((record) => bus.publish([record])),
    );
    await bus.close();
    expect(running).toBe(0);
    const accepted = (await sent).filter(({ status }) => status === 'fulfilled').length;
    const other = harness().open();
    expect((await other.offsets(topic, 0)).next).toBe(10 + accepted);
  });
}
