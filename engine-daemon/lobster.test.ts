// Recorded order flow of a real exchange (LOBSTER sample, AAPL): the best levels of our book equal
// the recorded ones after every message. Without the recording a small hand-written sample is used
// alone.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MarketConfig } from '../shared/domain/market.ts';
import { decodeEvents } from './core/facts.ts';
import { checkInvariants } from './core/invariants.ts';
import { MarketBook } from './core/market-book.ts';

const RECORDING = join(import.meta.dirname, '../../shared/data/lobster-aapl-2012-06-21');

/** The exchange that orders of the recording belong to, and the other side of its executions. */
const MAKER = 1;
const TAKER = 2;

/** More than the recording ever has on a side. */
const LEVELS_MAX = 1_000;

const KIND_NEW = 1;
const KIND_PARTIAL_CANCEL = 2;
const KIND_CANCEL = 3;
const KIND_EXECUTION = 4;

interface Message {
  readonly kind: number;
  readonly id: number;
  readonly size: number;
  readonly price: number;
  readonly side: 'buy' | 'sell';
}

interface BestLevels {
  readonly ask: readonly [price: number, size: number];
  readonly bid: readonly [price: number, size: number];
}

interface RestingOrder {
  readonly number: number;
  size: number;
}

const CONFIG: MarketConfig = {
  market: 'AAPL-USD',
  base: 'AAPL',
  quote: 'USD',
  baseDecimals: 0,
  quoteDecimals: 4,
  tickSize: '0.0001',
  lotSize: '1',
  minQuantity: '1',
  maxQuantity: '1000000',
  minNotional: '0',
  minPrice: '0.0001',
  maxPrice: '100000',
  protectionBps: 1_000,
  feePolicy: 'received',
  selfTradeAllowed: false,
  version: 1,
};

/** Reads messages as commands, as the notes beside the recording say. */
class Replay {
  readonly book = new MarketBook('AAPL-USD');
  private readonly byId = new Map<number, RestingOrder>();
  /** Orders that rested before the recording began, as one of each level. */
  private readonly byPrice = new Map<number, RestingOrder>();
  private lastNumber = 0;

  constructor(startingLevels: readonly number[]) {
    const head = { kind: 'configure_market', number: this.nextNumber(), timeMs: 0 } as const;
    this.book.apply({ ...head, config: CONFIG, status: 'trading' });
    for (let at = 0; at + 3 < startingLevels.length; at += 4) {
      const [ask = 0, askSize = 0, bid = 0, bidSize = 0] = startingLevels.slice(at, at + 4);
      this.byPrice.set(ask, {
        number: this.place(MAKER, 'sell', ask, askSize, 'GTC'),
        size: askSize,
      });
      this.byPrice.set(bid, {
        number: this.place(MAKER, 'buy', bid, bidSize, 'GTC'),
        size: bidSize,
      });
    }
  }

  apply(message: Message): void {
    const { kind, id, size, price, side } = message;
    if (kind === KIND_NEW) {
      this.byId.set(id, { number: this.place(MAKER, side, price, size, 'GTC'), size });
    } else if (kind === KIND_PARTIAL_CANCEL || kind === KIND_CANCEL) {
      this.reduce(message);
    } else if (kind === KIND_EXECUTION) {
      const taking = side === 'buy' ? 'sell' : 'buy';
      this.place(TAKER, taking, price, size, 'IOC');
      const order = this.find(message);
      if (order !== undefined) order.size -= size;
    }
    checkInvariants(this.book);
    this.book.events.clear();
    this.book.clearTouched();
  }

  /**
   * Levels that come into the recording's ten from below it may hold orders that were never seen:
   * one more order stands for those. Never the best level: that one must follow from the messages.
   */
  reveal(levels: readonly number[], levelsBefore: readonly number[]): void {
    const pricesBefore = new Set(levelsBefore.filter((_, at) => at % 2 === 0));
    const { bids, asks } = this.book.level2(LEVELS_MAX);
    const known = new Map([...bids, ...asks]);
    for (let at = 4; at < levels.length; at += 2) {
      const [price = 0, size = 0] = levels.slice(at, at + 2);
      const missing = size - (known.get(price) ?? 0);
      if (pricesBefore.has(price) || missing <= 0) continue;
      const side = at % 4 === 0 ? 'sell' : 'buy';
      const number = this.place(MAKER, side, price, missing, 'GTC');
      this.byPrice.set(price, { number, size: missing });
    }
  }

  best(): BestLevels {
    const { bids, asks } = this.book.level2(1);
    return { ask: asks[0] ?? [0, 0], bid: bids[0] ?? [0, 0] };
  }

  /** An id that was never seen is of the order that stands for its level. */
  private find({ id, price }: Message): RestingOrder | undefined {
    return this.byId.get(id) ?? this.byPrice.get(price);
  }

