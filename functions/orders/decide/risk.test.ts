// Flags and limits, against amounts worked out by hand.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limit } from '../../../shared/domain/risk-limits.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import { RESTING, termsWith } from '../terms-fixture.ts';
import type { AcceptContext } from './accept-context.ts';
import { BatchDecision } from './batch.ts';
import type { Intent, PlaceIntent } from './intent.ts';
import { NO_RISK, type RiskReads } from './risk.ts';
import { termsKey } from './touched.ts';

const MARKET = 'BTC-USD';
const TERMS = termsWith();
const NOW_MS = Date.parse('2026-03-31T12:00:00Z');
const USER = 1;

function order(change: Partial<PlaceIntent['body']> = {}): PlaceIntent {
  const body = {
    market: MARKET,
    side: 'buy',
    type: 'limit',
    price: '30000',
    quantity: '0.5',
    ...change,
  } as const;
  return { kind: 'place', userNumber: USER, body, keys: [], requestHash: 'aa' };
}

function decideAll(intents: readonly Intent[], risk: Partial<RiskReads>) {
  const context: AcceptContext = {
    nowMs: NOW_MS,
    numbers: intents.map((_, at) => 100 + at),
    openCounts: [],
    keys: [],
    risk: { ...NO_RISK, ...risk },
  };
  const terms = new Map([[termsKey(USER, MARKET), TERMS]]);
  const batch = new BatchDecision(context, terms, new Map([[7, RESTING]]), 100);
  batch.sizeAll(intents);
  return batch.decideAll(intents, () => 10n ** 30n);
}

/** What becomes of each: its kind, or the code of its refusal. */
function decide(intents: readonly Intent[], risk: Partial<RiskReads>): string[] {
  return decideAll(intents, risk).decisions.map((each) =>
    isRejection(each) ? each.code : each.kind,
  );
}

function limit(name: Limit['name'], value: string, scope = MARKET, userNumber = USER): Limit {
  return { userNumber, scope, name, value };
}

const amend: Intent = {
  kind: 'amend',
  userNumber: USER,
  orderNumber: 7,
  body: { quantity: '0.6' },
};
const cancel: Intent = { kind: 'cancel', userNumber: USER, orderNumber: 7, onlyIf: null };
const cancelAll: Intent = { kind: 'cancel_all', userNumber: USER, market: MARKET, side: null };
const NO_ACCOUNT = { userNumber: USER, trading: true, frozen: false, tradeGroup: null };

describe('an account that is', () => {
  it.each([
    ['frozen', { ...NO_ACCOUNT, frozen: true }, 'ACCOUNT_FROZEN'],
    ['frozen and may not trade', { ...NO_ACCOUNT, frozen: true, trading: false }, 'ACCOUNT_FROZEN'],
    ['not allowed to trade', { ...NO_ACCOUNT, trading: false }, 'ACCOUNT_TRADING_DISABLED'],
  ])('%s places and amends nothing, but cancels', (_name, account, code) => {
    const all = [order(), order({ market: MARKET, price: '1.001' }), amend, cancel, cancelAll];
    expect(decide(all, { accounts: [account] })).toEqual([
      code,
      code,
      code,
      'changing',
      'cancelling_all',
    ]);
  });

  it('is asked about only where it is the caller’s', () => {
    const accounts = [{ ...NO_ACCOUNT, userNumber: 2, frozen: true }, NO_ACCOUNT];
    expect(decide([order()], { accounts })).toEqual(['placed']);
  });
});

