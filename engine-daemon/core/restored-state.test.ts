// States that no market could have come to are refused when they are restored, and so is one that
// would stop the market later.
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../shared/domain/failure.ts';
import type { MarketConfig } from '../../shared/domain/market.ts';
import { decodeMarketState, encodeMarketState } from './book-bytes.ts';
import type { BookState } from './book-state.ts';
import { ALICE, BOB, CAROL, TestMarket, isRestored } from './test-market.ts';
import type { WaitingOrder } from './waiting-order.ts';

const RULE = { moveBps: 1_000, windowMs: 60_000, haltMs: 5_000, auctionMs: 10_000 } as const;
/** Of `writeOrder`: the last order of the book is this far before what comes behind the book. */
const ORDER_BYTES = 87;
/** Last price, no waiting orders, no queue, what `writePhase` writes at rest, and no lists. */
const BEHIND_BYTES = 53;

/** A market whose last trade was at 100 at time 2000, whose book is empty; the next order is 4. */
function traded(config: Partial<MarketConfig> = { interruption: RULE }): TestMarket {
  const market = TestMarket.open(config);
  market.tick(2_000);
  market.rest('sell', ALICE, 100, 1);
  market.buy(BOB, 100, 1);
  return market;
}

describe('a restored market', () => {
  it('is what these tests change', () => {
    expect(isRestored(traded(), () => undefined)).toBe(true);
  });

  it.each([
    ['while it trades', () => traded(), 'trading', 9_000],
    ['without a rule for it', () => traded({}), 'halted', 9_000],
    ['that is over', () => traded(), 'halted', 2_000],
  ] as const)('has no interruption %s', (_, open, status, untilMs) => {
    const market = open();
    market.setStatus(status);
    const change = (state: BookState) => (state.interrupted = { before: 'trading', untilMs });
    expect(isRestored(market, change)).toBe(false);
  });

  it('goes back from an interruption only to a status that moves', () => {
    const market = traded();
    market.setStatus('halted');
    const to = (before: 'trading' | 'auction') => (state: BookState) =>
      (state.interrupted = { before, untilMs: 9_000 });
    expect(isRestored(market, to('trading'))).toBe(true);
    expect(isRestored(market, to('auction'))).toBe(false);
  });

  it('has a schedule by rising time, and none before it is configured', () => {
    const entry = { atMs: 9_000, status: 'halted' } as const;
    const twice = (state: BookState) => (state.schedule = [entry, entry]);
    const once = (state: BookState) => (state.schedule = [entry]);
    expect(isRestored(traded(), twice)).toBe(false);
    expect(isRestored(traded(), once)).toBe(true);
    expect(isRestored(new TestMarket(), once)).toBe(false);
  });

  it.each([
    ['in no auction', 'trading', { second: 2, priceTicks: 0, lots: 0 }],
    ['later than now', 'auction', { second: 3, priceTicks: 0, lots: 0 }],
    ['of a price without lots', 'auction', { second: 2, priceTicks: 5, lots: 0 }],
  ] as const)('has told nothing %s', (_, status, indicated) => {
    const market = traded();
    market.setStatus(status);
    expect(isRestored(market, (state) => (state.indicated = indicated))).toBe(false);
  });

  it.each([
    ['later than now', [{ slot: 3, lowest: 100, highest: 100 }]],
    ['turned over', [{ slot: 2, lowest: 101, highest: 100 }]],
    ['twice', [{ slot: 2, lowest: 100, highest: 100 }, { slot: 2, lowest: 100, highest: 100 }]], // prettier-ignore
  ])('has no slot of its range %s', (_, slots) => {
    expect(isRestored(traded(), (state) => state.range?.restore(slots))).toBe(false);
  });

  it('has a last trade with a price and a time, and a reference only with that', () => {
    expect(isRestored(traded(), (state) => (state.lastTradeMs = 2_001))).toBe(false);
    expect(isRestored(traded(), (state) => (state.lastTicks = 0))).toBe(false);
    expect(isRestored(traded(), (state) => (state.hasReference = false))).toBe(false);
    expect(isRestored(TestMarket.open(), (state) => (state.hasReference = true))).toBe(false);
  });

  it('has no order of a blocked user, and no deadline that has passed', () => {
    const market = traded();
    market.rest('buy', ALICE, 90, 1);
    expect(isRestored(market, ({ blocked }) => blocked.add(BOB))).toBe(true);
    expect(isRestored(market, ({ blocked }) => blocked.add(ALICE))).toBe(false);
    const sets = (deadlineMs: number) => (state: BookState) => {
      state.deadmen.set(ALICE, deadlineMs);
    };
    expect(isRestored(traded(), sets(2_001))).toBe(true);
    expect(isRestored(traded(), sets(2_000))).toBe(false);
  });

  it('has no orders when it is delisted', () => {
    const market = traded();
    market.rest('buy', ALICE, 90, 1);
    market.setStatus('closing');
    expect(isRestored(market, (state) => state.setStatus('delisted'))).toBe(false);
  });
});

