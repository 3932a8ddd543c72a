// The command `place`, row by row of docs/engine.md.
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

describe('place is refused', () => {
  it('in a market that was never configured, releasing the whole hold', () => {
    const market = new TestMarket();
    expect(market.place({ holdMinor: '1234' })).toMatchObject([
      {
        kind: 'ended',
        sequence: 1,
        status: 'rejected',
        reason: 'MARKET_NOT_FOUND',
        cancelledLots: 10,
        releaseMinor: '1234',
      },
    ]);
  });

  it.each([
    ['halted', 'MARKET_HALTED'],
    ['cancel_only', 'MARKET_CANCEL_ONLY'],
  ] as const)('when the market is %s', (status, reason) => {
    const market = TestMarket.open();
    market.setStatus(status);
    expect(market.place({}).map(brief)).toEqual([`ended 3 rejected ${reason} 10`]);
  });

  it.each([
    ['a quantity above the maximum', { quantityLots: 101 }, 'ORDER_QUANTITY_TOO_LARGE'],
    ['a quantity below the minimum', { quantityLots: 4 }, 'ORDER_QUANTITY_TOO_SMALL'],
    ['a price below the band', { priceTicks: 49 }, 'ORDER_PRICE_OUT_OF_BAND'],
    ['a price above the band', { priceTicks: 201 }, 'ORDER_PRICE_OUT_OF_BAND'],
    [
      'mode none where it is not allowed',
      { selfTradePrevention: 'none' },
      'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
    ],
  ] as const)('for %s', (_, words, reason) => {
    const market = TestMarket.open({
      minQuantity: '5',
      maxQuantity: '100',
      minPrice: '50',
      maxPrice: '200',
      selfTradeAllowed: false,
    });
    const quantityLots = 'quantityLots' in words ? words.quantityLots : 10;
    expect(market.place({ ...words, holdMinor: '777' })).toMatchObject([
      { status: 'rejected', reason, cancelledLots: quantityLots, releaseMinor: '777' },
    ]);
    expect(market.book.openOrders).toBe(0);
  });

  it('and names the first reason when several hold', () => {
    const market = TestMarket.open({ maxQuantity: '100', maxPrice: '200' });
    market.setStatus('halted');
    const bad = { quantityLots: 101, priceTicks: 201 };
    expect(market.place(bad)).toMatchObject([{ reason: 'MARKET_HALTED' }]);
    market.setStatus('trading');
    expect(market.place(bad)).toMatchObject([{ reason: 'ORDER_QUANTITY_TOO_LARGE' }]);
  });

  it('when a GTD order expires at the present time or before, but not after it', () => {
    const market = TestMarket.open();
    market.tick(1_000);
    const gtd = { timeInForce: 'GTD' } as const;
    expect(market.place({ ...gtd, expiresAtMs: 1_000 })).toMatchObject([
      { kind: 'ended', status: 'expired', reason: 'ORDER_EXPIRED', releaseMinor: '1000' },
    ]);
    expect(market.place({ ...gtd, expiresAtMs: 1_001 }).map(brief)).toEqual(['opened 10@100']);
  });

  it('when post-only would take, even from its own owner', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    expect(market.buy(ALICE, 100, 5, { postOnly: true }).map(brief)).toEqual([
      'ended 3 rejected ORDER_POST_ONLY_WOULD_TAKE 5',
    ]);
    expect(market.buy(BOB, 101, 5, { postOnly: true }).map(brief)).toEqual([
      'ended 4 rejected ORDER_POST_ONLY_WOULD_TAKE 5',
    ]);
    expect(market.buy(BOB, 99, 5, { postOnly: true }).map(brief)).toEqual(['opened 5@99']);
  });

  it('when FOK cannot fill whole within its limit, leaving the book as it was', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    market.rest('sell', ALICE, 101, 5);
    market.rest('sell', ALICE, 103, 5);
    const before = market.book.level2(9);
    expect(market.buy(BOB, 102, 11, { timeInForce: 'FOK' }).map(brief)).toEqual([
      'ended 5 expired ORDER_FOK_NOT_FILLABLE 11',
    ]);
    expect(market.book.level2(9)).toEqual(before);
  });

  it('when the hold of a buy sized by quote does not cover its budget: a broken assumption', () => {
    const market = TestMarket.open();
    const words = { type: 'market', quoteBudgetMinor: '1000', holdMinor: '999' } as const;
    expect(() => market.place(words)).toThrow(/hold of order 2/);
  });
});

