// The price of an auction and how a crossed book trades at it, computed by hand from
// docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { endsOf, Example, kinds, matchesOf } from './naive-example.ts';
import type { MarketStatus, Place, SelfTradeMode } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const become = (status: MarketStatus): readonly Execution[] =>
  example.configure({ version: (book.config?.version ?? 0) + 1 }, status);
const buy = (priceTicks: number, quantityLots: number, more: Partial<Place> = {}) =>
  place({ priceTicks, quantityLots, userNumber: 1, ...more });
const sell = (priceTicks: number, quantityLots: number, more: Partial<Place> = {}) =>
  place({ side: 'sell', priceTicks, quantityLots, userNumber: 2, ...more });
const uncrossings = (events: readonly Execution[]): string[] =>
  events.flatMap((e) => (e.kind === 'uncrossed' ? [`${e.lots} at ${e.priceTicks}`] : []));

describe('the auction price', () => {
  type Orders = readonly (readonly [number, number])[];
  test.each<[string, Orders, Orders, number | null, string]>([
    // 99 and 100: 4 lots; 101 and 102: 5 of 5 and 7.
    [
      'is where most can trade',
      [
        [102, 5],
        [100, 5],
      ],
      [
        [99, 4],
        [101, 3],
      ],
      null,
      '5 at 101',
    ],
    [
      'is where least is left over',
      [
        [102, 5],
        [101, 2],
      ],
      [[100, 5]],
      null,
      '5 at 102',
    ],
    ['is the highest where buyers are left', [[102, 9]], [[100, 5]], 100, '5 at 102'],
    ['is the lowest where sellers are left', [[102, 5]], [[100, 9]], 102, '5 at 100'],
    ['is the middle where nobody is and nothing traded', [[104, 5]], [[100, 5]], null, '5 at 102'],
    ['is the middle rounded down', [[105, 5]], [[100, 5]], null, '5 at 102'],
    ['is the last one where nobody is', [[104, 5]], [[100, 5]], 103, '5 at 103'],
    ['is the lowest above the last one', [[104, 5]], [[100, 5]], 99, '5 at 100'],
    ['is the highest below the last one', [[104, 5]], [[100, 5]], 110, '5 at 104'],
    // 100 has 5 buyers over, 104 has 5 sellers over.
    [
      'is the last one between both',
      [
        [104, 5],
        [100, 5],
      ],
      [
        [100, 5],
        [104, 5],
      ],
      101,
      '5 at 101',
    ],
    ['is the only price there is', [[100, 3]], [[100, 4]], 90, '3 at 100'],
    // 101 is no limit between the best ones of 5 buyers and 5 sellers, 102 is.
    [
      'looks at orders inside alone',
      [
        [102, 5],
        [90, 9],
      ],
      [
        [102, 5],
        [110, 9],
      ],
      90,
      '5 at 102',
    ],
  ])('%s', (_name, buys, sells, last, expected) => {
    if (last !== null) example.tradeAt(last);
    become('pre_open');
    for (const [price, lots] of buys) buy(price, lots);
    for (const [price, lots] of sells) sell(price, lots);
    expect(uncrossings(become('trading'))).toEqual([expected]);
  });

  test('counts all that icebergs have', () => {
    become('pre_open');
    buy(102, 9, { displayLots: 1 });
    sell(100, 5);
    expect(uncrossings(become('trading'))).toEqual(['5 at 102']);
  });

  test('is told with lots up to 2^53 - 1', () => {
    become('pre_open');
    example.configure({ version: 3, maxQuantity: '900719925474099.1' }, 'pre_open');
    const most = Number.MAX_SAFE_INTEGER;
    for (const user of [1, 3]) buy(100, most, { userNumber: user });
    for (const user of [2, 4]) sell(100, most, { userNumber: user });
    const events = example.configure({ version: 4 });
    expect(uncrossings(events)).toEqual([`${most} at 100`]);
    expect(matchesOf(events).length).toBe(2);
  });
});

describe('a book that is not crossed', () => {
  test('is left as it is, and none is left crossed', () => {
    become('pre_open');
    buy(99, 5);
    sell(100, 5);
    expect(kinds(become('trading'))).toEqual(['configured']);
    become('auction');
    sell(99, 2);
    for (const status of ['halted', 'cancel_only', 'pre_open'] as const) {
      expect(kinds(become(status))).toEqual(['configured']);
    }
    expect(uncrossings(become('post_only'))).toEqual(['2 at 99']);
    expect(kinds(become('limit_only'))).toEqual(['configured']);
  });
});

