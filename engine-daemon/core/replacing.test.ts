// Orders that take the place of another: docs/engine.md, "Replacing".
import { describe, expect, it } from 'vitest';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

type Replaces = NonNullable<PlaceCommand['replaces']>;

function replacing(orderNumber: number, words: Partial<Replaces> = {}): { replaces: Replaces } {
  return { replaces: { orderNumber, onFailure: 'stop', ...words } };
}

/** Alice buys 10 lots at 100: order 2. */
function withOrder(): TestMarket {
  const market = TestMarket.open();
  market.rest('buy', ALICE, 100, 10);
  return market;
}

describe('an order that replaces another is refused', () => {
  it('in a market that was never configured, whatever it asks', () => {
    const market = new TestMarket();
    const words = replacing(1, { onFailure: 'proceed' });
    expect(market.buy(ALICE, 100, 1, words).map(brief)).toEqual([
      'ended 1 rejected MARKET_NOT_FOUND 1',
    ]);
  });

  it('when that order is not there, or of another user, or itself', () => {
    const market = withOrder();
    expect(market.buy(ALICE, 101, 1, replacing(99))).toMatchObject([
      {
        kind: 'ended',
        status: 'rejected',
        reason: 'ORDER_REPLACE_CANCEL_FAILED',
        cancelledLots: 1,
        releaseMinor: '101',
      },
    ]);
    expect(market.buy(BOB, 101, 1, replacing(2)).map(brief)).toEqual([
      'ended 4 rejected ORDER_REPLACE_CANCEL_FAILED 1',
    ]);
    expect(market.buy(ALICE, 101, 1, { ...replacing(5), number: 5 }).map(brief)).toEqual([
      'ended 5 rejected ORDER_REPLACE_CANCEL_FAILED 1',
    ]);
    expect(market.depth().bids).toEqual([[100, 10]]);
  });

  it('when that order is not as it asks', () => {
    const market = withOrder();
    const stop = ['ended 3 rejected ORDER_REPLACE_CANCEL_FAILED 1'];
    const partly = replacing(2, { onlyIf: 'partially_filled' });
    expect(market.buy(ALICE, 101, 1, partly).map(brief)).toEqual(stop);
    market.sell(BOB, 100, 4);
    const untouched = replacing(2, { onlyIf: 'new' });
    expect(market.buy(ALICE, 101, 1, untouched)).toMatchObject([
      { reason: 'ORDER_REPLACE_CANCEL_FAILED' },
    ]);
    expect(market.buy(ALICE, 101, 1, partly).map(brief)).toEqual([
      'ended 2 cancelled ORDER_REPLACED 6',
      'opened 1@101',
    ]);
  });

  it('before it is for anything else', () => {
    const market = withOrder();
    market.setStatus('halted');
    expect(market.buy(ALICE, 101, 1, replacing(99))).toMatchObject([
      { reason: 'ORDER_REPLACE_CANCEL_FAILED' },
    ]);
    market.block(ALICE);
    expect(market.buy(ALICE, 101, 1, replacing(2))).toMatchObject([
      { reason: 'ORDER_REPLACE_CANCEL_FAILED' },
    ]);
    const proceed = replacing(2, { onFailure: 'proceed' });
    expect(market.buy(ALICE, 101, 1, proceed)).toMatchObject([{ reason: 'ACCOUNT_BLOCKED' }]);
  });
});

