// What waits to be told: its limits, and that a reader can see every loss.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CacheMessage } from '../../shared/cache/cache.ts';
import { CALL_BYTES_MAX, ITEMS_MAX } from '../../shared/cache/cache-limits.ts';
import { orderId, tradeId, userId, type MarketId } from '../../shared/domain/ids.ts';
import type { DepthChange, Executions, TradeEvent } from '../../shared/events/executions.ts';
import { parseDepthMessage, parseTradesMessage } from '../../shared/feed/feed-messages.ts';
import {
  LEVELS_PENDING_MAX,
  MARKETS_PER_PUSH_MAX,
  OUTCOME_BYTES_PENDING_MAX,
  PendingNews,
  TRADES_PENDING_MAX,
} from './pending-news.ts';

const SHARD = 3;
const MARKET: MarketId = 'BTC-USD';

function trade(market: MarketId, sequence: number): TradeEvent {
  const party = { orderId: orderId(1), userId: userId(1), feePpm: 0, remainingLots: 0 };
  return {
    kind: 'trade',
    sequence,
    timeMs: sequence,
    tradeId: tradeId(market, sequence),
    priceTicks: 5,
    quantityLots: 1,
    baseMinor: '1',
    quoteMinor: '5',
    takerSide: 'buy',
    taker: { ...party, holdMinor: '5' },
    maker: { ...party, holdMinor: '1' },
  };
}

/** Trades from `first` on, and levels. */
function output(
  first: number,
  trades: number,
  depth: readonly DepthChange[],
  market = MARKET,
): Executions {
  const events = Array.from({ length: trades }, (_, at) => trade(market, first + at));
  return {
    market,
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence: first,
    lastSequence: first + trades - 1,
    events,
    depth: [...depth],
  };
}

function add(news: PendingNews, outputs: readonly Executions[], values: readonly Buffer[]): void {
  const records = values.map((value) => ({ topic: 't', key: null, headers: {}, value }));
  news.add({ outputs, records });
}

function textsOf(messages: readonly CacheMessage[], channel: string): string[] {
  return messages.filter((each) => each.channel === channel).map(({ text }) => text.toString());
}

const depthOf = (messages: readonly CacheMessage[]) =>
  textsOf(messages, `market.${MARKET}.depth`).map(parseDepthMessage);
const tradesOf = (messages: readonly CacheMessage[]) =>
  textsOf(messages, `market.${MARKET}.trades`).map(parseTradesMessage);

