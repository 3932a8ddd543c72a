// Markets that take only some orders, cancels with a condition and cancels of one side, computed
// by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import { Example, kinds, MARKET_ORDER, profit, stop } from './naive-example.ts';
import type { Execution } from './naive-events.ts';
import type { Cancel, Place, Side } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const rejected = (reason: string): string[] => [`ended rejected ${reason}`];
const CANCELLED = 'ended cancelled ORDER_CANCELLED_BY_USER';

describe('a post-only market', () => {
  beforeEach(() => {
    // Commands 2 and 3 trade at 95, so that orders can wait; 4 sells at 101, 5 buys at 99.
    example.tradeAt(95);
    example.rest('sell', 101);
    place({ userNumber: 2, priceTicks: 99 });
    example.configure({ version: 2 }, 'post_only');
  });

  test('takes limit orders that are post-only', () => {
    expect(kinds(place({ postOnly: true }))).toEqual(['opened']);
    expect(kinds(place({ postOnly: true, timeInForce: 'GTD', expiresAtMs: 9 }))).toEqual([
      'opened',
    ]);
    expect(kinds(place({ postOnly: true, timeInForce: 'IOC' }))).toEqual([
      'ended expired ORDER_IOC_REMAINDER',
    ]);
    expect(kinds(place({ postOnly: true, trigger: stop(96) }))).toEqual(['armed']);
  });

  test.each<Partial<Place>>([
    {},
    { priceTicks: 102 },
    { trigger: stop(96) },
    MARKET_ORDER,
    { ...MARKET_ORDER, trigger: profit(90) },
    { ...MARKET_ORDER, postOnly: true },
    { ...MARKET_ORDER, timeInForce: 'GTC', postOnly: true },
  ])('takes no other order: %j', (order) => {
    expect(place(order)).toMatchObject([
      {
        kind: 'ended',
        status: 'rejected',
        reason: 'MARKET_POST_ONLY',
        cancelledLots: 5,
        releaseMinor: '1503',
      },
    ]);
  });

  test('says so before the limits, and of a post-only order the usual', () => {
    expect(kinds(place({ quantityLots: 10_001 }))).toEqual(rejected('MARKET_POST_ONLY'));
    const postOnly = { postOnly: true };
    expect(kinds(place({ ...postOnly, quantityLots: 10_001 }))).toEqual(
      rejected('ORDER_QUANTITY_TOO_LARGE'),
    );
    expect(kinds(place({ ...postOnly, priceTicks: 101 }))).toEqual(
      rejected('ORDER_POST_ONLY_WOULD_TAKE'),
    );
  });

  test('takes amends of any order, but for those that would trade', () => {
    const amend = { userNumber: 2, orderNumber: 5, holdIncreaseMinor: '900' };
    for (const priceTicks of [101, 102]) {
      expect(example.amend({ ...amend, priceTicks, quantityLots: 5 })).toMatchObject([
        { kind: 'refused', reason: 'MARKET_POST_ONLY', releaseMinor: '900' },
      ]);
    }
    expect(kinds(example.amend({ ...amend, priceTicks: 100, quantityLots: 6 }))).toEqual([
      'amended',
      'opened',
    ]);
    expect(kinds(example.amend({ ...amend, priceTicks: 100, quantityLots: 5 }))).toEqual([
      'amended',
    ]);
  });

  test('refuses an amend after the limits and before what post-only and funds refuse', () => {
    place({ userNumber: 2, priceTicks: 98, postOnly: true });
    const reasonOf = (priceTicks: number, holdIncreaseMinor: string): unknown =>
      example.amend({ orderNumber: 7, priceTicks, quantityLots: 5, holdIncreaseMinor });
    expect(reasonOf(10_001, '0')).toMatchObject([{ reason: 'ORDER_PRICE_OUT_OF_BAND' }]);
    expect(reasonOf(101, '0')).toMatchObject([{ reason: 'MARKET_POST_ONLY' }]);
    expect(reasonOf(100, '0')).toMatchObject([{ reason: 'ORDER_FUNDS_INSUFFICIENT' }]);
  });

  test('counts own orders as ones that an amend would meet', () => {
    place({ userNumber: 8, priceTicks: 98, postOnly: true });
    const amend = { userNumber: 8, orderNumber: 7, priceTicks: 101, quantityLots: 5 };
    expect(example.amend({ ...amend, holdIncreaseMinor: '900' })).toMatchObject([
      { reason: 'MARKET_POST_ONLY' },
    ]);
  });
});

