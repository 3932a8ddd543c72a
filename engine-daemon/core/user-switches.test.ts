// The dead-man switch of a user and the kill switch of the operator: docs/engine.md,
// "cancel_all_after" and "block_user".
import { describe, expect, it } from 'vitest';
import { userId } from '../../shared/domain/ids.ts';
import { COMMAND_WINDOW } from './command-window.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

const BY_DEADMAN = 'cancelled ORDER_CANCELLED_BY_DEADMAN';
const BY_OPERATOR = 'cancelled ORDER_CANCELLED_BY_OPERATOR';
const STOP_AT_90 = { trigger: { kind: 'stop_loss', priceTicks: 90 } } as const;

/** Last trade at 100; of Alice a buy (4), a stop (5) and a sell (7), of Bob a buy (6). */
function withOrders(): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', ALICE, 100, 1);
  market.buy(BOB, 100, 1);
  market.rest('buy', ALICE, 80, 4);
  market.sell(ALICE, 70, 5, STOP_AT_90);
  market.rest('buy', BOB, 81, 6);
  market.rest('sell', ALICE, 120, 7);
  return market;
}

describe('a switch is refused', () => {
  it('in a market that was never configured', () => {
    const market = new TestMarket();
    expect(market.cancelAllAfter(ALICE, 5)).toMatchObject([
      { kind: 'refused', reason: 'MARKET_NOT_FOUND', orderId: null, releaseMinor: '0' },
    ]);
    expect(market.block(ALICE).map(brief)).toEqual(['refused MARKET_NOT_FOUND']);
    market.configure({});
    expect(market.tick(5)).toEqual([]);
    market.rest('buy', ALICE, 100, 1);
  });

  it('when its number is too old to be known', () => {
    const market = TestMarket.open();
    market.place({ number: 2 * COMMAND_WINDOW });
    const head = { number: 3, timeMs: 0, userNumber: BOB };
    const refused = [{ userId: userId(BOB), orderId: null, reason: 'COMMAND_TOO_OLD' }];
    expect(market.apply({ kind: 'cancel_all_after', ...head, deadlineMs: 9 })).toMatchObject(
      refused,
    );
    expect(market.apply({ kind: 'block_user', ...head, isBlocked: true })).toMatchObject(refused);
    expect(market.lines('blocked', 'deadman')).toEqual([]);
  });

  it('with a deadline that is not to come, and keeps the one before', () => {
    const market = TestMarket.open();
    market.tick(100);
    expect(market.cancelAllAfter(ALICE, 200).map(brief)).toEqual(['deadman_set 200']);
    for (const deadlineMs of [100, 99, 0]) {
      expect(market.cancelAllAfter(ALICE, deadlineMs).map(brief)).toEqual([
        'refused DEADMAN_DEADLINE_PAST',
      ]);
    }
    expect(market.tick(200).map(brief)).toEqual(['deadman_fired 200']);
  });
});

