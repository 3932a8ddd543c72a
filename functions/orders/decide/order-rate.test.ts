// How many orders and amends an account may have accepted in a market within one window.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limit } from '../../../shared/domain/risk-limits.ts';
import { ERROR_CODES, isRejection } from '../../../shared/domain/rejection.ts';
import { listOf, PROFIT, STOP, WORKING } from '../list-fixture.ts';
import { RESTING, termsWith } from '../terms-fixture.ts';
import { BatchDecision } from './batch.ts';
import type { Intent, PlaceIntent } from './intent.ts';
import { NO_RISK, type RiskReads } from './risk.ts';
import { expandWide, termsKey } from './touched.ts';

const MARKET = 'BTC-USD';
const OTHER = 'ETH-USD';
const START_MS = Date.parse('2026-03-31T12:00:00Z');
const NOW_MS = START_MS + 2_001;
const REFUSED = 'RISK_ORDER_RATE_EXCEEDED';

function order(change: Partial<PlaceIntent['body']> = {}, userNumber = 1): PlaceIntent {
  const limit = { side: 'buy', type: 'limit', price: '30000', quantity: '0.5' } as const;
  const body = { market: MARKET, ...limit, ...change };
  return { kind: 'place', userNumber, body, keys: [], requestHash: 'aa' };
}

const replacement: Intent = {
  ...order(),
  replaces: { orderNumber: RESTING.orderNumber, onFailure: 'stop', onlyIf: null },
};
const OWN = { userNumber: 1, orderNumber: RESTING.orderNumber } as const;
const amend: Intent = { kind: 'amend', ...OWN, body: { quantity: '0.6' } };
const smaller: Intent = { kind: 'amend', ...OWN, body: { quantity: '0.4' } };
const cancels: Intent[] = [
  { kind: 'cancel', ...OWN, onlyIf: null },
  { kind: 'cancel_all', userNumber: 1, market: MARKET, side: null },
  { kind: 'cancel_all_after', userNumber: 1, market: MARKET, seconds: 0 },
];

function limit(value: string, userNumber = 1, scope = MARKET): Limit {
  return { userNumber, scope, name: 'orders_per_10s_max', value };
}

function window(orders: number, startMs = START_MS): RiskReads['windows'][number] {
  return { userNumber: 1, market: MARKET, startMs, orders };
}

function decideAll(intents: readonly Intent[], risk: Partial<RiskReads>, wholes = new Map()) {
  const numbers = Array.from({ length: 5 * intents.length }, (_, at) => 100 + at);
  const reads = { ...NO_RISK, ...risk };
  const context = { nowMs: NOW_MS, numbers, openCounts: [], keys: [], risk: reads };
  const terms = new Map(
    [1, 2].flatMap((user) =>
      ([MARKET, OTHER] as const).map((market) => {
        const own = termsWith();
        const config = { ...own.config, market };
        return [termsKey(user, market), { ...own, config }] as const;
      }),
    ),
  );
  const orders = new Map([[RESTING.orderNumber, RESTING]]);
  const batch = new BatchDecision(context, terms, orders, 100);
  batch.sizeAll(intents);
  const plan = { wide: expandWide(intents, [], []), allOrNone: wholes };
  return batch.decideAll(intents, () => 10n ** 30n, plan);
}

/** What becomes of each: its kind, or the code of its refusal. */
function decide(...given: Parameters<typeof decideAll>): string[] {
  return decideAll(...given).decisions.map((each) => (isRejection(each) ? each.code : each.kind));
}