describe('a limit-only market', () => {
  const limitOnly = (): unknown => example.configure({ version: 2 }, 'limit_only');

  test('takes and trades limit orders, and no market orders', () => {
    example.rest('sell', 100, 9);
    limitOnly();
    expect(kinds(place({ quantityLots: 1 }))).toEqual(['trade', 'ended filled ']);
    const ioc = { timeInForce: 'IOC', quantityLots: 1 } as const;
    expect(kinds(place(ioc))).toEqual(['trade', 'ended filled ']);
    expect(kinds(place({ priceTicks: 99, postOnly: true }))).toEqual(['opened']);
    for (const order of [
      {},
      { timeInForce: 'FOK' },
      { timeInForce: 'GTC', postOnly: true },
      { quoteBudgetMinor: '700' },
      { quantityLots: 10_001 },
      { trigger: stop(101) },
    ] as const) {
      expect(kinds(place({ ...MARKET_ORDER, ...order }))).toEqual(rejected('MARKET_LIMIT_ONLY'));
    }
  });

  test('lets an order be amended into a trade', () => {
    example.rest('sell', 101, 9);
    place({ userNumber: 2 });
    limitOnly();
    const amend = { orderNumber: 3, priceTicks: 101, quantityLots: 5, holdIncreaseMinor: '16' };
    expect(kinds(example.amend(amend))).toEqual(['amended', 'trade', 'ended filled ']);
  });

  test('ends market orders that are triggered in it, and opens limit orders', () => {
    // Commands 2 and 3 trade at 100; 4 and 5 wait.
    example.tradeAt(100);
    place({ ...MARKET_ORDER, trigger: stop(101), holdMinor: '1700' });
    place({ priceTicks: 99, trigger: stop(101) });
    limitOnly();
    const events = example.tradeAt(101);
    expect(kinds(events)).toEqual([
      'trade',
      'ended filled ',
      'ended filled ',
      'triggered',
      ...rejected('MARKET_LIMIT_ONLY'),
      'triggered',
      'opened',
    ]);
    expect(events[4]).toMatchObject({ cancelledLots: 5, releaseMinor: '1700' });
    expect(book.waiting).toEqual([]);
  });
});

test('the state names the new statuses', () => {
  example.configure({ version: 2 }, 'post_only');
  expect(book.stateText()).toContain('\nversion 2 status post_only\n');
  expect(example.configure({ version: 3 }, 'limit_only')).toMatchObject([
    { kind: 'configured', version: 3, status: 'limit_only' },
  ]);
  expect(book.stateText()).toContain('\nversion 3 status limit_only\n');
});