describe('an order replaces another', () => {
  it('which leaves with what is left of its hold', () => {
    const market = withOrder();
    market.sell(BOB, 100, 4);
    expect(market.buy(ALICE, 101, 10, replacing(2))).toMatchObject([
      { kind: 'ended', status: 'cancelled', cancelledLots: 6, releaseMinor: '600' },
      { kind: 'opened', priceTicks: 101, remainingLots: 10 },
    ]);
    expect(market.depth().bids).toEqual([[101, 10]]);
  });

  it('or goes on without it, if it may', () => {
    const market = withOrder();
    const words = { onFailure: 'proceed', onlyIf: 'partially_filled' } as const;
    expect(market.buy(ALICE, 101, 1, replacing(2, words)).map(brief)).toEqual(['opened 1@101']);
    expect(market.buy(ALICE, 102, 1, replacing(99, words)).map(brief)).toEqual(['opened 1@102']);
    expect(market.depth().bids).toEqual([
      [102, 1],
      [101, 1],
      [100, 10],
    ]);
  });

  it('and does not bring it back when it is refused itself', () => {
    const market = withOrder();
    market.setStatus('halted');
    expect(market.buy(ALICE, 101, 1, replacing(2)).map(brief)).toEqual([
      'ended 2 cancelled ORDER_REPLACED 10',
      'ended 4 rejected MARKET_HALTED 1',
    ]);
    expect(market.book.openOrders).toBe(0);
  });

  it('before it is matched: it does not meet it', () => {
    const market = withOrder();
    const postOnly = { ...replacing(2), postOnly: true };
    expect(market.sell(ALICE, 100, 1, postOnly).map(brief)).toEqual([
      'ended 2 cancelled ORDER_REPLACED 10',
      'opened 1@100',
    ]);
    const fok = { ...replacing(3), timeInForce: 'FOK' } as const;
    market.rest('sell', BOB, 101, 2);
    expect(market.buy(ALICE, 101, 2, fok).map(brief)).toEqual([
      'ended 3 cancelled ORDER_REPLACED 1',
      'trade 2@101',
      'ended 4 filled - 0',
      'ended 5 filled - 0',
    ]);
  });

  it('within the number of orders that a user may have', () => {
    const market = withOrder();
    market.configure({ maxOpenOrders: 1, maxWaitingOrders: 1 });
    market.rest('sell', CAROL, 110, 1);
    market.buy(BOB, 110, 1);
    const next = market.buy(ALICE, 99, 1, replacing(2)).map(brief);
    expect(next).toEqual(['ended 2 cancelled ORDER_REPLACED 10', 'opened 1@99']);
    const trigger = { kind: 'stop_loss', priceTicks: 90 } as const;
    market.sell(ALICE, 80, 1, { trigger });
    const more = { trigger, ...replacing(7) };
    expect(market.sell(ALICE, 80, 1, { trigger })).toMatchObject([
      { reason: 'ORDERS_WAITING_TOO_MANY' },
    ]);
    expect(market.sell(ALICE, 80, 1, more).map(brief)).toEqual([
      'ended 7 cancelled ORDER_REPLACED 1',
      'armed 9 stop_loss 90',
    ]);
  });

  it('that waits, with its whole hold', () => {
    const market = withOrder();
    market.sell(BOB, 100, 1);
    const trigger = { kind: 'stop_loss', priceTicks: 110 } as const;
    market.buy(ALICE, 120, 5, { trigger });
    expect(market.buy(ALICE, 120, 5, replacing(4, { onlyIf: 'partially_filled' }))).toMatchObject([
      { reason: 'ORDER_REPLACE_CANCEL_FAILED' },
    ]);
    expect(market.buy(ALICE, 90, 5, replacing(4, { onlyIf: 'new' }))).toMatchObject([
      { kind: 'ended', reason: 'ORDER_REPLACED', cancelledLots: 5, releaseMinor: '600' },
      { kind: 'opened' },
    ]);
  });
});

describe('an order with a trigger', () => {
  it('replaces when it is placed, and nothing when it is triggered', () => {
    const market = withOrder();
    market.sell(BOB, 100, 1);
    const trigger = { kind: 'stop_loss', priceTicks: 90 } as const;
    // Order 20 comes after it: it is not there yet, and it is there when the trigger is reached.
    const words = { trigger, ...replacing(20, { onFailure: 'proceed' }) };
    expect(market.sell(ALICE, 95, 1, words).map(brief)).toEqual(['armed 4 stop_loss 90']);
    expect(market.reload().book.openOrders).toBe(2);
    market.cancel(ALICE, 2);
    market.rest('sell', ALICE, 200, 1, { number: 20 });
    market.rest('sell', CAROL, 90, 1, { number: 21 });
    expect(market.buy(BOB, 90, 1, { number: 22 }).map(brief).slice(-2)).toEqual([
      'triggered 4 by 9',
      'opened 1@95',
    ]);
    expect(market.depth().asks).toEqual([
      [95, 1],
      [200, 1],
    ]);
  });
});