describe('a limit order', () => {
  it('rests when nothing crosses', () => {
    const market = TestMarket.open();
    expect(market.buy(ALICE, 100, 10)).toEqual([
      {
        kind: 'opened',
        sequence: 2,
        timeMs: 0,
        orderId: 'ord_0000000000000002',
        userId: 'usr_0000000000000001',
        side: 'buy',
        priceTicks: 100,
        remainingLots: 10,
      },
    ]);
  });

  it('trades at the maker prices, best first, then by time, and rests what is left', () => {
    const market = TestMarket.open();
    const later = market.rest('sell', ALICE, 101, 5);
    const first = market.rest('sell', ALICE, 100, 5);
    const second = market.rest('sell', CAROL, 100, 5);
    expect(market.buy(BOB, 101, 17).map(brief)).toEqual([
      'trade 5@100',
      `ended ${first} filled - 0`,
      'trade 5@100',
      `ended ${second} filled - 0`,
      'trade 5@101',
      `ended ${later} filled - 0`,
      'opened 2@101',
    ]);
  });

  it('mirrors all that for a sell', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 99, 5);
    market.rest('buy', CAROL, 100, 5);
    expect(market.sell(BOB, 99, 7).map(brief)).toEqual([
      'trade 5@100',
      'ended 3 filled - 0',
      'trade 2@99',
      'ended 4 filled - 0',
    ]);
    expect(market.book.level2(9)).toEqual({ bids: [[99, 3]], asks: [] });
  });

  it('says all facts of a trade', () => {
    const market = TestMarket.open({ feePolicy: 'quote' });
    market.rest('sell', ALICE, 90, 10, { makerFeePpm: -50, takerFeePpm: 300 });
    const [trade] = market.buy(BOB, 100, 4, { makerFeePpm: 1_000, takerFeePpm: 20_000 });
    expect(trade).toEqual({
      kind: 'trade',
      sequence: 3,
      timeMs: 0,
      tradeId: 'trd_BTC-USD_0000000000000003',
      priceTicks: 90,
      quantityLots: 4,
      baseMinor: '4',
      quoteMinor: '360',
      takerSide: 'buy',
      taker: {
        orderId: 'ord_0000000000000003',
        userId: 'usr_0000000000000002',
        feePpm: 20_000,
        remainingLots: 0,
        // 400 for the lots at its limit and 2 % of that as reserve.
        holdMinor: '408',
      },
      maker: {
        orderId: 'ord_0000000000000002',
        userId: 'usr_0000000000000001',
        feePpm: -50,
        remainingLots: 6,
        holdMinor: '4',
      },
    });
  });

  it('IOC takes what it can and ends', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    expect(market.buy(BOB, 100, 8, { timeInForce: 'IOC' })).toMatchObject([
      { kind: 'trade', quantityLots: 5 },
      { kind: 'ended', status: 'filled' },
      { status: 'expired', reason: 'ORDER_IOC_REMAINDER', cancelledLots: 3, releaseMinor: '300' },
    ]);
    expect(market.book.openOrders).toBe(0);
  });

  it('FOK fills whole over several levels', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    market.rest('sell', CAROL, 102, 5);
    expect(market.buy(BOB, 102, 10, { timeInForce: 'FOK' }).map(brief)).toEqual([
      'trade 5@100',
      'ended 2 filled - 0',
      'trade 5@102',
      'ended 3 filled - 0',
      'ended 4 filled - 0',
    ]);
  });

  it('post-only with IOC that does not take ends as IOC does, with FOK as FOK does', () => {
    const market = TestMarket.open();
    expect(market.buy(ALICE, 100, 5, { postOnly: true, timeInForce: 'IOC' }).map(brief)).toEqual([
      'ended 2 expired ORDER_IOC_REMAINDER 5',
    ]);
    expect(market.buy(ALICE, 100, 5, { postOnly: true, timeInForce: 'FOK' }).map(brief)).toEqual([
      'ended 3 expired ORDER_FOK_NOT_FILLABLE 5',
    ]);
  });

  it('ignores a quote budget', () => {
    const market = TestMarket.open();
    expect(market.buy(ALICE, 100, 5, { quoteBudgetMinor: '1' }).map(brief)).toEqual([
      'opened 5@100',
    ]);
  });
});

describe('FOK and own orders on the way', () => {
  it.each([
    ['none', 8, 'filled'],
    ['cancel_maker', 8, 'expired'],
    ['cancel_maker', 6, 'filled'],
    ['cancel_taker', 8, 'expired'],
    ['cancel_both', 8, 'expired'],
    ['decrement', 8, 'expired'],
    // Complete before the own order is reached.
    ['cancel_taker', 3, 'filled'],
  ] as const)('mode %s, %i lots: %s', (selfTradePrevention, lots, status) => {
    const market = TestMarket.open();
    market.rest('sell', BOB, 100, 3);
    market.rest('sell', ALICE, 101, 3);
    market.rest('sell', BOB, 102, 3);
    const events = market.buy(ALICE, 102, lots, { timeInForce: 'FOK', selfTradePrevention });
    expect(events.at(-1)).toMatchObject({ kind: 'ended', orderId: 'ord_0000000000000005', status });
  });
});
