// Orders with a trigger, by the rules of docs/engine.md "Triggers": refusals, waiting, turns.
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, DAVE, TestMarket, brief } from './test-market.ts';

/** A market whose last trade was at 100, with nothing on the book. */
function tradedAt100(): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', ALICE, 100, 1);
  market.buy(BOB, 100, 1);
  return market;
}

function stop(kind: 'stop_loss' | 'take_profit', priceTicks: number) {
  return { trigger: { kind, priceTicks } } as const;
}

/** Trades one lot at this price between Alice and Bob; answers what else happened. */
function tradeAt(market: TestMarket, priceTicks: number): string[] {
  market.rest('sell', ALICE, priceTicks, 1);
  return market
    .buy(BOB, priceTicks, 1)
    .map(brief)
    .filter((line) => !line.startsWith('trade 1@') && !line.includes('filled'));
}

describe('an order with a trigger is refused', () => {
  it('while the market has never traded', () => {
    const market = TestMarket.open();
    expect(market.sell(ALICE, 90, 5, stop('stop_loss', 95)).map(brief)).toEqual([
      'ended 2 rejected ORDER_TRIGGER_REFERENCE_NONE 5',
    ]);
  });

  it.each([
    ['sell', 'stop_loss', 100],
    ['sell', 'stop_loss', 101],
    ['buy', 'stop_loss', 100],
    ['buy', 'stop_loss', 99],
    ['sell', 'take_profit', 100],
    ['sell', 'take_profit', 99],
    ['buy', 'take_profit', 100],
    ['buy', 'take_profit', 101],
  ] as const)('when the last price has reached it: %s %s at %i', (side, kind, priceTicks) => {
    const market = tradedAt100();
    const words = { side, priceTicks: 100, quantityLots: 5, ...stop(kind, priceTicks) };
    expect(market.place(words)).toMatchObject([
      { status: 'rejected', reason: 'ORDER_TRIGGER_PRICE_REACHED', cancelledLots: 5 },
    ]);
    expect(market.book.openOrders).toBe(0);
  });

  it('outside the price band, and before that for whatever any order is', () => {
    const market = TestMarket.open({ minPrice: '10', maxPrice: '200' });
    const words = stop('stop_loss', 9);
    expect(market.sell(ALICE, 50, 5, words)).toMatchObject([
      { reason: 'ORDER_PRICE_OUT_OF_BAND', releaseMinor: '5' },
    ]);
    market.setStatus('halted');
    expect(market.sell(ALICE, 50, 5, words)).toMatchObject([{ reason: 'MARKET_HALTED' }]);
  });
});