describe('an uncrossing', () => {
  test('trades all at one price in order of priority, the later order taking', () => {
    become('pre_open');
    buy(100, 2);
    buy(102, 3, { userNumber: 3 });
    sell(99, 4);
    buy(102, 1, { userNumber: 4 });
    // 99 and 100: 4 lots of 6 and 4; 102: 4 of 4 and 4, so nothing is left over there.
    const events = become('trading');
    expect(kinds(events)).toEqual([
      ...['configured', 'uncrossed', 'trade', 'ended filled '],
      ...['trade', 'ended filled ', 'ended filled '],
    ]);
    expect(events[1]).toEqual({
      kind: 'uncrossed',
      sequence: 8,
      timeMs: 5,
      priceTicks: 102,
      lots: 4,
    });
    expect(matchesOf(events)).toEqual(['5 takes 3 of 4 at 102', '6 takes 1 of 5 at 102']);
    // Maker first, then taker.
    expect(endsOf(events)).toEqual(['4 filled', '5 filled', '6 filled']);
    expect(book.depth()).toEqual([['buy', 100, 2]]);
    expect(book.stateText()).toContain('\nlast 102 5\n');
  });

  test('takes the difference of two holds at its own limit out of each order', () => {
    become('pre_open');
    buy(110, 5, { holdMinor: '1654' });
    sell(100, 7, { holdMinor: '70' });
    const events = become('trading');
    // 5 lots at 110 are 1650, the fee 3.3 up to 4; at 100 they cost 1500.
    expect(events[2]).toEqual({
      kind: 'trade',
      sequence: 7,
      timeMs: 5,
      tradeId: 'trd_ABC-XYZ_0000000000000007',
      priceTicks: 100,
      quantityLots: 5,
      baseMinor: '50',
      quoteMinor: '1500',
      takerSide: 'sell',
      taker: {
        orderId: 'ord_0000000000000004',
        userId: 'usr_0000000000000002',
        feePpm: 2_000,
        remainingLots: 2,
        holdMinor: '50',
      },
      maker: {
        orderId: 'ord_0000000000000003',
        userId: 'usr_0000000000000001',
        feePpm: 1_000,
        remainingLots: 0,
        holdMinor: '1654',
      },
    });
    expect(book.depth()).toEqual([['sell', 100, 2]]);
  });

  test('lets a post-only order make, although it is the later one', () => {
    buy(100, 5, { number: 50, postOnly: true });
    become('auction');
    sell(99, 5, { number: 40 });
    expect(matchesOf(become('trading'))).toEqual(['40 takes 5 of 50 at 99']);
  });

  test('trades all of an iceberg, which keeps its place and shows what it may', () => {
    become('pre_open');
    buy(100, 9, { displayLots: 2 });
    buy(100, 3, { userNumber: 3 });
    sell(100, 4);
    book.takeTouched();
    const events = become('trading');
    expect(matchesOf(events)).toEqual(['5 takes 4 of 3 at 100']);
    expect(book.buys.map(({ number, iceberg }) => [number, iceberg?.shown])).toEqual([
      [3, 2n],
      [4, undefined],
    ]);
    // What the iceberg shows is as before: no order at its level has changed there.
    expect(book.takeTouched()).toEqual([['sell', 100, 0]]);
  });

  test('of an iceberg that is nearly gone or was half shown tells the depth', () => {
    buy(100, 5, { displayLots: 2 });
    sell(100, 1);
    become('pre_open');
    book.takeTouched();
    sell(100, 2);
    become('trading');
    // It showed 1 of 4, and shows 2 of 2.
    expect(book.takeTouched()).toEqual([
      ['buy', 100, 2],
      ['sell', 100, 0],
    ]);
    become('pre_open');
    sell(100, 1);
    become('trading');
    expect(book.takeTouched()[0]).toEqual(['buy', 100, 1]);
  });

  test('is in the market before a deadline of its user could be set', () => {
    example.send({ kind: 'block_user', userNumber: 1, isBlocked: true });
    become('pre_open');
    expect(kinds(buy(100, 1))).toEqual(['ended rejected ACCOUNT_BLOCKED']);
  });
});

