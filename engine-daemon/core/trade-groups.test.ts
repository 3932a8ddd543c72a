// Users of one trade group are one owner to self-trade prevention: docs/engine.md, "Own orders".
import { describe, expect, it } from 'vitest';
import { orderId, userId } from '../../shared/domain/ids.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

const PREVENTED = 'ORDER_SELF_TRADE_PREVENTED';
const GROUP = { tradeGroup: 7 } as const;

/** Alice, of group 7, sells 5 lots at 100: order 2. */
function withMaker(): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', ALICE, 100, 5, GROUP);
  return market;
}

describe('orders of one group do not trade', () => {
  it('cancel_taker: the taker ends', () => {
    expect(withMaker().buy(BOB, 100, 3, GROUP)).toMatchObject([
      {
        kind: 'prevented',
        mode: 'cancel_taker',
        takerSide: 'buy',
        taker: { orderId: orderId(3), userId: userId(2), lots: 3 },
        maker: { orderId: orderId(2), userId: userId(1), lots: 0 },
      },
      {
        kind: 'ended',
        orderId: orderId(3),
        userId: userId(2),
        reason: PREVENTED,
        releaseMinor: '300',
      },
    ]);
  });

  it('cancel_maker: the order of the other user ends', () => {
    const market = withMaker();
    market.rest('sell', CAROL, 100, 1);
    const words = { ...GROUP, selfTradePrevention: 'cancel_maker' } as const;
    const events = market.buy(BOB, 100, 3, words);
    expect(events.map(brief)).toEqual([
      'prevented 0/5@100',
      `ended 2 cancelled ${PREVENTED} 5`,
      'trade 1@100',
      'ended 3 filled - 0',
      'opened 2@100',
    ]);
    expect(events[1]).toMatchObject({ userId: userId(1), releaseMinor: '5' });
  });

  it('decrement: both lose, each of its own hold', () => {
    const words = { ...GROUP, selfTradePrevention: 'decrement' } as const;
    expect(withMaker().buy(BOB, 101, 3, words)).toMatchObject([
      { kind: 'prevented', priceTicks: 100, taker: { lots: 3 }, maker: { lots: 3 } },
      { kind: 'reduced', userId: userId(1), remainingLots: 2, releaseMinor: '3' },
      { kind: 'reduced', userId: userId(2), remainingLots: 0, releaseMinor: '303' },
      { kind: 'ended', orderId: orderId(3), cancelledLots: 0, releaseMinor: '0' },
    ]);
  });

  it('none: they do', () => {
    const words = { ...GROUP, selfTradePrevention: 'none' } as const;
    expect(withMaker().buy(BOB, 100, 3, words).map(brief)).toContain('trade 3@100');
  });

  it('nor fill an order whole, unless it skips them', () => {
    const market = withMaker();
    market.rest('sell', CAROL, 100, 3);
    const fok = { ...GROUP, timeInForce: 'FOK' } as const;
    expect(market.buy(BOB, 100, 3, fok)).toMatchObject([{ reason: 'ORDER_FOK_NOT_FILLABLE' }]);
    const skips = { ...fok, selfTradePrevention: 'cancel_maker' } as const;
    expect(market.buy(BOB, 100, 4, skips)).toMatchObject([{ reason: 'ORDER_FOK_NOT_FILLABLE' }]);
    expect(market.buy(BOB, 100, 3, skips).map(brief)).toContain('trade 3@100');
  });
});

describe('orders trade', () => {
  it.each([
    ['of different groups', { tradeGroup: 8 }],
    ['when only one of them has a group', {}],
  ])('%s', (_, words) => {
    expect(withMaker().buy(BOB, 100, 3, words).map(brief)).toContain('trade 3@100');
  });

  it('when neither has a group', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    expect(market.buy(BOB, 100, 3).map(brief)).toContain('trade 3@100');
  });
});

describe('a group', () => {
  it('makes no two owners of one user', () => {
    expect(withMaker().buy(ALICE, 100, 3, { tradeGroup: 8 }).map(brief)).toContain(
      'prevented 3/0@100',
    );
  });

  it('stays with an order that is amended, and with one that has waited', () => {
    const market = withMaker();
    market.amend(ALICE, 2, 101, 6);
    market.rest('sell', CAROL, 100, 1);
    const trigger = { kind: 'stop_loss', priceTicks: 90 } as const;
    market.buy(CAROL, 100, 1, { selfTradePrevention: 'none' });
    market.rest('buy', CAROL, 90, 1);
    // Bob's order waits for 90 and then sells to whoever is of no group with him.
    market.sell(BOB, 80, 2, { ...GROUP, trigger });
    market.rest('buy', ALICE, 85, 2, GROUP);
    expect(market.buy(BOB, 101, 1, GROUP).map(brief)).toContain('prevented 1/0@101');
    expect(market.sell(4, 90, 1).map(brief).slice(-2)).toEqual([
      'prevented 2/0@85',
      `ended 7 cancelled ${PREVENTED} 2`,
    ]);
  });

  it('comes back from a saved state, the greatest number too', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5, { tradeGroup: 2_147_483_647 });
    expect(market.lines('2')[0]).toMatch(/ group 2147483647$/);
    expect(market.reload().buy(BOB, 100, 1, { tradeGroup: 2_147_483_647 }).map(brief)).toContain(
      'prevented 1/0@100',
    );
  });

  it('is gone with its order: the next one in its place has none', () => {
    const market = withMaker();
    market.cancel(ALICE, 2);
    market.rest('sell', ALICE, 100, 5);
    expect(market.buy(BOB, 100, 3, GROUP).map(brief)).toContain('trade 3@100');
  });
});