describe('a cancel with a condition', () => {
  const cancel = (onlyIf: 'new' | 'partially_filled', more: Partial<Cancel> = {}) =>
    example.send({ kind: 'cancel', userNumber: 1, orderNumber: 2, onlyIf, ...more });
  const unmet = {
    kind: 'refused',
    commandNumber: 4,
    userId: 'usr_0000000000000001',
    orderId: 'ord_0000000000000002',
    reason: 'ORDER_CANCEL_CONDITION_UNMET',
    releaseMinor: '0',
  };

  test.each([
    ['rests whole', () => place({ priceTicks: 90 }), 'new'],
    ['has traded in part', () => place({ userNumber: 2, side: 'sell', quantityLots: 2 }), 'part'],
    ['was decremented', () => decrement(), 'part'],
    ['was amended to less', () => amend(4), 'new'],
    ['was amended to more', () => amend(6), 'new'],
  ] as const)('of an order that %s', (_name, before, state) => {
    place({});
    before();
    const [met, other] =
      state === 'new'
        ? (['new', 'partially_filled'] as const)
        : (['partially_filled', 'new'] as const);
    expect(cancel(other)).toMatchObject([unmet]);
    expect(book.find(2)?.number).toBe(2);
    expect(kinds(cancel(met))).toEqual([CANCELLED]);
    expect(book.find(2)).toBeNull();
  });

  const decrement = (): unknown =>
    place({ side: 'sell', quantityLots: 2, selfTradePrevention: 'decrement' });
  const amend = (quantityLots: number): void => {
    const events = example.amend({ userNumber: 1, quantityLots, holdIncreaseMinor: '1500' });
    expect(kinds(events)).toContain('amended');
  };

  // 5 lots, of which 2 trade; then 9, so 7 are left.
  test('finds an order partially filled although it was amended since', () => {
    place({});
    place({ userNumber: 2, side: 'sell', quantityLots: 2 });
    amend(9);
    expect(kinds(cancel('new'))).toEqual(['refused']);
    expect(cancel('partially_filled')).toMatchObject([
      { kind: 'ended', status: 'cancelled', cancelledLots: 7 },
    ]);
  });

  test('finds every waiting order new', () => {
    example.tradeAt(100);
    place({ trigger: stop(101) });
    expect(cancel('partially_filled', { orderNumber: 4 })).toMatchObject([
      { kind: 'refused', reason: 'ORDER_CANCEL_CONDITION_UNMET' },
    ]);
    expect(book.waiting.length).toBe(1);
    expect(cancel('new', { orderNumber: 4 })).toMatchObject([
      { kind: 'ended', status: 'cancelled', cancelledLots: 5, releaseMinor: '1503' },
    ]);
  });

  test('does not tell of orders of others or of none, and works in a halted market', () => {
    place({});
    example.configure({ version: 2 }, 'halted');
    const absent = [{ kind: 'refused', reason: 'ORDER_NOT_FOUND' }];
    for (const onlyIf of ['new', 'partially_filled'] as const) {
      expect(cancel(onlyIf, { userNumber: 2 })).toMatchObject(absent);
      expect(cancel(onlyIf, { orderNumber: 3 })).toMatchObject(absent);
    }
    expect(kinds(cancel('new'))).toEqual([CANCELLED]);
  });
});

describe('a cancel_all with a side', () => {
  const cancelAll = (side: Side, userNumber = 1): readonly Execution[] =>
    example.send({ kind: 'cancel_all', userNumber, side });
  const numbers = (events: readonly Execution[]): number[] =>
    events.map((e) => (e.kind === 'ended' ? Number(e.orderId.slice(4)) : 0));

  beforeEach(() => {
    // Commands 2 and 3 trade at 100. Then 4 and 7 sell, 5, 6 and 8 buy; 6 and 7 wait.
    example.tradeAt(100);
    place({ side: 'sell', priceTicks: 110, holdMinor: '50' });
    place({ priceTicks: 90 });
    place({ trigger: stop(101) });
    place({ side: 'sell', trigger: stop(99), holdMinor: '50' });
    place({ priceTicks: 91 });
    place({ userNumber: 2, priceTicks: 92 });
  });

  test.each([
    ['buy', [5, 6, 8], [4, 7]],
    ['sell', [4, 7], [5, 6, 8]],
  ] as const)(
    '%s ends that side, resting and waiting, and leaves the other',
    (side, gone, left) => {
      const events = cancelAll(side);
      expect(numbers(events)).toEqual(gone);
      expect(new Set(kinds(events))).toEqual(new Set([CANCELLED]));
      const present = book.ordersOf(1).map(({ number }) => number);
      expect(present.sort((a, b) => a - b)).toEqual(left);
      expect(book.ordersOf(2).length).toBe(1);
      expect(numbers(example.send({ kind: 'cancel_all', userNumber: 1 }))).toEqual(left);
    },
  );

  test('is refused when there is none of that side, whatever there is of the other', () => {
    expect(cancelAll('sell', 2)).toMatchObject([
      { kind: 'refused', reason: 'ORDER_NOT_FOUND', orderId: null, releaseMinor: '0' },
    ]);
    expect(book.ordersOf(2).length).toBe(1);
  });

  test.each(['halted', 'cancel_only', 'post_only', 'limit_only'] as const)(
    'works in a market that is %s',
    (status) => {
      example.configure({ version: 2 }, status);
      expect(numbers(cancelAll('sell'))).toEqual([4, 7]);
    },
  );
});