describe('a restored order', () => {
  /** Bytes of a market with one order, and where that order stands in them. */
  function oneOrder(words = {}): { bytes: Uint8Array; at: number } {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 90, 9, words);
    const bytes = encodeMarketState(market.book);
    return { bytes, at: bytes.length - BEHIND_BYTES - ORDER_BYTES };
  }

  it('has a trade group that there can be', () => {
    const { bytes, at } = oneOrder({ tradeGroup: 2_147_483_647 });
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(at + 67, true)).toBe(2_147_483_647);
    expect(() => decodeMarketState(bytes)).not.toThrow();
    view.setUint32(at + 67, 2_147_483_648, true);
    expect(() => decodeMarketState(bytes)).toThrow(/trade group/);
  });

  it('shows all of itself or is an iceberg, and shows no more than that shows', () => {
    const plain = oneOrder();
    new DataView(plain.bytes.buffer).setFloat64(plain.at + 79, 8, true);
    expect(() => decodeMarketState(plain.bytes)).toThrow(/hides lots/);
    const { bytes, at } = oneOrder({ displayLots: 3 });
    const view = new DataView(bytes.buffer);
    view.setFloat64(at + 79, 2, true);
    expect(() => decodeMarketState(bytes)).not.toThrow();
    view.setFloat64(at + 79, 4, true);
    expect(() => decodeMarketState(bytes)).toThrow(/shows too much/);
    view.setFloat64(at + 79, 0, true);
    expect(() => decodeMarketState(bytes)).toThrow(AssertionError);
  });
});

describe('a restored trailing stop', () => {
  function trailing(side: 'buy' | 'sell', activation?: number): TestMarket {
    const market = traded();
    const more = activation === undefined ? {} : { activationPriceTicks: activation };
    const trigger = { kind: 'trailing_stop', trailBps: 1_000, ...more } as const;
    market.place({ userNumber: CAROL, side, priceTicks: 100, trigger });
    return market;
  }

  it.each([
    // Its extreme has followed the last trade, which has not reached its trigger price.
    ['sell', 99, false],
    ['sell', 100, true],
    ['sell', 111, true],
    ['sell', 112, false],
    ['buy', 101, false],
    ['buy', 91, true],
    ['buy', 90, false],
  ] as const)('%s has an extreme that goes with the last trade: %i', (side, extreme, fits) => {
    const market = trailing(side);
    market.book.state.waiting.extremeOf = () => extreme;
    expect(isRestored(market, () => undefined)).toBe(fits);
  });

  it.each([
    ['sell', 105, 0, true],
    ['sell', 105, 104, false],
    ['sell', 105, 106, true],
    ['sell', 100, 0, false],
    ['buy', 95, 0, true],
    ['buy', 95, 96, false],
    ['buy', 95, 94, true],
    ['buy', 100, 0, false],
  ] as const)('%s activated at %i has extreme %i or not', (side, activation, extreme, fits) => {
    const market = trailing(side, activation);
    market.book.state.waiting.extremeOf = () => extreme;
    expect(isRestored(market, () => undefined)).toBe(fits);
  });
});

describe('a restored queue', () => {
  /** A market with one order in the queue, in this status. */
  function queued(status: 'trading' | 'halted', tradeSequence: (now: number) => number): boolean {
    const market = traded();
    market.sell(CAROL, 80, 1, { trigger: { kind: 'stop_loss', priceTicks: 90 } });
    market.setStatus(status);
    const order = market.book.state.waiting.find(4) as WaitingOrder;
    const reached = {
      order,
      tradeSequence: tradeSequence(market.book.sequence),
      wasPending: false,
    };
    market.book.state.waiting.queued = () => [reached];
    return isRestored(market, () => undefined);
  }

  it('may be there while the market trades, and was reached by a trade that has been', () => {
    expect(queued('halted', (now) => now)).toBe(true);
    // What a cascade of more turns than one step has leaves behind.
    expect(queued('trading', (now) => now)).toBe(true);
    expect(queued('halted', (now) => now + 1)).toBe(false);
  });
});