describe('a limit of one order', () => {
  it.each<[string, Limit, Partial<PlaceIntent['body']>, string]>([
    ['quantity, reached', limit('order_quantity_max', '0.5'), {}, 'placed'],
    ['quantity', limit('order_quantity_max', '0.4999'), {}, 'RISK_ORDER_QUANTITY_TOO_LARGE'],
    [
      'finer than a lot',
      limit('order_quantity_max', '0.499999999999999999'),
      {},
      'RISK_ORDER_QUANTITY_TOO_LARGE',
    ],
    ['notional, reached', limit('order_notional_max', '15000'), {}, 'placed'],
    ['notional', limit('order_notional_max', '14999.999999'), {}, 'RISK_ORDER_NOTIONAL_TOO_LARGE'],
    [
      'notional of a sell',
      limit('order_notional_max', '14999'),
      { side: 'sell' },
      'RISK_ORDER_NOTIONAL_TOO_LARGE',
    ],
    ['of another market', limit('order_quantity_max', '0', 'ETH-USD'), {}, 'placed'],
    ['of another user', limit('order_quantity_max', '0', MARKET, 2), {}, 'placed'],
    ['of everybody', limit('order_quantity_max', '0', '*', 0), {}, 'RISK_ORDER_QUANTITY_TOO_LARGE'],
  ])('%s', (_name, held, body, outcome) => {
    expect(decide([order(body)], { limits: [held] })).toEqual([outcome]);
  });

  const byAmount = { market: MARKET, side: 'buy', type: 'market' } as const;
  const market = { ...byAmount, quantity: '0.5' };

  it('takes a market order at the worse of its start and its protection', () => {
    const as = (body: PlaceIntent['body']): PlaceIntent => ({ ...order(), body });
    // 0.5 at 31,500; the sell has no other price than that it starts from.
    const held = (value: string) => ({ limits: [limit('order_notional_max', value)] });
    expect(decide([as(market)], held('15750'))).toEqual(['placed']);
    expect(decide([as(market)], held('15749'))).toEqual(['RISK_ORDER_NOTIONAL_TOO_LARGE']);
    const sell = as({ ...market, side: 'sell' });
    expect(decide([sell], held('14950'))).toEqual(['placed']);
    expect(decide([sell], held('14949'))).toEqual(['RISK_ORDER_NOTIONAL_TOO_LARGE']);
    const spend = as({ ...byAmount, quoteAmount: '600' });
    expect(decide([spend], held('600'))).toEqual(['placed']);
    expect(decide([spend], { limits: [limit('order_quantity_max', '0.0199')] })).toEqual([
      'RISK_ORDER_QUANTITY_TOO_LARGE',
    ]);
    expect(decide([spend], { limits: [limit('order_quantity_max', '0.02')] })).toEqual(['placed']);
  });

  it('names itself, its value, and what was asked', () => {
    const { decisions } = decideAll([order()], { limits: [limit('order_quantity_max', '0.10')] });
    expect(decisions[0]).toMatchObject({
      detail: 'order_quantity_max is 0.1; it would be 0.5 BTC',
    });
  });

  it('is the most particular one', () => {
    const limits = [
      limit('order_quantity_max', '4', '*', 0),
      limit('order_quantity_max', '3', MARKET, 0),
      limit('order_quantity_max', '2', '*'),
      limit('order_quantity_max', '1'),
    ];
    const two = [order({ quantity: '1' }), order({ quantity: '1.0001' })];
    expect(decide(two, { limits })).toEqual(['placed', 'RISK_ORDER_QUANTITY_TOO_LARGE']);
    // A user may be allowed more than everybody.
    expect(decide([order({ quantity: '2' })], { limits: limits.slice(0, 3) })).toEqual(['placed']);
    expect(decide([order({ quantity: '3' })], { limits: limits.slice(0, 2) })).toEqual(['placed']);
  });
});