describe('who has used up the window', () => {
  const full = { limits: [limit('3')], windows: [window(3)] };
  const list = listOf('oco', [PROFIT, STOP]);

  it.each<[string, Intent]>([
    ['order', order()],
    ['amend', amend],
    ['amend that makes the order smaller', smaller],
    ['order in the place of another', replacement],
    ['list', list],
  ])('has his %s refused', (_name, intent) => {
    expect(decide([intent], full)).toEqual([REFUSED]);
    expect(decideAll([intent], full)).toMatchObject({ placed: [], amends: [], lists: [] });
  });

  it('is told the limit, the window, and when to come again', () => {
    expect(ERROR_CODES[REFUSED].status).toBe(429);
    expect(decideAll([order()], full).decisions).toMatchObject([
      {
        detail:
          'orders_per_10s_max is 3; it would be 4 orders ' +
          'from 2026-03-31T12:00:00.000Z to 2026-03-31T12:00:10.000Z',
        retryAfterSeconds: 8,
      },
    ]);
  });

  it('is told first what will not pass by waiting', () => {
    const more: Limit = { ...limit('0.1'), name: 'order_quantity_max' };
    const both = { ...full, limits: [limit('3'), more] };
    expect(decide([order()], both)).toEqual(['RISK_ORDER_QUANTITY_TOO_LARGE']);
    expect(decide([order({ price: '1.001' })], full)).toEqual(['ORDER_PRICE_OFF_TICK']);
  });

  it('may cancel whatever he likes, and others may trade', () => {
    expect(decide(cancels, full)).toEqual(['changing', 'cancelling_all', 'deadline_set']);
    expect(decide(cancels, { limits: [limit('0')] })).not.toContain(REFUSED);
    expect(decide([order({}, 2), order({ market: OTHER })], full)).toEqual(['placed', 'placed']);
  });

  it('waits for the end of the window that another instance has begun already', () => {
    const ahead = { limits: [limit('3')], windows: [window(3, START_MS + 10_000)] };
    expect(decideAll([order()], ahead).decisions).toMatchObject([
      { code: REFUSED, retryAfterSeconds: 18 },
    ]);
  });

  it('has the more particular limit hold', () => {
    const limits = [limit('1', 0, '*'), limit('2', 0), limit('3', 1, '*'), limit('4')];
    const fits = [4, 3, 2, 1].map((held) => {
      const decisions = decide(
        [1, 2, 3, 4, 5].map(() => order()),
        {
          limits: limits.slice(0, held),
        },
      );
      return decisions.filter((each) => each === 'placed').length;
    });
    expect(fits).toEqual([4, 3, 2, 1]);
  });
});

describe('a request with more than the window has left', () => {
  it('is refused from there on', () => {
    const all = [order(), amend, order(), ...cancels];
    const left = { limits: [limit('3')], windows: [window(1)] };
    expect(decide(all, left).slice(0, 4)).toEqual(['placed', 'changing', REFUSED, 'changing']);
  });

  it('is refused whole where it is all or nothing, and uses nothing then', () => {
    const all = [order(), order(), order(), order(), order()];
    const left = { limits: [limit('3')], windows: [window(1)] };
    expect(decide(all, left, new Map([[0, 3]]))).toEqual([
      'ORDER_BATCH_REFUSED',
      'ORDER_BATCH_REFUSED',
      REFUSED,
      'placed',
      'placed',
    ]);
  });

  it('is refused whole where it is a list, and uses nothing then', () => {
    const list = listOf('otoco', [WORKING, PROFIT, STOP]);
    const left = { limits: [limit('4')], windows: [window(1)] };
    const oco = listOf('oco', [PROFIT, STOP]);
    expect(decide([list, order()], left)).toEqual(['list_placed', REFUSED]);
    expect(decide([order(), list, oco, order()], left)).toEqual([
      'placed',
      REFUSED,
      'list_placed',
      REFUSED,
    ]);
    expect(decideAll([order(), list], left).decisions[1]).toMatchObject({
      errors: [{ path: '/orders/2', code: REFUSED }],
    });
  });

  it('is not counted for what is refused otherwise', () => {
    const off = order({ price: '1.001' });
    expect(decide([off, off, order()], { limits: [limit('1')] })).toEqual([
      'ORDER_PRICE_OFF_TICK',
      'ORDER_PRICE_OFF_TICK',
      'placed',
    ]);
  });

  it('never has more accepted than that, whatever it is made of', () => {
    const oto = listOf('oto', [WORKING, STOP]);
    const kinds = fc.constantFrom<Intent>(order(), replacement, oto, amend, ...cancels);
    const run = fc.array(kinds, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(run, fc.nat(20), fc.nat(20), (intents, max, before) => {
        const risk = { limits: [limit(String(max))], windows: [window(before)] };
        const { placed, amends } = decideAll(intents, risk);
        expect(placed.length + amends.length).toBeLessThanOrEqual(Math.max(0, max - before));
      }),
    );
  });
});

describe('a window that is over', () => {
  it.each([
    ['ten seconds ago', START_MS - 10_000],
    ['long ago', 0],
    ['ahead, by a clock that was set back', START_MS + 20_000],
  ])('counts for nothing: it began %s', (_name, startMs) => {
    const risk = { limits: [limit('2')], windows: [window(9, startMs)] };
    expect(decide([order(), order(), order()], risk)).toEqual(['placed', 'placed', REFUSED]);
  });
});
