// The commands `cancel`, `cancel_all` and `amend`, row by row of docs/engine.md.
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

describe('cancel', () => {
  it('is refused for an order that does not rest, was never there, or is of another', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 5);
    expect(market.cancel(BOB, order)).toEqual([
      {
        kind: 'refused',
        sequence: 3,
        timeMs: 0,
        commandNumber: 3,
        userId: 'usr_0000000000000002',
        orderId: 'ord_0000000000000002',
        reason: 'ORDER_NOT_FOUND',
        releaseMinor: '0',
      },
    ]);
    expect(market.cancel(ALICE, 999).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    market.cancel(ALICE, order);
    expect(market.cancel(ALICE, order).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
  });

  it('is refused, like the others, in a market that was never configured', () => {
    const market = new TestMarket();
    expect(market.cancel(ALICE, 1)).toMatchObject([{ reason: 'MARKET_NOT_FOUND' }]);
    expect(market.cancelAll(ALICE)).toMatchObject([{ reason: 'MARKET_NOT_FOUND', orderId: null }]);
    expect(market.amend(ALICE, 1, 100, 5, { holdIncreaseMinor: '55' })).toMatchObject([
      { kind: 'refused', reason: 'MARKET_NOT_FOUND', releaseMinor: '55' },
    ]);
  });

  it.each(['trading', 'cancel_only', 'halted'] as const)('works in status %s', (status) => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 5);
    market.setStatus(status);
    expect(market.cancel(ALICE, order)).toMatchObject([
      {
        status: 'cancelled',
        reason: 'ORDER_CANCELLED_BY_USER',
        cancelledLots: 5,
        releaseMinor: '500',
      },
    ]);
    expect(market.book.level2(9)).toEqual({ bids: [], asks: [] });
  });

  it('takes an order out of the middle of its queue', () => {
    const market = TestMarket.open();
    const numbers = [1, 2, 3].map((lots) => market.rest('buy', ALICE, 100, lots));
    market.cancel(ALICE, numbers[1] ?? 0);
    expect(market.sell(BOB, 100, 9).map(brief)).toEqual([
      'trade 1@100',
      `ended ${numbers[0]} filled - 0`,
      'trade 3@100',
      `ended ${numbers[2]} filled - 0`,
      'opened 5@100',
    ]);
  });

  it('releases the fee reserve of what is left', () => {
    const market = TestMarket.open({ feePolicy: 'quote' });
    const order = market.rest('buy', ALICE, 100, 10, { makerFeePpm: 3_000, takerFeePpm: 2_000 });
    // Held 1000 + 3; 700 + 3 (2.1 rounded up) stay for 7 lots.
    expect(market.sell(BOB, 100, 3)).toMatchObject([
      { kind: 'trade', maker: { holdMinor: '300', remainingLots: 7 } },
      { kind: 'ended' },
    ]);
    expect(market.cancel(ALICE, order)).toMatchObject([{ releaseMinor: '703' }]);
  });
});

describe('cancel_all', () => {
  it('is refused for a user without resting orders', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 100, 5);
    expect(market.cancelAll(BOB)).toMatchObject([
      { kind: 'refused', reason: 'ORDER_NOT_FOUND', orderId: null, releaseMinor: '0' },
    ]);
  });

  it('ends the own orders of both sides in rising number, and no others', () => {
    const market = TestMarket.open();
    const number = market.nextNumber() + 50;
    const late = market.rest('sell', ALICE, 110, 1, { number });
    const first = market.rest('buy', ALICE, 100, 1);
    market.rest('buy', BOB, 100, 1);
    const second = market.rest('sell', ALICE, 120, 1);
    market.setStatus('halted');
    expect(market.cancelAll(ALICE).map(brief)).toEqual(
      [first, second, late].map((order) => `ended ${order} cancelled ORDER_CANCELLED_BY_USER 1`),
    );
    expect(market.book.openOrders).toBe(1);
  });
});

