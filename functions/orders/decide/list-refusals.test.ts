// Order lists that are refused, and who is to blame: nothing of them is written then.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { ListType } from '../schema/order-lists.ts';
import {
  BTC,
  BUY_HIGH,
  BUY_LOW,
  PROFIT,
  SELL,
  STOP,
  TAKE,
  TRAIL,
  WORKING,
} from '../list-fixture.ts';
import { decideAll, decideList, listOf, type Body, type World } from '../list-fixture.ts';
import { NO_RISK, type RiskReads } from './risk.ts';

function blamed(type: ListType, orders: readonly Body[], world: World = {}) {
  const { draft, decision } = decideList(type, orders, world);
  if (!isRejection(decision)) throw new Error('the list was not refused');
  const left = [draft.placed, draft.lists, draft.keys, draft.holds, [...draft.commands]];
  expect(left).toEqual([[], [], [], [], []]);
  return `${decision.code} ${decision.errors?.map(({ path }) => path).join() ?? ''}`.trim();
}

describe('a list of orders that must be refused', () => {
  it.each<[string, ListType, readonly Body[], string]>([
    ['one order as a pair', 'oco', [PROFIT], '/orders'],
    ['three orders as a pair', 'oco', [WORKING, PROFIT, STOP], '/orders'],
    ['a pair behind a working order as one', 'oto', [WORKING, PROFIT, STOP], '/orders'],
    ['half a pair behind a working order', 'otoco', [WORKING, STOP], '/orders'],
    [
      'a quote amount',
      'oto',
      [WORKING, { side: 'sell', type: 'market', quoteAmount: '5' }],
      '/orders/1/quoteAmount',
    ],
    [
      'two orders of one name',
      'oco',
      [PROFIT, STOP].map((order) => ({ ...order, clientOrderId: 'mine' })),
      '/orders/1/clientOrderId',
    ],
    [
      'a market order as the working one',
      'oto',
      [{ side: 'buy', type: 'market', quantity: '1' }, STOP],
      '/orders/0/type',
    ],
    [
      'a working order that waits itself',
      'otoco',
      [{ ...WORKING, trigger: { type: 'take_profit', price: '29000' } }, PROFIT, STOP],
      '/orders/0/trigger',
    ],
    ['a pair of both sides', 'oco', [PROFIT, { ...STOP, side: 'buy' }], '/orders/1/side'],
    ['a pair of two quantities', 'oco', [PROFIT, { ...STOP, quantity: '2' }], '/orders/1/quantity'],
    [
      'a pending pair of two quantities',
      'otoco',
      [WORKING, PROFIT, { ...STOP, quantity: '1.0001' }],
      '/orders/2/quantity',
    ],
    [
      'a pegged order of a pair',
      'oco',
      [{ ...PROFIT, peg: { to: 'same' } }, STOP],
      '/orders/0/peg',
    ],
    ['an order that takes, in a pair', 'oco', [{ ...PROFIT, postOnly: false }, STOP], '/orders/0'],
    [
      'a market order without a trigger in a pair',
      'oco',
      [STOP, { ...SELL, type: 'market' }],
      '/orders/1',
    ],
    ['two orders against the position', 'oco', [STOP, TRAIL], '/orders/1'],
    ['two orders for it', 'otoco', [WORKING, PROFIT, TAKE], '/orders/2'],
    ['two plain orders', 'oco', [PROFIT, PROFIT], '/orders/1'],
  ])('is refused for %s', (_name, type, orders, path) => {
    expect(blamed(type, orders)).toBe(`ORDER_LIST_INVALID ${path}`);
  });

  it.each<[string, ListType, readonly Body[], string]>([
    ['no price', 'oto', [WORKING, { ...STOP, type: 'limit' }], 'ORDER_PRICE_REQUIRED /orders/1'],
    [
      'off the tick',
      'oco',
      [{ ...PROFIT, price: '0.001' }, STOP],
      'ORDER_PRICE_OFF_TICK /orders/0',
    ],
    [
      'a trigger price off the tick',
      'otoco',
      [WORKING, PROFIT, { ...STOP, trigger: { type: 'stop_loss', price: '0.001' } }],
      'ORDER_TRIGGER_PRICE_OFF_TICK /orders/2',
    ],
    [
      'a post-only leg that cannot rest',
      'oco',
      [STOP, { ...PROFIT, timeInForce: 'IOC' }],
      'ORDER_POST_ONLY_NOT_ALLOWED /orders/1',
    ],
    [
      'an expiry in the past',
      'oto',
      [{ ...WORKING, timeInForce: 'GTD', expiresAt: '2020-01-01T00:00:00Z' }, STOP],
      'ORDER_EXPIRY_IN_PAST /orders/0',
    ],
    [
      'a pegged market order',
      'oto',
      [WORKING, { ...STOP, peg: { to: 'same' } }],
      'ORDER_PEG_NOT_ALLOWED /orders/1',
    ],
    ['nothing', 'oco', [PROFIT, { ...STOP, quantity: '0' }], 'ORDER_QUANTITY_TOO_SMALL /orders/1'],
  ])('is refused for an order of %s, as that order is alone', (_name, type, orders, blame) => {
    expect(blamed(type, orders)).toBe(blame);
  });

  it.each<[string, World, string]>([
    ['moves', { terms: { isMoving: true } }, 'MARKET_MOVING'],
    ['is halted', { terms: { status: 'halted' } }, 'MARKET_HALTED /orders/0'],
    ['takes no market orders', { terms: { status: 'limit_only' } }, 'MARKET_LIMIT_ONLY /orders/1'],
    ['collects', { terms: { status: 'auction' } }, 'MARKET_AUCTION /orders/0'],
  ])('is refused while the market %s', (_name, world, blame) => {
    expect(blamed('oco', [PROFIT, STOP], world)).toBe(blame);
  });

  it('is refused where there is no market', () => {
    const list = listOf('oco', [PROFIT, STOP], { market: 'XXX-USD' });
    expect(decideAll([list]).decisions).toMatchObject([{ code: 'MARKET_NOT_FOUND' }]);
  });

  it('is refused to an account that may not trade', () => {
    const orders = [PROFIT, STOP];
    expect(blamed('oco', orders, { context: { blockedUsers: [1] } })).toBe('ACCOUNT_BLOCKED');
    const account = { userNumber: 1, trading: true, frozen: true, tradeGroup: null };
    const risk = { ...NO_RISK, accounts: [account] };
    expect(blamed('oco', orders, { context: { risk } })).toBe('ACCOUNT_FROZEN');
  });

  it('is refused when not all of its orders may be open', () => {
    const openCounts = [{ userNumber: 1, market: BTC, openOrders: 98 }];
    const world = { context: { openCounts } };
    expect(blamed('otoco', [WORKING, PROFIT, STOP], world)).toBe('ORDERS_OPEN_TOO_MANY');
    expect(decideList('oco', [PROFIT, STOP], world).decision).toMatchObject({
      kind: 'list_placed',
    });
  });

  it('is refused when what there is does not cover all that it holds', () => {
    // A buy at 30,000, and another at no more than 32,000 and five per cent.
    const [working, higher] = [30_000_000_000n, 33_600_000_000n];
    const short = { USD: working + higher - 1n };
    const orders = [WORKING, BUY_LOW, BUY_HIGH];
    expect(blamed('otoco', orders, { available: short })).toBe('ORDER_FUNDS_INSUFFICIENT');
    const enough = decideList('otoco', orders, { available: { USD: working + higher } });
    expect(enough.decision).toMatchObject({ kind: 'list_placed' });
    const world = { available: { USD: working, BTC: 99_999_999n } };
    expect(blamed('oto', [WORKING, STOP], world)).toBe('ORDER_FUNDS_INSUFFICIENT');
  });
});