describe('an order that waits', () => {
  it('is in no book, trades with nobody and is not in the depth', () => {
    const market = tradedAt100();
    expect(market.sell(ALICE, 90, 5, stop('stop_loss', 95)).map(brief)).toEqual([
      'armed 4 stop_loss 95',
    ]);
    market.book.clearTouched();
    expect(market.book.level2(9)).toEqual({ bids: [], asks: [] });
    expect(market.buy(BOB, 100, 1, { timeInForce: 'IOC' }).map(brief)).toEqual([
      'ended 5 expired ORDER_IOC_REMAINDER 1',
    ]);
    expect(market.book.touchedLevels()).toEqual([]);
    expect(market.book.openOrders).toBe(1);
  });

  it('leaves by its owner alone, with its whole hold', () => {
    const market = tradedAt100();
    market.buy(ALICE, 120, 5, { ...stop('stop_loss', 110), holdMinor: '600' });
    expect(market.cancel(BOB, 4).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.cancel(ALICE, 4)).toMatchObject([
      { kind: 'ended', status: 'cancelled', cancelledLots: 5, releaseMinor: '600' },
    ]);
    expect(market.cancel(ALICE, 4).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(tradeAt(market, 115)).toEqual([]);
  });

  it('is not amended', () => {
    const market = tradedAt100();
    market.buy(ALICE, 120, 5, stop('stop_loss', 110));
    expect(market.amend(BOB, 4, 120, 3).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.amend(ALICE, 4, 120, 3).map(brief)).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
  });

  it('goes with cancel_all, among the resting ones by number', () => {
    const market = tradedAt100();
    market.rest('buy', ALICE, 80, 1);
    market.sell(ALICE, 90, 5, stop('stop_loss', 95));
    market.rest('buy', ALICE, 81, 1);
    market.sell(BOB, 90, 5, stop('stop_loss', 95));
    const ends = market.cancelAll(ALICE).map(brief);
    expect(ends.map((line) => line.slice(0, 'ended 4'.length))).toEqual([
      'ended 4',
      'ended 5',
      'ended 6',
    ]);
    expect(market.book.openOrders).toBe(1);
  });

  it('expires with the resting ones, by (expiry, number)', () => {
    const market = tradedAt100();
    const gtd = { timeInForce: 'GTD' } as const;
    market.rest('buy', ALICE, 80, 1, { ...gtd, expiresAtMs: 7 });
    market.sell(BOB, 90, 5, { ...gtd, ...stop('stop_loss', 95), expiresAtMs: 7 });
    market.sell(BOB, 90, 6, { ...gtd, ...stop('stop_loss', 95), expiresAtMs: 5 });
    market.rest('buy', ALICE, 80, 1, { ...gtd, expiresAtMs: 7 });
    expect(market.book.nextDueMs).toBe(5);
    expect(market.tick(8).map(brief)).toEqual([
      'ended 6 expired ORDER_EXPIRED 6',
      'ended 4 expired ORDER_EXPIRED 1',
      'ended 5 expired ORDER_EXPIRED 5',
      'ended 7 expired ORDER_EXPIRED 1',
    ]);
  });

  it('keeps the units of the market as they are', () => {
    const market = tradedAt100();
    market.sell(BOB, 90, 5, stop('stop_loss', 95));
    expect(market.configure({ base: 'ETH' })).toEqual([]);
  });
});

describe('a trade reaches', () => {
  it.each([
    ['sell', 'stop_loss', 95, 96, 95],
    ['buy', 'stop_loss', 105, 104, 105],
    ['sell', 'take_profit', 105, 104, 106],
    ['buy', 'take_profit', 95, 96, 94],
  ] as const)('%s %s at %i not at %i but at %i', (side, kind, trigger, before, at) => {
    const market = tradedAt100();
    const limit = side === 'buy' ? 90 : 110;
    market.place({ side, userNumber: CAROL, priceTicks: limit, ...stop(kind, trigger) });
    expect(tradeAt(market, before)).toEqual([]);
    const sequence = market.book.sequence + 2;
    expect(tradeAt(market, at)).toEqual([`triggered 4 by ${sequence}`, `opened 10@${limit}`]);
  });

  it('an order that then takes part as if it were placed now', () => {
    const market = tradedAt100();
    market.rest('buy', DAVE, 93, 4);
    market.rest('buy', DAVE, 80, 4);
    market.sell(CAROL, 1, 10, { ...stop('stop_loss', 95), type: 'market', timeInForce: 'IOC' });
    market.rest('buy', ALICE, 95, 1);
    // Ten per cent below 93 is the least that the market order takes: 84.
    expect(market.sell(BOB, 95, 1).map(brief)).toEqual([
      'trade 1@95',
      'ended 7 filled - 0',
      'ended 8 filled - 0',
      'triggered 6 by 10',
      'trade 4@93',
      'ended 4 filled - 0',
      'ended 6 expired ORDER_PRICE_PROTECTED 6',
    ]);
  });

  it('those of one sweep in the order in which the price came by, then by number', () => {
    const market = tradedAt100();
    const limit = { side: 'sell', priceTicks: 200, quantityLots: 1, userNumber: CAROL } as const;
    market.place({ ...limit, ...stop('stop_loss', 95), number: 30 });
    market.place({ ...limit, ...stop('stop_loss', 95), number: 20 });
    market.place({ ...limit, ...stop('stop_loss', 98), number: 40 });
    market.place({ ...limit, ...stop('stop_loss', 94), number: 41 });
    for (const [at, number] of [
      [97, 50],
      [95, 51],
    ] as const) {
      market.rest('buy', ALICE, at, 1, { number });
    }
    const turns = market
      .sell(BOB, 95, 2, { number: 60 })
      .map(brief)
      .filter((line) => line.startsWith('triggered'));
    expect(turns).toEqual(['triggered 40 by 12', 'triggered 20 by 14', 'triggered 30 by 14']);
  });

  it('others through the trades of an order that it reached, which stand behind', () => {
    const market = tradedAt100();
    const words = { type: 'market', timeInForce: 'IOC', quantityLots: 1, priceTicks: 1 } as const;
    market.place({ ...words, side: 'sell', userNumber: CAROL, ...stop('stop_loss', 95) });
    market.place({ ...words, side: 'sell', userNumber: CAROL, ...stop('stop_loss', 95) });
    market.place({ ...words, side: 'sell', userNumber: CAROL, ...stop('stop_loss', 90) });
    for (const price of [95, 90, 89, 88]) market.rest('buy', ALICE, price, 1);
    const lines = market
      .sell(BOB, 95, 1)
      .map(brief)
      .filter((line) => !line.includes('filled'));
    expect(lines).toEqual([
      'trade 1@95',
      'triggered 4 by 13',
      'trade 1@90',
      'triggered 5 by 13',
      'trade 1@89',
      'triggered 6 by 17',
      'trade 1@88',
    ]);
    expect(market.book.openOrders).toBe(0);
  });

  it('through the trades of an amend as well', () => {
    const market = tradedAt100();
    market.sell(CAROL, 200, 1, stop('take_profit', 105));
    market.rest('sell', ALICE, 105, 1);
    const resting = market.rest('buy', BOB, 90, 1);
    expect(market.amend(BOB, resting, 105, 1).map(brief)).toContain('opened 1@200');
  });
});
