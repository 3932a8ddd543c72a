// The contract of publish: what is refused, what is kept, in which order.
import { expect, it } from 'vitest';
import { TerminalError } from '../../domain/failure.ts';
import { partitionOfKey } from '../key-partition.ts';
import { RECORD_BYTES_MAX } from '../record-limits.ts';
import { collectTail, eventually, freshTopic, numberedRecords } from './harness.ts';
import { numbers, textRecord, texts, type BusHarness } from './harness.ts';

export function describePublishing(harness: () => BusHarness): void {
  describeRefusals(harness);
  describeContent(harness);
  describeOrder(harness);
}

function describeRefusals(harness: () => BusHarness): void {
  it('refuses a topic that does not exist', async () => {
    const bus = harness().open();
    const sent = bus.publish([textRecord('contract.nowhere', 'x')]);
    await expect(sent).rejects.toThrow(TerminalError);
    await expect(sent).rejects.toThrow('unknown topic contract.nowhere');
  });

  it('refuses a partition that the topic does not have', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus, 2);
    const sent = bus.publish([textRecord(topic, 'x', { partition: 2 })]);
    await expect(sent).rejects.toThrow(`topic ${topic} has no partition 2`);
  });

  it('refuses a record above the limit, with all that came in the same call', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const big = textRecord(topic, '', { value: Buffer.alloc(RECORD_BYTES_MAX + 1) });
    const sent = bus.publish([textRecord(topic, 'small'), big]);
    await expect(sent).rejects.toThrow(TerminalError);
    await expect(sent).rejects.toThrow(`more than ${RECORD_BYTES_MAX}`);
    expect(await bus.offsets(topic, 0)).toEqual({ first: 0, next: 0 });
  });

  it.each([
    ['a NUL in the key', { key: 'a\0b' }],
    ['half a surrogate pair in a header', { headers: { name: '\ud800' } }],
  ])('refuses %s', async (_what, rest) => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await expect(bus.publish([textRecord(topic, 'x', rest)])).rejects.toThrow(TerminalError);
  });

  it('refuses everything once it is closed', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.close();
    await expect(bus.publish([textRecord(topic, 'x')])).rejects.toThrow('closed');
  });
}

function describeContent(harness: () => BusHarness): void {
  it('does nothing when given nothing', async () => {
    const bus = harness().open();
    await expect(bus.publish([])).resolves.toBeUndefined();
  });

  it('keeps keys, headers and values as they were', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const sent = [
      textRecord(topic, 'plain', { key: 'BTC-USD', headers: { ce_type: 'a.v1', 'x-y': '' } }),
      textRecord(topic, 'żółw 🐢 漢字', { key: 'ключ 🗝', headers: { name: '"quoted" \\ {} ü' } }),
      textRecord(topic, '', { value: Buffer.from(Array.from({ length: 256 }, (_, n) => n)) }),
      textRecord(topic, '', { key: '' }),
      textRecord(topic, 'no key', { key: null }),
    ];
    await bus.publish(sent);
    const { records } = await collectTail(bus, topic);
    await eventually(() => expect(records).toHaveLength(sent.length));
    const facts = records.map(({ key, headers, value }) => ({ key, headers, value }));
    expect(facts).toEqual(sent.map(({ key, headers, value }) => ({ key, headers, value })));
    expect(records.map((record) => record.offset)).toEqual([0, 1, 2, 3, 4]);
    expect(records.every((record) => record.topic === topic && record.partition === 0)).toBe(true);
  });

  it('keeps a record as big as the limit', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const value = Buffer.alloc(RECORD_BYTES_MAX, 'abcdefg');
    await bus.publish([textRecord(topic, '', { value }), textRecord(topic, '', { value })]);
    const { records } = await collectTail(bus, topic);
    await eventually(() => expect(records).toHaveLength(2));
    expect(records.every((record) => record.value.equals(value))).toBe(true);
  });

  it('has stored what it acknowledged: another process finds it', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await bus.publish(numberedRecords(topic, 3));
    await bus.close();
    const other = harness().open();
    expect(await other.offsets(topic, 0)).toEqual({ first: 0, next: 3 });
    const { records } = await collectTail(other, topic);
    await eventually(() => expect(texts(records)).toEqual(numbers(3)));
  });

  it('stamps records with the time', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const before = Date.now();
    await bus.publish([textRecord(topic, 'x')]);
    const { records } = await collectTail(bus, topic);
    await eventually(() => expect(records).toHaveLength(1));
    const stamp = records[0]?.timestampMs ?? 0;
    // Within the same minute: the server's clock may be another one.
    expect(Math.abs(stamp - before)).toBeLessThan(60_000);
  });
}

function describeOrder(harness: () => BusHarness): void {
  it('keeps the order of a call, however many records it has', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    const value = Buffer.alloc(700, '.');
    const records = numberedRecords(topic, 5_000).map((record) => ({
      ...record,
      headers: { n: record.value.toString() },
      value,
    }));
    await bus.publish(records);
    const tail = await collectTail(bus, topic);
    await eventually(() => expect(tail.records).toHaveLength(5_000));
    expect(tail.records.map((record) => record.headers['n'])).toEqual(numbers(5_000));
    expect(tail.records.map((record) => record.offset)).toEqual(numbers(5_000).map(Number));
  });

  it('keeps the order of calls that do not wait for each other', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus);
    await Promise.all(numberedRecords(topic, 200).map((record) => bus.publish([record])));
    const tail = await collectTail(bus, topic);
    await eventually(() => expect(texts(tail.records)).toEqual(numbers(200)));
  });

  it('places a key where its hash says and spreads records without a key', async () => {
    const bus = harness().open();
    const topic = await freshTopic(bus, 3);
    const keys = ['BTC-USD', 'ETH-USD', 'ключ', '', 'a', 'ab', 'abc', 'abcd'];
    const free = Array.from({ length: 30 }, () => null);
    await bus.publish(
      [...keys, ...free].map((key) => ({ topic, key, headers: {}, value: Buffer.from('x') })),
    );
    const tails = await Promise.all(
      [0, 1, 2].map((partition) => collectTail(bus, topic, 0, { partition })),
    );
    const all = (): number => tails.reduce((sum, tail) => sum + tail.records.length, 0);
    await eventually(() => expect(all()).toBe(keys.length + free.length));
    tails.forEach((tail, partition) => {
      const keyed = tail.records.flatMap((record) => (record.key === null ? [] : [record.key]));
      expect(keyed).toEqual(keys.filter((key) => partitionOfKey(key, 3) === partition));
      expect(tail.records.length).toBeGreaterThan(keyed.length);
    });
  });
}