describe('what waits to be told', () => {
  it('is nothing at first, and nothing again when it was taken', () => {
    const news = new PendingNews(SHARD);
    expect([news.isEmpty, news.take()]).toEqual([true, []]);
    add(news, [output(1, 1, [])], [Buffer.from('record')]);
    expect(news.isEmpty).toBe(false);
    expect(news.take().map(({ channel }) => channel)).toEqual([
      `shard.${SHARD}.outcomes`,
      `market.${MARKET}.trades`,
    ]);
    expect([news.isEmpty, news.take()]).toEqual([true, []]);
  });

  it('is one change a level, the newest, and every trade', () => {
    const news = new PendingNews(SHARD);
    add(news, [output(1, 2, [['buy', 5, 10]])], []);
    add(news, [output(3, 1, [['buy', 5, 0]]), output(4, 1, [['sell', 5, 7]])], []);
    const messages = news.take();
    expect(depthOf(messages)).toEqual([
      {
        market: MARKET,
        after: 0,
        sequence: 4,
        timeMs: 4,
        levels: [
          ['buy', 5, 0],
          ['sell', 5, 7],
        ],
      },
    ]);
    expect(tradesOf(messages)).toMatchObject([
      { after: 0, sequence: 4, trades: [1, 2, 3, 4].map((sequence) => ({ sequence })) },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/usr_|ord_/);
  });

  it('shows a gap after what was told by an engine before us', () => {
    const news = new PendingNews(SHARD);
    add(news, [output(1, 1, [['buy', 5, 1]])], []);
    add(news, [output(7, 1, [['buy', 6, 1]])], []);
    expect(depthOf(news.take())).toMatchObject([
      { after: 6, sequence: 7, levels: [['buy', 6, 1]] },
    ]);
    expect(news.dropped).toEqual({ levels: 1, trades: 1, outcomes: 0 });
  });

  it('is dropped beyond its limits, and counted', () => {
    const news = new PendingNews(SHARD);
    const levels = Array.from({ length: LEVELS_PENDING_MAX + 1 }, (_, at): DepthChange => {
      return ['sell', at + 1, 1];
    });
    const trades = TRADES_PENDING_MAX + 1;
    const record = Buffer.alloc(OUTCOME_BYTES_PENDING_MAX / 2);
    add(news, [output(1, trades, levels)], [record]);
    expect(news.dropped).toEqual({ levels: levels.length, trades, outcomes: 0 });
    // Half of an output would be taken for a whole outcome.
    add(news, [output(trades + 1, 1, [['buy', 1, 1]])], [record, record]);
    expect(news.dropped.outcomes).toBe(2);
    const messages = news.take();
    expect(depthOf(messages)).toMatchObject([{ after: trades, levels: [['buy', 1, 1]] }]);
    expect(tradesOf(messages)).toMatchObject([{ after: trades, trades: [{}] }]);
    expect(textsOf(messages, `shard.${SHARD}.outcomes`)).toHaveLength(1);
  });

  it('never exceeds what one call of the cache takes, and is all told in the end', () => {
    const news = new PendingNews(SHARD);
    const levels = Array.from({ length: LEVELS_PENDING_MAX }, (_, at): DepthChange => {
      return ['sell', 1e12 + at, Number.MAX_SAFE_INTEGER];
    });
    const markets = MARKETS_PER_PUSH_MAX + 50;
    const marketAt = (at: number): MarketId => `M${String(at)}A-USD`;
    for (let at = 0; at < markets; at += 1) {
      add(news, [output(1, 100, levels, marketAt(at))], [Buffer.alloc(2_000)]);
    }
    const told = new Set<string>();
    while (!news.isEmpty) {
      const messages = news.take();
      const bytes = messages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
      expect(bytes).toBeLessThanOrEqual(CALL_BYTES_MAX);
      expect(messages.length).toBeLessThanOrEqual(ITEMS_MAX);
      for (const { channel } of messages) told.add(channel);
    }
    expect(told.size).toBe(2 * markets + 1);
    expect(news.dropped).toEqual({ levels: 0, trades: 0, outcomes: 0 });
  });
});

const step = fc.record({
  levels: fc.array(fc.tuple(fc.constantFrom('buy', 'sell'), fc.nat(5), fc.nat(3)), {
    maxLength: 4,
  }),
  then: fc.constantFrom('wait', 'wait', 'tell', 'lose', 'giveUp', 'skip'),
});

describe('a reader of the messages', () => {
  it('either has the book as it is or knows that it has missed something', () => {
    const property = fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const news = new PendingNews(SHARD);
      const truth = new Map<string, number>();
      const known = new Map<string, number>();
      let sequence = 0;
      let knownUntil = 0;
      let isLost = false;
      for (const { levels, then } of steps) {
        // An engine that starts again tells nothing of what the one before it did last.
        if (then === 'skip') sequence += 1;
        const depth = levels.map(([side, price, lots]): DepthChange => [side, price + 1, lots]);
        for (const [side, price, lots] of depth) truth.set(side + String(price), lots);
        sequence += 1;
        add(news, [output(sequence, 1, depth)], []);
        if (then === 'giveUp') news.giveUpAll();
        if (then === 'wait') continue;
        const messages = news.take();
        if (then === 'lose') continue;
        for (const message of depthOf(messages)) {
          if (message === null) throw new Error('a message cannot be read');
          isLost ||= message.after > knownUntil;
          knownUntil = message.sequence;
          for (const [side, price, lots] of message.levels) {
            known.set(side + String(price), lots);
          }
        }
        if (!isLost && knownUntil === sequence) expect(known).toEqual(truth);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
