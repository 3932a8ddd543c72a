// Orders that show a part of themselves at a time: docs/engine.md, "Icebergs".
import { describe, expect, it } from 'vitest';
import { orderId } from '../../shared/domain/ids.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

const SHOWS_3 = { displayLots: 3 } as const;
const PREVENTED = 'ORDER_SELF_TRADE_PREVENTED';

/** Alice sells 10 lots at 100 and shows 3 of them: order 2. */
function withIceberg(): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', ALICE, 100, 10, SHOWS_3);
  return market;
}

describe('an iceberg is refused', () => {
  it('when it shows less than the least quantity', () => {
    const market = TestMarket.open({ minQuantity: '3' });
    expect(market.buy(ALICE, 100, 10, { displayLots: 2 })).toMatchObject([
      { status: 'rejected', reason: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL', cancelledLots: 10 },
    ]);
    market.rest('buy', ALICE, 100, 10, SHOWS_3);
  });

  it('when it has more than 100 parts', () => {
    const market = TestMarket.open();
    expect(market.buy(ALICE, 100, 201, { displayLots: 2 })).toMatchObject([
      { reason: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL' },
    ]);
    market.rest('buy', ALICE, 100, 200, { displayLots: 2 });
  });

  it('for its quantity before that, and for its price after', () => {
    const market = TestMarket.open({ maxQuantity: '500', maxPrice: '99' });
    expect(market.buy(ALICE, 100, 501, { displayLots: 1 })).toMatchObject([
      { reason: 'ORDER_QUANTITY_TOO_LARGE' },
    ]);
    expect(market.buy(ALICE, 100, 500, { displayLots: 1 })).toMatchObject([
      { reason: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL' },
    ]);
    expect(market.buy(ALICE, 100, 500, { displayLots: 5 })).toMatchObject([
      { reason: 'ORDER_PRICE_OUT_OF_BAND' },
    ]);
  });

  it('with a trigger as without', () => {
    const market = TestMarket.open();
    const trigger = { kind: 'stop_loss', priceTicks: 90 } as const;
    expect(market.buy(ALICE, 100, 101, { displayLots: 1, trigger })).toMatchObject([
      { reason: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL' },
    ]);
  });
});

describe('a display quantity is ignored', () => {
  it('when the order shows all of itself', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 3, SHOWS_3);
    market.rest('sell', ALICE, 101, 2, SHOWS_3);
    expect(market.depth().asks).toEqual([
      [100, 3],
      [101, 2],
    ]);
    expect([...market.lines('2', '3')].filter((line) => line.includes('display'))).toEqual([]);
  });

  it.each([
    ['IOC', 'limit', 'ORDER_IOC_REMAINDER'],
    ['FOK', 'limit', 'ORDER_FOK_NOT_FILLABLE'],
    ['IOC', 'market', 'ORDER_LIQUIDITY_NONE'],
  ] as const)('of an order that cannot rest: %s %s', (timeInForce, type, reason) => {
    const market = TestMarket.open();
    const words = { timeInForce, type, displayLots: 1 };
    expect(market.sell(ALICE, 100, 1_000, words)).toMatchObject([{ status: 'expired', reason }]);
  });
});

describe('an iceberg', () => {
  it('opens with all that remains, and shows a part of it', () => {
    const market = TestMarket.open();
    expect(market.sell(ALICE, 100, 10, { ...SHOWS_3, postOnly: true }).map(brief)).toEqual([
      'opened 10@100',
    ]);
    expect(market.depth().asks).toEqual([[100, 3]]);
    expect(market.book.touchedLevels()).toEqual([['sell', 100, 3]]);
    expect(market.lines('2')).toEqual([
      '2 1 s 100 10 10 GTC 1 cancel_taker 0 1000 2000 display 3 3',
    ]);
  });

  it('takes with its whole quantity, and shows of what is left', () => {
    const market = TestMarket.open();
    market.rest('buy', BOB, 100, 6);
    expect(market.sell(ALICE, 100, 10, SHOWS_3).map(brief)).toEqual([
      'trade 6@100',
      'ended 2 filled - 0',
      'opened 4@100',
    ]);
    expect(market.depth().asks).toEqual([[100, 3]]);
    market.buy(BOB, 100, 3);
    expect(market.depth().asks).toEqual([[100, 1]]);
  });

  it('shows less until that is used up, and then goes behind the others', () => {
    const market = withIceberg();
    market.rest('sell', BOB, 100, 4);
    market.buy(CAROL, 100, 2);
    expect(market.depth().asks).toEqual([[100, 5]]);
    expect(market.buy(CAROL, 100, 3)).toMatchObject([
      { quantityLots: 1, maker: { orderId: orderId(2), remainingLots: 7, holdMinor: '1' } },
      { quantityLots: 2, maker: { orderId: orderId(3), remainingLots: 2 } },
      { kind: 'ended', orderId: orderId(5), status: 'filled' },
    ]);
    expect(market.depth().asks).toEqual([[100, 5]]);
    expect(market.buy(CAROL, 100, 3).map(brief)).toEqual([
      'trade 2@100',
      'ended 3 filled - 0',
      'trade 1@100',
      'ended 6 filled - 0',
    ]);
    expect(market.lines('2')[0]).toContain(' 10 6 GTC 0 cancel_taker 0 1000 2000 display 2 3');
  });

  it('is refilled as often as one taker asks, the last time with what is left', () => {
    const market = withIceberg();
    const events = market.buy(BOB, 100, 12);
    expect(events.map(brief)).toEqual([
      'trade 3@100',
      'trade 3@100',
      'trade 3@100',
      'trade 1@100',
      'ended 2 filled - 0',
      'opened 2@100',
    ]);
    expect(events.slice(0, 4)).toMatchObject([
      { maker: { remainingLots: 7 } },
      { maker: { remainingLots: 4 } },
      { maker: { remainingLots: 1 } },
      { maker: { remainingLots: 0 } },
    ]);
    expect(market.depth()).toEqual({ bids: [[100, 2]], asks: [] });
  });

  it('changes its level when it is refilled, though the total is the same', () => {
    const market = withIceberg();
    market.book.clearTouched();
    market.buy(BOB, 100, 3);
    expect(market.book.touchedLevels()).toEqual([['sell', 100, 3]]);
  });

  it('ends with all that remains', () => {
    const market = withIceberg();
    market.buy(BOB, 100, 4);
    expect(market.cancel(ALICE, 2, { onlyIf: 'new' }).map(brief)).toEqual([
      'refused ORDER_CANCEL_CONDITION_UNMET',
    ]);
    expect(market.cancel(ALICE, 2, { onlyIf: 'partially_filled' })).toMatchObject([
      { kind: 'ended', cancelledLots: 6, releaseMinor: '6' },
    ]);
    expect(market.depth().asks).toEqual([]);
  });

  it('comes back from a saved state with what it shows and where it stands', () => {
    const market = withIceberg();
    market.rest('sell', BOB, 100, 4);
    market.buy(CAROL, 100, 1);
    const reloaded = market.reload();
    const events = market.buy(CAROL, 100, 12);
    expect(reloaded.buy(CAROL, 100, 12)).toEqual(events);
    expect(events.map(brief).filter((line) => line.startsWith('trade'))).toEqual([
      'trade 2@100',
      'trade 4@100',
      'trade 3@100',
      'trade 3@100',
    ]);
  });

  it('is one as well when it has waited', () => {
    const market = TestMarket.open();
    market.rest('sell', BOB, 100, 1);
    market.buy(CAROL, 100, 1);
    const trigger = { kind: 'take_profit', priceTicks: 105 } as const;
    market.sell(ALICE, 110, 10, { ...SHOWS_3, trigger });
    market.rest('sell', BOB, 105, 1);
    expect(market.reload().buy(CAROL, 105, 1).map(brief)).toContain('opened 10@110');
    market.buy(CAROL, 105, 1);
    expect(market.depth().asks).toEqual([[110, 3]]);
  });
});

describe('an iceberg that meets its owner', () => {
  const meet = (selfTradePrevention: 'cancel_maker' | 'cancel_both' | 'decrement', lots: number) =>
    withIceberg().buy(ALICE, 100, lots, { selfTradePrevention }).map(brief);

  it('ends with what it hides', () => {
    expect(meet('cancel_maker', 5)).toEqual([
      'prevented 0/10@100',
      `ended 2 cancelled ${PREVENTED} 10`,
      'opened 5@100',
    ]);
    expect(meet('cancel_both', 5)).toEqual([
      'prevented 5/10@100',
      `ended 2 cancelled ${PREVENTED} 10`,
      `ended 3 cancelled ${PREVENTED} 5`,
    ]);
  });

  it('is decremented by what it shows, and refilled', () => {
    expect(meet('decrement', 5)).toEqual([
      'prevented 3/3@100',
      'reduced 2 by 3 to 7',
      'reduced 3 by 3 to 2',
      'prevented 2/2@100',
      'reduced 2 by 2 to 5',
      'reduced 3 by 2 to 0',
      `ended 3 cancelled ${PREVENTED} 0`,
    ]);
  });

  it('is decremented to its end', () => {
    const lines = meet('decrement', 11);
    expect(lines.filter((line) => line.startsWith('prevented'))).toEqual([
      'prevented 3/3@100',
      'prevented 3/3@100',
      'prevented 3/3@100',
      'prevented 1/1@100',
    ]);
    expect(lines.slice(-2)).toEqual([`ended 2 cancelled ${PREVENTED} 0`, 'opened 1@100']);
  });
});

describe('fill-or-kill against icebergs', () => {
  const FOK = { timeInForce: 'FOK' } as const;

  it('counts what they hide', () => {
    const market = withIceberg();
    market.rest('sell', BOB, 100, 2);
    expect(market.buy(CAROL, 100, 13, FOK).map(brief)).toEqual([
      'ended 4 expired ORDER_FOK_NOT_FILLABLE 13',
    ]);
    const trades = market.buy(CAROL, 100, 12, FOK).map(brief);
    expect(trades).toEqual([
      'trade 3@100',
      'trade 2@100',
      'ended 3 filled - 0',
      'trade 3@100',
      'trade 3@100',
      'trade 1@100',
      'ended 2 filled - 0',
      'ended 5 filled - 0',
    ]);
  });

  it('counts it behind an own order at the price', () => {
    const market = withIceberg();
    market.rest('sell', CAROL, 100, 1);
    expect(market.buy(CAROL, 100, 4, FOK).map(brief)).toEqual([
      'ended 4 expired ORDER_FOK_NOT_FILLABLE 4',
    ]);
    expect(market.buy(CAROL, 100, 3, FOK).map(brief)).toContain('ended 5 filled - 0');
    const skips = { ...FOK, selfTradePrevention: 'cancel_maker' } as const;
    expect(market.buy(CAROL, 100, 7, skips).map(brief).at(-1)).toBe('ended 6 filled - 0');
  });
});

describe('an amend of an iceberg', () => {
  it('that keeps its place goes on to show what it shows', () => {
    const market = withIceberg();
    market.buy(BOB, 100, 2);
    market.book.clearTouched();
    expect(market.amend(ALICE, 2, 100, 6).map(brief)).toEqual(['amended 4@100 kept']);
    expect(market.depth().asks).toEqual([[100, 1]]);
    // What it hides is in no depth.
    expect(market.book.touchedLevels()).toEqual([]);
  });

  it('that keeps its place shows no more than remains', () => {
    const market = withIceberg();
    expect(market.amend(ALICE, 2, 100, 2).map(brief)).toEqual(['amended 2@100 kept']);
    expect(market.depth().asks).toEqual([[100, 2]]);
    expect(market.buy(BOB, 100, 2).map(brief)).toContain('ended 2 filled - 0');
  });

  it('that loses its place shows anew, as much as it showed at first', () => {
    const market = withIceberg();
    market.rest('sell', BOB, 100, 4);
    market.buy(CAROL, 100, 2);
    expect(market.amend(ALICE, 2, 100, 12).map(brief)).toEqual(['amended 10@100', 'opened 10@100']);
    expect(market.depth().asks).toEqual([[100, 7]]);
    expect(market.buy(CAROL, 100, 4).map(brief)).toContain('ended 3 filled - 0');
  });

  it('that takes does so with the whole of it', () => {
    const market = withIceberg();
    market.rest('buy', BOB, 98, 6);
    expect(market.amend(ALICE, 2, 98, 10).map(brief)).toEqual([
      'amended 10@98',
      'trade 6@98',
      'ended 3 filled - 0',
      'opened 4@98',
    ]);
    expect(market.depth().asks).toEqual([[98, 3]]);
  });
});