describe('amend is refused', () => {
  it('for an order that does not rest or is of another, giving the hold increase back', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 5);
    for (const [user, target] of [
      [BOB, order],
      [ALICE, 99],
    ] as const) {
      expect(market.amend(user, target, 100, 6, { holdIncreaseMinor: '100' })).toMatchObject([
        { kind: 'refused', reason: 'ORDER_NOT_FOUND', releaseMinor: '100' },
      ]);
    }
  });

  it('by status: halted always, cancel-only unless it only reduces', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 5);
    market.setStatus('halted');
    expect(market.amend(ALICE, order, 100, 4).map(brief)).toEqual(['refused MARKET_HALTED']);
    market.setStatus('cancel_only');
    expect(market.amend(ALICE, order, 99, 4).map(brief)).toEqual(['refused MARKET_CANCEL_ONLY']);
    expect(market.amend(ALICE, order, 100, 6).map(brief)).toEqual(['refused MARKET_CANCEL_ONLY']);
    expect(market.amend(ALICE, order, 100, 4).map(brief)).toEqual(['amended 4@100 kept']);
  });

  it('when the new quantity is not above what is gone', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 10);
    market.sell(BOB, 100, 4);
    expect(market.amend(ALICE, order, 100, 4).map(brief)).toEqual([
      'refused ORDER_QUANTITY_BELOW_FILLED',
    ]);
    expect(market.amend(ALICE, order, 100, 5).map(brief)).toEqual(['amended 1@100 kept']);
  });

  it('above the maximum only if it grows, outside the band only if it moves', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 10);
    market.configure({ maxQuantity: '5', maxPrice: '50' });
    expect(market.amend(ALICE, order, 100, 11).map(brief)).toEqual([
      'refused ORDER_QUANTITY_TOO_LARGE',
    ]);
    expect(market.amend(ALICE, order, 99, 9).map(brief)).toEqual([
      'refused ORDER_PRICE_OUT_OF_BAND',
    ]);
    expect(market.amend(ALICE, order, 100, 9).map(brief)).toEqual(['amended 9@100 kept']);
  });

  it('when it is post-only and would take', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 105, 5);
    const order = market.rest('buy', BOB, 100, 5, { postOnly: true });
    expect(market.amend(BOB, order, 105, 5).map(brief)).toEqual([
      'refused ORDER_POST_ONLY_WOULD_TAKE',
    ]);
    expect(market.amend(BOB, order, 104, 5).map(brief)).toEqual(['amended 5@104', 'opened 5@104']);
  });

  it('when the hold does not cover the new terms, last of all', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 10);
    const short = { holdIncreaseMinor: '99' };
    expect(market.amend(ALICE, order, 110, 10, short).map(brief)).toEqual([
      'refused ORDER_FUNDS_INSUFFICIENT',
    ]);
    expect(market.amend(ALICE, order, 100, 11, short)).toMatchObject([
      { reason: 'ORDER_FUNDS_INSUFFICIENT', releaseMinor: '99' },
    ]);
    expect(market.amend(ALICE, order, 110, 9, short)).toMatchObject([
      { kind: 'amended', releaseMinor: '109' },
      { kind: 'opened' },
    ]);
    const sell = market.rest('sell', ALICE, 200, 10);
    expect(market.amend(ALICE, sell, 200, 11, { holdIncreaseMinor: '0' }).map(brief)).toEqual([
      'refused ORDER_FUNDS_INSUFFICIENT',
    ]);
  });
});

