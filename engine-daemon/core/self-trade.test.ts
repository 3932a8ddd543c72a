// Self-trade prevention in all its modes.
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, TestMarket, brief } from './test-market.ts';

const PREVENTED = 'ORDER_SELF_TRADE_PREVENTED';

describe('an order that meets one of its owner', () => {
  const meet = (
    selfTradePrevention: 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'decrement' | 'none',
    lots: number,
  ) => {
    const market = TestMarket.open();
    market.rest('sell', BOB, 100, 2);
    market.rest('sell', ALICE, 100, 5);
    market.rest('sell', BOB, 100, 2);
    return market.buy(ALICE, 100, lots, { selfTradePrevention }).map(brief).slice(2);
  };

  it('cancel_taker: the taker ends', () => {
    expect(meet('cancel_taker', 9)).toEqual([
      'prevented 7/0@100',
      `ended 5 cancelled ${PREVENTED} 7`,
    ]);
  });

  it('cancel_maker: the maker ends and matching goes on', () => {
    expect(meet('cancel_maker', 9)).toEqual([
      'prevented 0/5@100',
      `ended 3 cancelled ${PREVENTED} 5`,
      'trade 2@100',
      'ended 4 filled - 0',
      'opened 5@100',
    ]);
  });

  it('cancel_both: the maker ends, then the taker', () => {
    expect(meet('cancel_both', 9)).toEqual([
      'prevented 7/5@100',
      `ended 3 cancelled ${PREVENTED} 5`,
      `ended 5 cancelled ${PREVENTED} 7`,
    ]);
  });

  it('decrement: the maker is used up, the taker goes on', () => {
    expect(meet('decrement', 9)).toEqual([
      'prevented 5/5@100',
      'reduced 3 by 5 to 0',
      'reduced 5 by 5 to 2',
      `ended 3 cancelled ${PREVENTED} 0`,
      'trade 2@100',
      'ended 4 filled - 0',
      'ended 5 filled - 0',
    ]);
  });

  it('decrement: the taker is used up, the maker stays', () => {
    expect(meet('decrement', 5)).toEqual([
      'prevented 3/3@100',
      'reduced 3 by 3 to 2',
      'reduced 5 by 3 to 0',
      `ended 5 cancelled ${PREVENTED} 0`,
    ]);
  });

  it('decrement: both are used up, the maker ends first', () => {
    expect(meet('decrement', 7)).toEqual([
      'prevented 5/5@100',
      'reduced 3 by 5 to 0',
      'reduced 5 by 5 to 0',
      `ended 3 cancelled ${PREVENTED} 0`,
      `ended 5 cancelled ${PREVENTED} 0`,
    ]);
  });

  it('none: it trades with itself', () => {
    expect(meet('none', 7)).toEqual(['trade 5@100', 'ended 3 filled - 0', 'ended 5 filled - 0']);
  });

  it('forgets an owner whose last order went, and knows it again when the taker rests', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    const words = { selfTradePrevention: 'cancel_maker' } as const;
    expect(market.buy(ALICE, 100, 9, words).map(brief)).toEqual([
      'prevented 0/5@100',
      `ended 2 cancelled ${PREVENTED} 5`,
      'opened 9@100',
    ]);
    expect(market.sell(ALICE, 100, 1).map(brief)).toEqual([
      'prevented 1/0@100',
      `ended 4 cancelled ${PREVENTED} 1`,
    ]);
  });
});
