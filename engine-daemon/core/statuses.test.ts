// What a market takes in each of its statuses, and cancels that ask for more than their order.
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, TestMarket, brief } from './test-market.ts';

const MARKET = { type: 'market', timeInForce: 'IOC' } as const;

describe('a post-only market', () => {
  function postOnly(): TestMarket {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    market.setStatus('post_only');
    return market;
  }

  it('takes post-only limit orders that do not take, and nothing else', () => {
    const market = postOnly();
    expect(market.buy(BOB, 99, 1)).toMatchObject([{ reason: 'MARKET_POST_ONLY' }]);
    expect(market.buy(BOB, 99, 1, { ...MARKET, postOnly: true })).toMatchObject([
      { status: 'rejected', reason: 'MARKET_POST_ONLY' },
    ]);
    expect(market.buy(BOB, 100, 1, { postOnly: true })).toMatchObject([
      { reason: 'ORDER_POST_ONLY_WOULD_TAKE' },
    ]);
    expect(market.buy(BOB, 99, 1, { postOnly: true }).map(brief)).toEqual(['opened 1@99']);
  });

  it('lets nothing trade by an amend, but takes those that do not', () => {
    const market = postOnly();
    const order = market.rest('buy', BOB, 90, 4, { postOnly: true });
    expect(market.amend(BOB, order, 100, 4).map(brief)).toEqual(['refused MARKET_POST_ONLY']);
    expect(market.amend(BOB, order, 99, 6).map(brief)).toEqual(['amended 6@99', 'opened 6@99']);
    expect(market.cancel(BOB, order).map(brief)).toEqual([
      `ended ${order} cancelled ORDER_CANCELLED_BY_USER 6`,
    ]);
  });
});

describe('a limit-only market', () => {
  it('takes limit orders that trade, and no market orders', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    market.setStatus('limit_only');
    expect(market.buy(BOB, 100, 1, MARKET)).toMatchObject([{ reason: 'MARKET_LIMIT_ONLY' }]);
    expect(market.buy(BOB, 100, 1).map(brief)).toContain('trade 1@100');
  });

  it('ends market orders that it triggers, as it ends others', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 5);
    market.buy(BOB, 100, 1);
    const trigger = { kind: 'stop_loss', priceTicks: 105 } as const;
    market.buy(BOB, 200, 3, { ...MARKET, trigger });
    market.setStatus('limit_only');
    market.cancelAll(ALICE);
    market.rest('sell', ALICE, 105, 1);
    expect(market.buy(BOB, 105, 1).map(brief).slice(-2)).toEqual([
      'triggered 4 by 9',
      'ended 4 rejected MARKET_LIMIT_ONLY 3',
    ]);
  });
});

describe('a cancel with a condition', () => {
  it('is carried out only on an order that is as it asks', () => {
    const market = TestMarket.open();
    const order = market.rest('sell', ALICE, 100, 5);
    const unmet = ['refused ORDER_CANCEL_CONDITION_UNMET'];
    expect(market.cancel(BOB, order, { onlyIf: 'new' }).map(brief)).toEqual([
      'refused ORDER_NOT_FOUND',
    ]);
    expect(market.cancel(ALICE, order, { onlyIf: 'partially_filled' }).map(brief)).toEqual(unmet);
    market.buy(BOB, 100, 2);
    expect(market.cancel(ALICE, order, { onlyIf: 'new' }).map(brief)).toEqual(unmet);
    expect(market.book.openOrders).toBe(1);
    expect(market.cancel(ALICE, order, { onlyIf: 'partially_filled' })).toMatchObject([
      { kind: 'ended', cancelledLots: 3 },
    ]);
  });

  it('takes an order that waits for new', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 1);
    market.buy(BOB, 100, 1);
    market.buy(BOB, 200, 3, { trigger: { kind: 'stop_loss', priceTicks: 105 } });
    expect(market.cancel(BOB, 4, { onlyIf: 'partially_filled' }).map(brief)).toEqual([
      'refused ORDER_CANCEL_CONDITION_UNMET',
    ]);
    expect(market.cancel(BOB, 4, { onlyIf: 'new' })).toMatchObject([{ kind: 'ended' }]);
  });
});

describe('cancel_all of one side', () => {
  it('leaves the other side, resting and waiting', () => {
    const market = TestMarket.open();
    market.rest('sell', BOB, 100, 1);
    market.buy(BOB, 100, 1, { selfTradePrevention: 'none' });
    const buy = market.rest('buy', ALICE, 90, 1);
    const sell = market.rest('sell', ALICE, 110, 1);
    const trigger = { kind: 'stop_loss', priceTicks: 105 } as const;
    market.buy(ALICE, 200, 3, { trigger });
    const ended = market.cancelAll(ALICE, { side: 'buy' }).map(brief);
    expect(ended).toEqual([
      `ended ${buy} cancelled ORDER_CANCELLED_BY_USER 1`,
      'ended 6 cancelled ORDER_CANCELLED_BY_USER 3',
    ]);
    expect(market.cancelAll(ALICE, { side: 'buy' }).map(brief)).toEqual([
      'refused ORDER_NOT_FOUND',
    ]);
    expect(market.cancel(ALICE, sell).map(brief)).toEqual([
      `ended ${sell} cancelled ORDER_CANCELLED_BY_USER 1`,
    ]);
  });
});