describe('amend', () => {
  it('down keeps the place in the queue and releases the difference', () => {
    const market = TestMarket.open();
    const first = market.rest('buy', ALICE, 100, 10);
    market.rest('buy', CAROL, 100, 10);
    expect(market.amend(ALICE, first, 100, 4, { holdIncreaseMinor: '7' })).toEqual([
      {
        kind: 'amended',
        sequence: 4,
        timeMs: 0,
        orderId: 'ord_0000000000000002',
        userId: 'usr_0000000000000001',
        commandNumber: 4,
        priceTicks: 100,
        quantityLots: 4,
        remainingLots: 4,
        priorityKept: true,
        releaseMinor: '607',
      },
    ]);
    expect(market.sell(BOB, 100, 4).map(brief)).toContain(`ended ${first} filled - 0`);
    expect(market.book.level2(1).bids).toEqual([[100, 10]]);
  });

  it('to the same price and quantity keeps the place', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 10);
    expect(market.amend(ALICE, order, 100, 10).map(brief)).toEqual(['amended 10@100 kept']);
  });

  it('up goes behind the others at the price', () => {
    const market = TestMarket.open();
    const first = market.rest('buy', ALICE, 100, 10);
    const second = market.rest('buy', CAROL, 100, 10);
    expect(market.amend(ALICE, first, 100, 11).map(brief)).toEqual([
      'amended 11@100',
      'opened 11@100',
    ]);
    expect(market.sell(BOB, 100, 10).map(brief)).toContain(`ended ${second} filled - 0`);
  });

  it('to a crossing price takes with the own mode and rates, and rests the remainder', () => {
    const market = TestMarket.open();
    market.rest('sell', BOB, 105, 3);
    market.rest('sell', ALICE, 106, 3);
    const order = market.rest('buy', ALICE, 100, 10, {
      selfTradePrevention: 'cancel_maker',
      takerFeePpm: 777,
    });
    expect(market.amend(ALICE, order, 106, 12)).toMatchObject([
      { kind: 'amended', quantityLots: 12, remainingLots: 12, priorityKept: false },
      { kind: 'trade', taker: { feePpm: 777, remainingLots: 9 }, priceTicks: 105 },
      { kind: 'ended', status: 'filled' },
      { kind: 'prevented', taker: { lots: 0 }, maker: { lots: 3 } },
      { kind: 'ended', reason: 'ORDER_SELF_TRADE_PREVENTED' },
      { kind: 'opened', priceTicks: 106, remainingLots: 9 },
    ]);
    expect(market.book.openOrders).toBe(1);
  });

  it('can fill the order, or end it by self-trade prevention', () => {
    const market = TestMarket.open();
    market.rest('sell', BOB, 105, 5);
    const filled = market.rest('buy', ALICE, 100, 5);
    expect(market.amend(ALICE, filled, 105, 5).map(brief)).toEqual([
      'amended 5@105',
      'trade 5@105',
      'ended 2 filled - 0',
      `ended ${filled} filled - 0`,
    ]);
    market.rest('sell', ALICE, 105, 5);
    const ended = market.rest('buy', ALICE, 100, 5);
    expect(market.amend(ALICE, ended, 105, 5)).toMatchObject([
      { kind: 'amended', releaseMinor: '999999999975' },
      { kind: 'prevented', taker: { lots: 5 }, maker: { lots: 0 } },
      {
        kind: 'ended',
        reason: 'ORDER_SELF_TRADE_PREVENTED',
        cancelledLots: 5,
        releaseMinor: '525',
      },
    ]);
    expect(market.book.openOrders).toBe(1);
  });

  it('counts what self-trade prevention took off as gone', () => {
    const market = TestMarket.open();
    const order = market.rest('sell', ALICE, 100, 10);
    market.buy(ALICE, 100, 4, { selfTradePrevention: 'decrement' });
    expect(market.amend(ALICE, order, 100, 9)).toMatchObject([{ remainingLots: 5 }]);
  });

  it('keeps the expiry of the order', () => {
    const market = TestMarket.open();
    const order = market.rest('buy', ALICE, 100, 5, { timeInForce: 'GTD', expiresAtMs: 50 });
    market.amend(ALICE, order, 101, 5);
    expect(market.tick(50).map(brief)).toEqual([`ended ${order} expired ORDER_EXPIRED 5`]);
  });
});