describe('a limit of what is used', () => {
  const use = {
    userNumber: USER,
    market: MARKET,
    waitingOrders: 1,
    // 0.5 at 30,000, and 1,000 of an amount
    openTickLots: String(3_000_000n * 5_000n),
    openQuoteMinor: '1000000000',
    turnoverDay: '2026-03-31',
    turnoverMinor: '20000000000',
  };
  const position = {
    userNumber: USER,
    asset: 'BTC',
    totalMinor: '100000000',
    openBuysMinor: '50000000',
  };
  const stop = {
    trigger: { type: 'stop_loss', price: '29000' },
    side: 'sell',
    price: '28000',
  } as const;

  it.each<[string, Limit, Partial<PlaceIntent['body']>, string[]]>([
    [
      'counts what is open, and what the batch has added',
      limit('open_notional_max', '46000'),
      {},
      ['placed', 'placed', 'RISK_OPEN_NOTIONAL_EXCEEDED'],
    ],
    [
      'counts what was accepted today',
      limit('turnover_max', '49999.99'),
      {},
      ['placed', 'RISK_TURNOVER_EXCEEDED', 'RISK_TURNOVER_EXCEEDED'],
    ],
    [
      'counts what is had and bought',
      limit('position_max', '2.5', 'BTC'),
      {},
      ['placed', 'placed', 'RISK_POSITION_EXCEEDED'],
    ],
    [
      'lets sell, however much is had',
      limit('position_max', '0', 'BTC'),
      { side: 'sell' },
      ['placed', 'placed', 'placed'],
    ],
    [
      'counts orders that wait',
      limit('waiting_orders_max', '2'),
      stop,
      ['placed', 'RISK_WAITING_ORDERS_TOO_MANY', 'RISK_WAITING_ORDERS_TOO_MANY'],
    ],
    [
      'counts no others as waiting',
      limit('waiting_orders_max', '0'),
      {},
      ['placed', 'placed', 'placed'],
    ],
    [
      'counts open orders',
      limit('open_orders_max', '2'),
      {},
      ['placed', 'placed', 'ORDERS_OPEN_TOO_MANY'],
    ],
  ])('%s', (_name, held, body, outcomes) => {
    const risk = { limits: [held], uses: [use], positions: [position] };
    expect(decide([order(body), order(body), order(body)], risk)).toEqual(outcomes);
  });

  it('begins anew with the UTC day', () => {
    const uses = [{ ...use, turnoverDay: '2026-03-30' }];
    const limits = [limit('turnover_max', '15000')];
    expect(decide([order(), order()], { limits, uses })).toEqual([
      'placed',
      'RISK_TURNOVER_EXCEEDED',
    ]);
  });

  it('takes nothing for an order that is refused', () => {
    const limits = [limit('open_notional_max', '32000'), limit('order_quantity_max', '1')];
    const large = order({ quantity: '1.5' });
    expect(decide([large, order()], { limits, uses: [use] })).toEqual([
      'RISK_ORDER_QUANTITY_TOO_LARGE',
      'placed',
    ]);
  });

  it('counts an amend by what it adds, and never refuses one that takes away', () => {
    const smaller: Intent = { ...amend, body: { quantity: '0.4' } };
    const all = (name: Limit['name'], value: string, scope = MARKET) =>
      decide([amend], { limits: [limit(name, value, scope)], uses: [use], positions: [position] });
    expect(all('order_quantity_max', '0.5')).toEqual(['RISK_ORDER_QUANTITY_TOO_LARGE']);
    expect(all('order_notional_max', '17999')).toEqual(['RISK_ORDER_NOTIONAL_TOO_LARGE']);
    expect(all('open_notional_max', '18999')).toEqual(['RISK_OPEN_NOTIONAL_EXCEEDED']);
    expect(all('open_notional_max', '19000')).toEqual(['changing']);
    expect(all('turnover_max', '22999')).toEqual(['RISK_TURNOVER_EXCEEDED']);
    expect(all('turnover_max', '23000')).toEqual(['changing']);
    expect(all('position_max', '1.5999', 'BTC')).toEqual(['RISK_POSITION_EXCEEDED']);
    const nothing = [
      limit('order_quantity_max', '0'),
      limit('order_notional_max', '0'),
      limit('open_notional_max', '0'),
      limit('turnover_max', '0'),
      limit('position_max', '0', 'BTC'),
    ];
    expect(decide([smaller], { limits: nothing })).toEqual(['changing']);
  });

  it('is never passed by a batch, however it is cut', () => {
    const orders = fc.array(
      fc.record({
        lots: fc.integer({ min: 1, max: 20_000 }),
        dollars: fc.integer({ min: 1, max: 60_000 }),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(orders, fc.integer({ min: 0, max: 2_000_000 }), (asked, dollars) => {
        const intents = asked.map((each) =>
          order({ quantity: (each.lots / 10_000).toFixed(4), price: String(each.dollars) }),
        );
        const { placed } = decideAll(intents, { limits: [limit('turnover_max', String(dollars))] });
        const sum = placed.reduce((all, each) => all + each.notionalMinor, 0n);
        expect(sum).toBeLessThanOrEqual(BigInt(dollars) * 1_000_000n);
      }),
    );
  });
});