describe('orders of one owner in an uncrossing', () => {
  const PREVENTED = 'ended cancelled ORDER_SELF_TRADE_PREVENTED';
  /** User 1 buys 5 lots with mode `none`, then sells 7 of which 2 are shown, with this mode. */
  const meet = (mode: SelfTradeMode): readonly Execution[] => {
    become('pre_open');
    buy(102, 5, { selfTradePrevention: 'none' });
    sell(100, 7, { userNumber: 1, selfTradePrevention: mode, displayLots: 2 });
    return become('trading').slice(2);
  };

  test.each([
    ['cancel_taker', ['prevented', PREVENTED], [7, 0], ['4 ORDER_SELF_TRADE_PREVENTED']],
    ['cancel_maker', ['prevented', PREVENTED], [0, 5], ['3 ORDER_SELF_TRADE_PREVENTED']],
    [
      'cancel_both',
      ['prevented', PREVENTED, PREVENTED],
      [7, 5],
      ['3 ORDER_SELF_TRADE_PREVENTED', '4 ORDER_SELF_TRADE_PREVENTED'],
    ],
    [
      'decrement',
      ['prevented', 'reduced', 'reduced', PREVENTED],
      [5, 5],
      ['3 ORDER_SELF_TRADE_PREVENTED'],
    ],
  ] as const)('lose by %s', (mode, expected, [taker, maker], ends) => {
    const events = meet(mode);
    expect(kinds(events)).toEqual(expected);
    expect(events[0]).toMatchObject({
      kind: 'prevented',
      // 5 of 5 and 7 lots: sellers are left over.
      priceTicks: 100,
      mode,
      takerSide: 'sell',
      taker: { orderId: 'ord_0000000000000004', lots: taker },
      maker: { orderId: 'ord_0000000000000003', lots: maker },
    });
    expect(endsOf(events)).toEqual(ends);
  });

  test('are reduced in place, icebergs by more than they show', () => {
    const events = meet('decrement');
    expect(events[1]).toMatchObject({ userId: 'usr_0000000000000001', preventedLots: 5 });
    expect(events[2]).toMatchObject({ remainingLots: 2, releaseMinor: '50' });
    expect(events[3]).toMatchObject({ cancelledLots: 0, releaseMinor: '0' });
    expect(book.sells.map(({ iceberg }) => iceberg?.shown)).toEqual([2n]);
  });

  test('leave an iceberg showing what it showed where nothing is taken off it', () => {
    buy(100, 5, { displayLots: 2 });
    sell(100, 1);
    become('pre_open');
    sell(100, 3, { userNumber: 1, selfTradePrevention: 'cancel_taker' });
    book.takeTouched();
    become('trading');
    expect(book.buys.map(({ remaining, iceberg }) => [remaining, iceberg?.shown])).toEqual([
      [4n, 1n],
    ]);
    expect(book.takeTouched()).toEqual([['sell', 100, 0]]);
  });

  test('end both where both are reduced to nothing, the maker first', () => {
    become('pre_open');
    buy(102, 5);
    sell(100, 5, { userNumber: 1, selfTradePrevention: 'decrement' });
    expect(endsOf(become('trading'))).toEqual(
      [3, 4].map((each) => `${each} ORDER_SELF_TRADE_PREVENTED`),
    );
    expect(book.depth()).toEqual([]);
  });

  test('trade if the taker says none', () => {
    expect(kinds(meet('none'))).toEqual(['trade', 'ended filled ']);
  });

  test('of one group count as well', () => {
    become('pre_open');
    buy(100, 5, { tradeGroup: 7 });
    sell(100, 5, { tradeGroup: 7 });
    expect(kinds(become('trading')).slice(2)).toEqual(['prevented', PREVENTED]);
  });

  test('may leave the book crossed: then it is uncrossed again, at another price', () => {
    become('pre_open');
    buy(102, 5);
    sell(100, 5, { userNumber: 1 });
    sell(101, 5);
    const events = become('trading');
    expect(kinds(events)).toEqual([
      ...['configured', 'uncrossed', 'prevented', PREVENTED],
      ...['uncrossed', 'trade', 'ended filled ', 'ended filled '],
    ]);
    // First 5 of 5 and 5 at 100; then 5 of 5 and 5 from 101 to 102, in the middle rounded down.
    expect(uncrossings(events)).toEqual(['5 at 100', '5 at 101']);
    expect(matchesOf(events)).toEqual(['5 takes 5 of 3 at 101']);
  });
});
