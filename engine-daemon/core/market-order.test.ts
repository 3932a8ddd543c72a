// Market orders by quantity and by quote amount, row by row of docs/engine.md.
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, TestMarket, brief } from './test-market.ts';

const PREVENTED = 'ORDER_SELF_TRADE_PREVENTED';

describe('a market order', () => {
  const byMarket = { type: 'market', timeInForce: 'IOC' } as const;

  it('ends when the other side is empty', () => {
    const market = TestMarket.open();
    expect(market.buy(ALICE, 100, 5, byMarket)).toMatchObject([
      { status: 'expired', reason: 'ORDER_LIQUIDITY_NONE', cancelledLots: 5, releaseMinor: '500' },
    ]);
  });

  it('ends when it has emptied the other side', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 3);
    expect(market.buy(BOB, 200, 5, byMarket).map(brief)).toEqual([
      'trade 3@100',
      'ended 2 filled - 0',
      'ended 3 expired ORDER_LIQUIDITY_NONE 2',
    ]);
  });

  it('buys up to the protection price, rounded down from the best price at its start', () => {
    const market = TestMarket.open({ protectionBps: 1_000 });
    for (const price of [95, 104, 105]) market.rest('sell', ALICE, price, 1);
    // 95 x 1.1 = 104.5
    expect(market.buy(BOB, 4_000_000_000, 3, byMarket).map(brief)).toEqual([
      'trade 1@95',
      'ended 2 filled - 0',
      'trade 1@104',
      'ended 3 filled - 0',
      'ended 5 expired ORDER_PRICE_PROTECTED 1',
    ]);
  });

  it('sells down to the protection price, rounded up', () => {
    const market = TestMarket.open({ protectionBps: 1_000 });
    for (const price of [95, 86, 85]) market.rest('buy', ALICE, price, 1);
    // 95 x 0.9 = 85.5
    expect(market.sell(BOB, 1, 3, byMarket).map(brief)).toEqual([
      'trade 1@95',
      'ended 2 filled - 0',
      'trade 1@86',
      'ended 3 filled - 0',
      'ended 5 expired ORDER_PRICE_PROTECTED 1',
    ]);
  });

  it('never trades beyond the price that its hold covers', () => {
    const market = TestMarket.open();
    for (const price of [95, 96]) market.rest('sell', ALICE, price, 1);
    expect(market.buy(BOB, 95, 2, byMarket).map(brief)).toEqual([
      'trade 1@95',
      'ended 2 filled - 0',
      'ended 4 expired ORDER_PRICE_PROTECTED 1',
    ]);
  });

  it('is not held to the price band, and is IOC whatever it says', () => {
    const market = TestMarket.open({ maxPrice: '200' });
    market.rest('sell', ALICE, 100, 1);
    const words = { ...byMarket, timeInForce: 'GTC', postOnly: true } as const;
    expect(market.buy(BOB, 1_000, 2, words).map(brief)).toEqual([
      'trade 1@100',
      'ended 2 filled - 0',
      'ended 3 expired ORDER_LIQUIDITY_NONE 1',
    ]);
    const gtd = { ...byMarket, timeInForce: 'GTD', expiresAtMs: 0 } as const;
    expect(market.buy(BOB, 100, 2, gtd).map(brief)).toEqual([
      'ended 4 expired ORDER_LIQUIDITY_NONE 2',
    ]);
  });

  it('FOK counts only what is within the protection', () => {
    const market = TestMarket.open({ protectionBps: 100 });
    for (const price of [100, 110]) market.rest('sell', ALICE, price, 1);
    expect(market.buy(BOB, 200, 2, { ...byMarket, timeInForce: 'FOK' }).map(brief)).toEqual([
      'ended 4 expired ORDER_FOK_NOT_FILLABLE 2',
    ]);
  });
});

describe('a market order sized by quote', () => {
  const byQuote = (quoteBudgetMinor: string) =>
    ({ type: 'market', timeInForce: 'IOC', quoteBudgetMinor }) as const;

  it('buys whole lots until less than one is affordable, and releases what is left', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 2);
    market.rest('sell', ALICE, 101, 9);
    expect(market.buy(BOB, 200, 50, byQuote('450'))).toMatchObject([
      { kind: 'trade', quantityLots: 2, quoteMinor: '200', taker: { holdMinor: '200' } },
      { kind: 'ended', status: 'filled', reason: null },
      { kind: 'trade', quantityLots: 2, quoteMinor: '202', taker: { holdMinor: '202' } },
      {
        kind: 'ended',
        status: 'filled',
        reason: 'ORDER_QUOTE_AMOUNT_REACHED',
        cancelledLots: 46,
        releaseMinor: '48',
      },
    ]);
  });

  it('expires when it never traded, though below the minimum quantity of the market', () => {
    const market = TestMarket.open({ minQuantity: '5' });
    market.rest('sell', ALICE, 100, 5);
    expect(market.buy(BOB, 200, 1, byQuote('99'))).toMatchObject([
      { status: 'expired', reason: 'ORDER_QUOTE_AMOUNT_REACHED', releaseMinor: '99' },
    ]);
  });

  it('takes the fee reserve by its rise over all that was spent', () => {
    const market = TestMarket.open({ feePolicy: 'quote' });
    market.rest('sell', ALICE, 101, 1);
    market.rest('sell', ALICE, 102, 1);
    // 1 % of 101 rounds up to 2, of 203 to 3: the second trade adds 1.
    expect(market.buy(BOB, 200, 2, { ...byQuote('300'), takerFeePpm: 10_000 })).toMatchObject([
      { kind: 'trade', taker: { holdMinor: '103' } },
      { kind: 'ended' },
      { kind: 'trade', taker: { holdMinor: '103' } },
      { kind: 'ended' },
      // Held 303, taken 206.
      { kind: 'ended', status: 'filled', reason: null, releaseMinor: '97' },
    ]);
  });

  it('sells until the amount is raised, and holds base like any sell', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 100, 9);
    expect(market.sell(BOB, 1, 8, byQuote('350'))).toMatchObject([
      { kind: 'trade', quantityLots: 3, taker: { holdMinor: '3', remainingLots: 5 } },
      {
        status: 'filled',
        reason: 'ORDER_QUOTE_AMOUNT_REACHED',
        cancelledLots: 5,
        releaseMinor: '5',
      },
    ]);
  });

  it('is never FOK', () => {
    const market = TestMarket.open();
    const words = { ...byQuote('100'), timeInForce: 'FOK' } as const;
    expect(market.buy(BOB, 200, 5, words).map(brief)).toEqual([
      'ended 2 expired ORDER_LIQUIDITY_NONE 5',
    ]);
  });

  it('keeps its budget when decremented, and releases the rest of its hold at the end', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 3);
    const words = { ...byQuote('300'), selfTradePrevention: 'decrement' } as const;
    expect(market.buy(ALICE, 200, 3, words)).toMatchObject([
      { kind: 'prevented', taker: { lots: 3 }, maker: { lots: 3 } },
      { kind: 'reduced', preventedLots: 3, remainingLots: 0, releaseMinor: '3' },
      { kind: 'reduced', preventedLots: 3, remainingLots: 0, releaseMinor: '0' },
      { kind: 'ended', reason: PREVENTED, cancelledLots: 0, releaseMinor: '0' },
      { kind: 'ended', reason: PREVENTED, cancelledLots: 0, releaseMinor: '300' },
    ]);
  });
});
