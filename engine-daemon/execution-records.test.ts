// However much one batch does, its records fit the log and together say all of it.
import { describe, expect, it } from 'vitest';
import { checkRecord, RECORD_BYTES_MAX } from '../shared/bus/record-limits.ts';
import { orderId, tradeId, userId, type MarketId } from '../shared/domain/ids.ts';
import { PRICE_TICKS_MAX, QUANTITY_LOTS_MAX } from '../shared/domain/market.ts';
import type { DepthChange, Executed, Executions, TradeEvent } from '../shared/events/executions.ts';
import { EVENTS_PER_RECORD_MAX, executionRecords, withEvents } from './execution-records.ts';

const MARKET = 'ABCDEFGHIJ-KLMNOPQRST';
const DIGITS = '9'.repeat(38);
const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;

/** Every field as long as its schema allows. */
function longestTrade(sequence: number): TradeEvent {
  const party = {
    orderId: orderId(SEQUENCE_MAX),
    userId: userId(SEQUENCE_MAX),
    feePpm: -1_000_000,
    remainingLots: QUANTITY_LOTS_MAX,
    holdMinor: DIGITS,
  };
  return {
    kind: 'trade',
    sequence,
    timeMs: SEQUENCE_MAX,
    tradeId: tradeId(MARKET, sequence),
    priceTicks: PRICE_TICKS_MAX,
    quantityLots: QUANTITY_LOTS_MAX,
    baseMinor: DIGITS,
    quoteMinor: DIGITS,
    takerSide: 'sell',
    taker: party,
    maker: party,
  };
}

function output(events: number, levels: number): Executions {
  const first = SEQUENCE_MAX - events;
  return {
    market: MARKET,
    base: 'ABCDEFGHIJ',
    quote: 'KLMNOPQRST',
    feePolicy: 'received',
    epoch: SEQUENCE_MAX,
    firstSequence: first,
    lastSequence: first + events - 1,
    events: Array.from({ length: events }, (_, at) => longestTrade(first + at)),
    depth: Array.from({ length: levels }, (_, at): DepthChange => [
      'sell',
      PRICE_TICKS_MAX - at,
      QUANTITY_LOTS_MAX,
    ]),
  };
}

function parsed(records: ReturnType<typeof executionRecords>): Executions[] {
  return records.flatMap(
    (record) => (JSON.parse(record.value.toString('utf8')) as Executed).outputs,
  );
}

// Times near 2^53 are no dates, so the test's clock is the only field that is not at its longest.
function dated(made: Executions): Executions {
  return { ...made, events: made.events.map((event) => ({ ...event, timeMs: 1_700_000_000_000 })) };
}

describe('the records of a batch', () => {
  it('refuses events with a gap between them', () => {
    const made = dated(output(3, 0));
    const [first, , third] = made.events;
    if (first === undefined || third === undefined) throw new Error('no events');
    expect(() => withEvents(made, [first, third])).toThrow('a gap between');
    expect(() => withEvents(made, [])).toThrow('needs events');
  });

  it('fit the log even with the longest events and two levels each', () => {
    const records = executionRecords(
      [dated(output(EVENTS_PER_RECORD_MAX, 2 * EVENTS_PER_RECORD_MAX))],
      1_023,
    );
    expect(records).toHaveLength(1);
    for (const record of records) expect(checkRecord(record)).toBeLessThan(0.95 * RECORD_BYTES_MAX);
  });

  it('are cut so that nothing is lost, and each names its own sequences', () => {
    const made = dated(output(2 * EVENTS_PER_RECORD_MAX + 1, 7));
    const pieces = parsed(executionRecords([made], 0));
    expect(pieces.map((piece) => piece.events.length)).toEqual([1_000, 1_000, 1]);
    expect(pieces.flatMap((piece) => piece.events)).toEqual(made.events);
    expect(pieces.flatMap((piece) => piece.depth)).toEqual(made.depth);
    for (const piece of pieces) {
      expect(piece.events[0]?.sequence).toBe(piece.firstSequence);
      expect(piece.events.at(-1)?.sequence).toBe(piece.lastSequence);
    }
  });

  it('hold all markets of the batch together, until they would be too big', () => {
    const of = (market: MarketId, events: number): Executions => ({
      ...dated(output(events, 1)),
      market,
    });
    const outputs = [of('A-B', 2), of('C-D', EVENTS_PER_RECORD_MAX - 2), of('E-F', 1)];
    const records = executionRecords(outputs, 0);
    expect(records).toHaveLength(2);
    expect(parsed(records)).toEqual(outputs);
    expect(parsed(records.slice(0, 1)).map(({ market }) => market)).toEqual(['A-B', 'C-D']);
    expect(executionRecords([], 0)).toEqual([]);
  });

  it('are the same bytes whenever they are made', () => {
    const made = dated(output(5, 3));
    expect(executionRecords([made], 4)).toEqual(executionRecords([made], 4));
    expect(executionRecords([made], 4)[0]).toMatchObject({
      partition: 4,
      key: null,
      headers: { ce_time: '2023-11-14T22:13:20.000Z', ce_source: '/engine-daemon/4' },
    });
  });
});