describe('a list of an account with limits', () => {
  const limited = (name: RiskReads['limits'][number]['name'], value: string, scope = '*') => {
    const limits = [{ userNumber: 1, scope, name, value }];
    const account = { userNumber: 1, trading: true, frozen: false, tradeGroup: 7 };
    return { context: { risk: { ...NO_RISK, accounts: [account], limits } } };
  };

  it('is refused by the first order that exceeds one, and uses nothing then', () => {
    const world = limited('waiting_orders_max', '2');
    const both = listOf('otoco', [WORKING, PROFIT, STOP]);
    const draft = decideAll([both, both], world);
    expect(draft.decisions).toMatchObject([
      { kind: 'list_placed' },
      { code: 'RISK_WAITING_ORDERS_TOO_MANY', errors: [{ path: '/orders/1' }] },
    ]);
    const one = limited('waiting_orders_max', '1');
    expect(blamed('otoco', [WORKING, PROFIT, STOP], one)).toBe(
      'RISK_WAITING_ORDERS_TOO_MANY /orders/2',
    );
    const after = decideAll([both, listOf('oco', [PROFIT, STOP])], one);
    expect(after.decisions[1]).toMatchObject({ kind: 'list_placed' });
  });

  it.each<[string, World, string]>([
    [
      'order_quantity_max',
      limited('order_quantity_max', '0.9'),
      'RISK_ORDER_QUANTITY_TOO_LARGE /orders/0',
    ],
    ['turnover_max', limited('turnover_max', '60000'), 'RISK_TURNOVER_EXCEEDED /orders/2'],
    [
      'open_notional_max',
      limited('open_notional_max', '60000'),
      'RISK_OPEN_NOTIONAL_EXCEEDED /orders/2',
    ],
    ['position_max', limited('position_max', '2', 'BTC'), 'RISK_POSITION_EXCEEDED /orders/2'],
    [
      'orders_per_10s_max',
      limited('orders_per_10s_max', '2'),
      'RISK_ORDER_RATE_EXCEEDED /orders/2',
    ],
  ])('counts each of its orders: %s', (_name, world, blame) => {
    expect(blamed('otoco', [WORKING, BUY_LOW, BUY_HIGH], world)).toBe(blame);
  });
});
