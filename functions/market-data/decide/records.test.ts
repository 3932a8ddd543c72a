// What records become in the tables, without a database.
import { describe, expect, it } from 'vitest';
import type { Executions } from '../../../shared/events/executions.ts';
import { executionsSchema } from '../../../shared/events/executions.ts';
import { findRecordFault, mergeRecords } from './records.ts';

const USERS = ['usr_0000000000000001', 'usr_0000000000000002'] as const;

function record(
  firstSequence: number,
  sequences: readonly number[],
  depth: Executions['depth'],
): Executions {
  const side = {
    userId: USERS[0],
    orderId: 'ord_0000000000000001',
    feePpm: 0,
    remainingLots: 0,
    holdMinor: '0',
  };
  return executionsSchema.parse({
    market: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence,
    lastSequence: firstSequence + sequences.length - 1,
    events: sequences.map((sequence) => ({
      kind: 'trade',
      sequence,
      timeMs: 1_000 + sequence,
      tradeId: `trd_BTC-USD_${String(sequence).padStart(16, '0')}`,
      priceTicks: 23_647,
      quantityLots: 250,
      baseMinor: '250',
      quoteMinor: '5911750',
      takerSide: 'sell',
      taker: side,
      maker: { ...side, userId: USERS[1] },
    })),
    depth,
  });
}

describe('a record that contradicts itself', () => {
  it('is faulty when it claims more sequences than it has events', () => {
    const claimed = { ...record(5, [5], []), lastSequence: 900 };
    expect(findRecordFault(claimed)).toContain('1 events cannot be sequences 5 to 900');
  });

  it('is faulty when its events leave a gap', () => {
    expect(findRecordFault(record(5, [5, 7], []))).toContain('event 1 has sequence 7');
  });

  it('is faulty when its last sequence is before its first', () => {
    expect(findRecordFault({ ...record(5, [5], []), lastSequence: 3 })).not.toBeNull();
  });

  it('is not assumed of a sound one', () => {
    expect(findRecordFault(record(5, [5, 6, 7], []))).toBeNull();
  });
});

describe('merging records', () => {
  it('keeps a level as the newest record has it, in whatever order they came', () => {
    const older = record(1, [1], [['buy', 100, 7]]);
    const newer = record(2, [2], [['buy', 100, 0]]);
    for (const records of [
      [older, newer],
      [newer, older],
    ]) {
      expect(mergeRecords(records).levels).toEqual([
        { market: 'BTC-USD', side: 'buy', priceTicks: 100, quantityLots: 0, sequence: 2 },
      ]);
    }
  });

  it('keeps a trade once when records repeat it, and tells both ranges', () => {
    const merged = mergeRecords([record(1, [1, 2], []), record(2, [2], [])]);
    expect(merged.trades.map((trade) => trade.sequence)).toEqual([1, 2]);
    expect(merged.ranges.map((range) => [range.firstSequence, range.lastSequence])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(merged.ranges.map((range) => range.timeMs)).toEqual([1_002, 1_002]);
  });

  it('takes no notice of what is not public, but counts it as seen', () => {
    const user = { userId: USERS[0], timeMs: 9_000 };
    const events = [
      { ...user, kind: 'deadman_fired', sequence: 2, deadlineMs: 9_000 },
      { ...user, kind: 'user_blocked', sequence: 3, commandNumber: 1, isBlocked: true },
    ];
    const base = record(1, [1], []);
    const merged = mergeRecords([
      executionsSchema.parse({ ...base, lastSequence: 3, events: [...base.events, ...events] }),
    ]);
    expect(merged.trades.map((trade) => trade.sequence)).toEqual([1]);
    expect(merged.ranges).toMatchObject([{ lastSequence: 3, timeMs: 9_000 }]);
  });

  it('tells the two sides of one price apart', () => {
    const merged = mergeRecords([
      record(
        1,
        [1],
        [
          ['buy', 100, 7],
          ['sell', 100, 8],
        ],
      ),
    ]);
    expect(merged.levels).toHaveLength(2);
  });
});