describe('a dead-man deadline', () => {
  it('ends the orders of its user by rising number, resting and waiting, when its time comes', () => {
    const market = withOrders();
    expect(market.cancelAllAfter(ALICE, 500).map(brief)).toEqual(['deadman_set 500']);
    expect(market.book.nextDueMs).toBe(500);
    expect(market.tick(499)).toEqual([]);
    expect(market.tick(500).map(brief)).toEqual([
      'deadman_fired 500',
      `ended 4 ${BY_DEADMAN} 4`,
      `ended 5 ${BY_DEADMAN} 5`,
      `ended 7 ${BY_DEADMAN} 7`,
    ]);
    expect(market.depth()).toEqual({ bids: [[81, 6]], asks: [] });
    expect(market.book.nextDueMs).toBe(Infinity);
  });

  it('is gone once it has fired: what comes after it stays', () => {
    const market = TestMarket.open();
    market.cancelAllAfter(ALICE, 500);
    expect(market.place({ timeMs: 700 }).map(brief)).toEqual([
      'deadman_fired 500',
      'opened 10@100',
    ]);
    expect(market.tick(9_000)).toEqual([]);
  });

  it('takes the place of the one before, whether sooner or later', () => {
    const market = withOrders();
    market.cancelAllAfter(ALICE, 500);
    market.cancelAllAfter(ALICE, 900);
    expect(market.tick(899)).toEqual([]);
    market.cancelAllAfter(ALICE, 2_000);
    market.cancelAllAfter(ALICE, 1_000);
    expect(market.lines('deadman')).toEqual(['deadman 1 1000']);
    expect(market.tick(1_000).map(brief)[0]).toBe('deadman_fired 1000');
    expect(market.tick(2_000)).toEqual([]);
  });

  it('is taken away by null, whether there was one or not', () => {
    const market = withOrders();
    market.cancelAllAfter(ALICE, 500);
    expect(market.cancelAllAfter(ALICE, null)).toMatchObject([
      { kind: 'deadman_set', userId: userId(ALICE), deadlineMs: null },
    ]);
    expect(market.cancelAllAfter(ALICE, null).map(brief)).toEqual(['deadman_set -']);
    expect(market.book.nextDueMs).toBe(Infinity);
    expect(market.tick(500)).toEqual([]);
  });

  it('fires in order of (deadline, user number)', () => {
    const market = TestMarket.open();
    market.cancelAllAfter(CAROL, 500);
    market.cancelAllAfter(BOB, 400);
    market.cancelAllAfter(ALICE, 500);
    expect(market.tick(600)).toMatchObject([
      { kind: 'deadman_fired', userId: userId(BOB), deadlineMs: 400 },
      { kind: 'deadman_fired', userId: userId(ALICE), deadlineMs: 500 },
      { kind: 'deadman_fired', userId: userId(CAROL), deadlineMs: 500 },
    ]);
  });

  it('comes after orders that expire, however late those do', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 80, 4, { timeInForce: 'GTD', expiresAtMs: 600 });
    market.rest('buy', ALICE, 80, 5);
    market.cancelAllAfter(ALICE, 500);
    expect(market.tick(600).map(brief)).toEqual([
      'ended 2 expired ORDER_EXPIRED 4',
      'deadman_fired 500',
      `ended 3 ${BY_DEADMAN} 5`,
    ]);
  });

  it('is set and fires in every status, and by a blocked user', () => {
    const market = withOrders();
    market.setStatus('halted');
    market.cancelAllAfter(ALICE, 500);
    market.block(BOB);
    expect(market.cancelAllAfter(BOB, 600).map(brief)).toEqual(['deadman_set 600']);
    expect(market.reload().tick(600).map(brief)).toEqual([
      'deadman_fired 500',
      `ended 4 ${BY_DEADMAN} 4`,
      `ended 5 ${BY_DEADMAN} 5`,
      `ended 7 ${BY_DEADMAN} 7`,
      'deadman_fired 600',
    ]);
  });
});

describe('a user who is blocked', () => {
  it('loses all orders by rising number, resting and waiting, with their holds', () => {
    const market = withOrders();
    const events = market.block(ALICE);
    expect(events.map(brief)).toEqual([
      'user_blocked yes',
      `ended 4 ${BY_OPERATOR} 4`,
      `ended 5 ${BY_OPERATOR} 5`,
      `ended 7 ${BY_OPERATOR} 7`,
    ]);
    expect(events[1]).toMatchObject({ releaseMinor: '320' });
    expect(market.depth()).toEqual({ bids: [[81, 6]], asks: [] });
  });

  it('places nothing, before any other reason, and nobody else is kept from it', () => {
    const market = withOrders();
    market.block(ALICE);
    market.setStatus('halted');
    const refused = [{ status: 'rejected', reason: 'ACCOUNT_BLOCKED', releaseMinor: '1000' }];
    expect(market.place({})).toMatchObject(refused);
    expect(market.place(STOP_AT_90)).toMatchObject(refused);
    expect(market.buy(BOB, 100, 1)).toMatchObject([{ reason: 'MARKET_HALTED' }]);
  });

  it('may cancel, though there is nothing left', () => {
    const market = withOrders();
    market.block(ALICE);
    expect(market.cancel(ALICE, 4).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.cancelAll(ALICE).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.amend(ALICE, 4, 80, 1).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
  });

  it('stays so across a saved state, until the operator ends it', () => {
    const market = withOrders();
    market.block(BOB);
    market.block(ALICE);
    expect(market.lines('blocked')).toEqual(['blocked 1', 'blocked 2']);
    const reloaded = market.reload();
    expect(reloaded.place({})).toMatchObject([{ reason: 'ACCOUNT_BLOCKED' }]);
    expect(reloaded.block(ALICE, false).map(brief)).toEqual(['user_blocked no']);
    expect(reloaded.place({}).map(brief)).toEqual(['opened 10@100']);
    expect(reloaded.lines('blocked')).toEqual(['blocked 2']);
  });

  it('is told of each time, also when nothing changes', () => {
    const market = TestMarket.open();
    expect(market.block(ALICE, false).map(brief)).toEqual(['user_blocked no']);
    market.block(ALICE);
    expect(market.block(ALICE)).toMatchObject([
      { kind: 'user_blocked', commandNumber: 4, userId: userId(ALICE), isBlocked: true },
    ]);
  });

  it('is blocked in every status', () => {
    const market = withOrders();
    market.setStatus('closing');
    expect(market.block(ALICE).map(brief)).toHaveLength(4);
  });
});