  /** Beyond the starting levels there may be orders that were never seen: then nothing is known. */
  private reduce(message: Message): void {
    const order = this.find(message);
    if (order === undefined) return;
    order.size -= message.size;
    const head = { number: this.nextNumber(), timeMs: 0, userNumber: MAKER } as const;
    const orderNumber = order.number;
    if (order.size <= 0) {
      this.book.apply({ kind: 'cancel', ...head, orderNumber });
    } else {
      const quantityLots = this.quantityFor(orderNumber, order.size);
      const { price: priceTicks } = message;
      const holdIncreaseMinor = '0';
      this.book.apply({
        kind: 'amend',
        ...head,
        orderNumber,
        priceTicks,
        quantityLots,
        holdIncreaseMinor,
      });
    }
  }

  /** An amend names the total quantity, in which what was filled counts. */
  private quantityFor(orderNumber: number, remaining: number): number {
    const { ids, orders } = this.book.state;
    const slot = ids.find(orderNumber);
    return orders.originalOf(slot) - orders.leftOf(slot) + remaining;
  }

  private place(
    userNumber: number,
    side: 'buy' | 'sell',
    priceTicks: number,
    quantityLots: number,
    timeInForce: 'GTC' | 'IOC',
  ): number {
    const number = this.nextNumber();
    this.book.apply({
      kind: 'place',
      number,
      timeMs: 0,
      userNumber,
      side,
      type: 'limit',
      timeInForce,
      postOnly: false,
      selfTradePrevention: 'cancel_taker',
      priceTicks,
      quantityLots,
      quoteBudgetMinor: null,
      expiresAtMs: null,
      makerFeePpm: 0,
      takerFeePpm: 0,
      holdMinor: '0',
    });
    return number;
  }

  private nextNumber(): number {
    this.lastNumber += 1;
    return this.lastNumber;
  }
}

function parseRows(text: string): number[][] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.split(',').map(Number));
}

function parseMessage(row: readonly number[]): Message {
  const [, kind = 0, id = 0, size = 0, price = 0, direction = 0] = row;
  return { kind, id, size, price, side: direction === 1 ? 'buy' : 'sell' };
}

/**
 * The first row's book is the state to start from; every later message must lead to its own row.
 */
function expectSameBests(messageText: string, bookText: string): number {
  const messages = parseRows(messageText).map(parseMessage);
  const books = parseRows(bookText);
  const replay = new Replay(books[0] ?? []);
  messages.forEach((message, row) => {
    if (row > 0) replay.apply(message);
    const levels = books[row] ?? [];
    const [ask = 0, askSize = 0, bid = 0, bidSize = 0] = levels;
    expect(replay.best(), `row ${row}`).toEqual({ ask: [ask, askSize], bid: [bid, bidSize] });
    if (row > 0) replay.reveal(levels, books[row - 1] ?? []);
  });
  return messages.length;
}

describe('a recorded book', () => {
  it('of a few hand-written messages is followed exactly', () => {
    const messages = `
34200.1,1,11,18,1000,1
34200.2,1,12,5,1010,-1
34200.3,2,12,2,1010,-1
34200.4,4,90,10,1000,1
34200.5,5,0,50,1005,1
34200.6,4,90,2,1000,1
34200.7,4,11,18,1000,1
34200.8,3,12,3,1010,-1`;
    const books = `
1020,100,1000,30,1030,50,990,40
1010,5,1000,30,1020,100,990,40
1010,3,1000,30,1020,100,990,40
1010,3,1000,20,1020,100,990,40
1010,3,1000,20,1020,100,990,40
1010,3,1000,18,1020,100,990,40
1010,3,990,40,1020,100,0,0
1020,100,990,40,1030,50,0,0`;
    expect(expectSameBests(messages.trim(), books.trim())).toBe(8);
  });

  it('counts a partial cancel after a fill from what is left', () => {
    const replay = new Replay([1020, 100, 1000, 30]);
    replay.apply({ kind: KIND_EXECUTION, id: 1, size: 10, price: 1000, side: 'buy' });
    replay.apply({ kind: KIND_PARTIAL_CANCEL, id: 1, size: 5, price: 1000, side: 'buy' });
    expect(replay.best().bid).toEqual([1000, 15]);
    expect(decodeEvents(replay.book)).toEqual([]);
  });

  it.skipIf(!existsSync(RECORDING))(
    'AAPL: best levels equal the recording after each message (skipped where it is not here)',
    () => {
      const messages = readFileSync(join(RECORDING, 'message.csv'), 'utf8');
      const books = readFileSync(join(RECORDING, 'orderbook.csv'), 'utf8');
      expect(expectSameBests(messages, books)).toBe(999);
    },
  );
});
