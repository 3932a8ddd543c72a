// Orders that show only a part of their quantity, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { endsOf, Example, kinds, MARKET_ORDER, stop, tradesOf } from './naive-example.ts';
import type { Place, SelfTradeMode } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
/** User 3 sells at 100, out of command 2 if nothing else is said. */
const iceberg = (displayLots: number, quantityLots: number, more: Partial<Place> = {}) =>
  place({ userNumber: 3, side: 'sell', quantityLots, displayLots, holdMinor: '900', ...more });
const buy = (quantityLots: number, more: Partial<Place> = {}): readonly Execution[] =>
  place({ userNumber: 2, quantityLots, holdMinor: '9999', ...more });
const shownOf = (number: number): bigint | undefined => book.find(number)?.iceberg?.shown;

describe('an order with a display quantity is refused', () => {
  const tooSmall = ['ended rejected ORDER_DISPLAY_QUANTITY_TOO_SMALL'];

  test('below the minimum quantity, and in more than 100 parts', () => {
    expect(iceberg(2, 201)).toMatchObject([
      { reason: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL', cancelledLots: 201, releaseMinor: '900' },
    ]);
    expect(kinds(iceberg(2, 200))).toEqual(['opened']);
    example.configure({ version: 2, minQuantity: '0.3' });
    expect(kinds(iceberg(2, 9))).toEqual(tooSmall);
    expect(kinds(iceberg(3, 9))).toEqual(['opened']);
  });

  test('after its quantity and before its price', () => {
    expect(kinds(iceberg(1, 10_001))).toEqual(['ended rejected ORDER_QUANTITY_TOO_LARGE']);
    expect(kinds(iceberg(1, 101, { priceTicks: 10_001 }))).toEqual(tooSmall);
  });

  test.each<Partial<Place>>([
    { timeInForce: 'IOC' },
    { timeInForce: 'FOK' },
    MARKET_ORDER,
    { ...MARKET_ORDER, timeInForce: 'GTC' },
  ])('only if it can rest: not as %j', (order) => {
    example.configure({ version: 2, minQuantity: '0.3' });
    place({ userNumber: 2, quantityLots: 9 });
    expect(kinds(iceberg(1, 9, order))).toEqual(['trade', 'ended filled ', 'ended filled ']);
  });

  test('and is an order like any other if it shows all of itself', () => {
    example.configure({ version: 2, minQuantity: '0.3' });
    expect(kinds(iceberg(5, 5))).toEqual(['opened']);
    expect(kinds(iceberg(9, 5))).toEqual(['opened']);
    expect(book.sells.map((order) => order.iceberg)).toEqual([null, null]);
    expect(book.stateText()).not.toContain('display');
  });

  test('when it is triggered, by the minimum of then', () => {
    example.tradeAt(100);
    iceberg(2, 9, { trigger: stop(90) });
    example.configure({ version: 2, minQuantity: '0.3' });
    place({ userNumber: 8, side: 'sell', priceTicks: 90, quantityLots: 3 });
    const events = place({ userNumber: 9, priceTicks: 90, quantityLots: 3 });
    expect(kinds(events).slice(-2)).toEqual(['triggered', ...tooSmall]);
  });
});

describe('an iceberg that rests', () => {
  test('shows its display quantity, and depth counts nothing else', () => {
    expect(iceberg(2, 9)).toMatchObject([{ kind: 'opened', remainingLots: 9 }]);
    place({ userNumber: 4, side: 'sell', quantityLots: 3 });
    expect(book.takeTouched()).toEqual([['sell', 100, 5]]);
    expect(book.depth()).toEqual([['sell', 100, 5]]);
  });

  test('goes to the back of its price with each part, without a word', () => {
    iceberg(2, 5);
    place({ userNumber: 4, side: 'sell', quantityLots: 3 });
    place({ userNumber: 5, side: 'sell', priceTicks: 101, quantityLots: 1 });
    book.takeTouched();
    // Of 2 shown, 1 is taken: the place is kept.
    expect(tradesOf(buy(1))).toEqual([[2, 1]]);
    expect(book.sells.map(({ number }) => number)).toEqual([2, 3, 4]);
    expect(book.takeTouched()).toEqual([['sell', 100, 4]]);
    expect(kinds(buy(1))).toEqual(['trade', 'ended filled ']);
    expect(book.sells.map(({ number }) => number)).toEqual([3, 2, 4]);
    expect(book.takeTouched()).toEqual([['sell', 100, 5]]);
    expect(tradesOf(buy(6))).toEqual([
      [3, 3],
      [2, 2],
      [2, 1],
    ]);
    expect(book.find(2)).toBeNull();
  });

  test('shows at the end what is left, and its trades say all that remains', () => {
    iceberg(4, 6);
    const events = buy(5);
    expect(tradesOf(events)).toEqual([
      [2, 4],
      [2, 1],
    ]);
    expect(events[0]).toMatchObject({ maker: { remainingLots: 2, holdMinor: '40' } });
    expect(events[1]).toMatchObject({ maker: { remainingLots: 1, holdMinor: '10' } });
    expect(shownOf(2)).toBe(1n);
    expect(book.takeTouched()).toEqual([['sell', 100, 1]]);
  });

  test('takes turns with another, each by what it shows', () => {
    iceberg(2, 5);
    iceberg(3, 6, { userNumber: 4 });
    expect(tradesOf(buy(9))).toEqual([
      [2, 2],
      [3, 3],
      [2, 2],
      [3, 2],
    ]);
    expect([shownOf(2), shownOf(3)]).toEqual([1n, 1n]);
    expect(book.stateText()).toContain(
      '3 4 s 100 6 1 GTC 0 cancel_taker 0 1000 2000 display 1 3\n' +
        '2 3 s 100 5 1 GTC 0 cancel_taker 0 1000 2000 display 1 2\n',
    );
  });

  test('is counted whole where it ends', () => {
    iceberg(2, 9, { timeInForce: 'GTD', expiresAtMs: 9 });
    buy(1);
    expect(example.tick(9)).toMatchObject([
      { reason: 'ORDER_EXPIRED', cancelledLots: 8, releaseMinor: '80' },
    ]);
  });

  test('is stopped at by a budget like any order', () => {
    iceberg(2, 9);
    const byAmount = { ...MARKET_ORDER, priceTicks: 500, quoteBudgetMinor: '1000' };
    expect(tradesOf(buy(9, byAmount))).toEqual([
      [2, 2],
      [2, 1],
    ]);
    expect(shownOf(2)).toBe(1n);
  });
});

describe('an iceberg that takes', () => {
  test('trades with its whole quantity, and shows anew when it rests', () => {
    place({ userNumber: 2, quantityLots: 6 });
    const events = iceberg(2, 9);
    expect(kinds(events)).toEqual(['trade', 'ended filled ', 'opened']);
    expect(events[0]).toMatchObject({ quantityLots: 6, taker: { remainingLots: 3 } });
    expect(shownOf(3)).toBe(2n);
    expect(book.depth()).toEqual([['sell', 100, 2]]);
  });

  test('shows no more than what is left', () => {
    place({ userNumber: 2, quantityLots: 8 });
    iceberg(2, 9);
    expect(shownOf(3)).toBe(1n);
  });
});

describe('a fill-or-kill order counts', () => {
  const fok = { timeInForce: 'FOK', userNumber: 2, holdMinor: '9999' } as const;
  const notFillable = ['ended expired ORDER_FOK_NOT_FILLABLE'];

  test('what icebergs hide, up to the last lot', () => {
    iceberg(2, 9);
    expect(kinds(place({ ...fok, quantityLots: 10 }))).toEqual(notFillable);
    expect(tradesOf(place({ ...fok, quantityLots: 9 })).length).toBe(5);
  });

  test('at each price all that is shown before what is hidden', () => {
    // 2 shown of 9, then an order of user 2 itself: what is hidden stands behind that.
    iceberg(2, 9);
    place({ userNumber: 2, side: 'sell', quantityLots: 1 });
    expect(kinds(place({ ...fok, quantityLots: 3 }))).toEqual(notFillable);
    expect(tradesOf(place({ ...fok, quantityLots: 2 }))).toEqual([[2, 2]]);
  });

  test('what is hidden at one price before what is shown at the next', () => {
    iceberg(2, 9);
    place({ userNumber: 2, side: 'sell', priceTicks: 101, quantityLots: 1 });
    const order = { ...fok, priceTicks: 101 };
    expect(kinds(place({ ...order, quantityLots: 10 }))).toEqual(notFillable);
    expect(kinds(place({ ...order, quantityLots: 9 })).at(-1)).toBe('ended filled ');
  });

  test.each([
    ['cancel_maker', 5, 4],
    ['none', 14, 13],
  ] as const)('of its own icebergs, as %s, not %i but %i lots', (mode, tooMany, most) => {
    iceberg(2, 9, { userNumber: 2 });
    place({ userNumber: 3, side: 'sell', quantityLots: 4 });
    const order = { ...fok, selfTradePrevention: mode };
    expect(kinds(place({ ...order, quantityLots: tooMany }))).toEqual(notFillable);
    expect(kinds(place({ ...order, quantityLots: most })).at(-1)).toBe('ended filled ');
  });
});

describe('an iceberg that meets its owner', () => {
  const meet = (selfTradePrevention: SelfTradeMode, quantityLots = 5): readonly Execution[] =>
    place({ userNumber: 3, selfTradePrevention, quantityLots });

  test.each([
    ['cancel_taker', { taker: 5, maker: 0 }, ['3 ORDER_SELF_TRADE_PREVENTED']],
    ['cancel_maker', { taker: 0, maker: 9 }, ['2 ORDER_SELF_TRADE_PREVENTED']],
    [
      'cancel_both',
      { taker: 5, maker: 9 },
      ['2 ORDER_SELF_TRADE_PREVENTED', '3 ORDER_SELF_TRADE_PREVENTED'],
    ],
  ] as const)('as %s loses what it hides, too: %j', (mode, lots, ends) => {
    iceberg(2, 9);
    const events = meet(mode);
    expect(events[0]).toMatchObject({
      kind: 'prevented',
      priceTicks: 100,
      mode,
      takerSide: 'buy',
      taker: { orderId: 'ord_0000000000000003', lots: lots.taker },
      maker: { orderId: 'ord_0000000000000002', lots: lots.maker },
    });
    expect(endsOf(events)).toEqual(ends);
  });

  test('is decremented by what it shows, and goes to the back each time', () => {
    iceberg(2, 5);
    place({ userNumber: 4, side: 'sell', quantityLots: 1 });
    const events = meet('decrement', 4);
    expect(kinds(events)).toEqual([
      ...['prevented', 'reduced', 'reduced', 'trade', 'ended filled '],
      ...['prevented', 'reduced', 'reduced', 'ended cancelled ORDER_SELF_TRADE_PREVENTED'],
    ]);
    expect(events[0]).toMatchObject({ taker: { lots: 2 }, maker: { lots: 2 } });
    expect(events[1]).toMatchObject({ preventedLots: 2, remainingLots: 3, releaseMinor: '20' });
    expect(events[5]).toMatchObject({ taker: { lots: 1 }, maker: { lots: 1 } });
    expect([shownOf(2), book.find(2)?.remaining]).toEqual([1n, 2n]);
  });

  test('ends when it is decremented to nothing', () => {
    iceberg(2, 3);
    const events = meet('decrement');
    expect(kinds(events).slice(3)).toEqual([
      ...['prevented', 'reduced', 'reduced', 'ended cancelled ORDER_SELF_TRADE_PREVENTED'],
      'opened',
    ]);
    expect(events.at(-1)).toMatchObject({ remainingLots: 2 });
  });
});

describe('an iceberg that is amended', () => {
  const amend = (quantityLots: number, priceTicks = 100): readonly Execution[] =>
    example.amend({ userNumber: 3, priceTicks, quantityLots, holdIncreaseMinor: '9999' });

  test('in place goes on to show what it shows, at most what remains', () => {
    iceberg(3, 9);
    place({ userNumber: 4, side: 'sell', quantityLots: 1 });
    buy(1);
    book.takeTouched();
    expect(amend(7)).toMatchObject([{ priorityKept: true, remainingLots: 6 }]);
    expect(shownOf(2)).toBe(2n);
    // It has lost only what it hides.
    expect(book.takeTouched()).toEqual([]);
    expect(amend(2)).toMatchObject([{ priorityKept: true, remainingLots: 1 }]);
    expect(shownOf(2)).toBe(1n);
    expect(book.takeTouched()).toEqual([['sell', 100, 2]]);
    expect(book.sells[0]?.number).toBe(2);
  });

  test('keeps its display quantity, however large or small it is now', () => {
    iceberg(3, 9);
    expect(kinds(amend(2))).toEqual(['amended']);
    expect(amend(301)).toMatchObject([{ reason: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL' }]);
    expect(kinds(amend(300))).toEqual(['amended', 'opened']);
    expect(shownOf(2)).toBe(3n);
    expect(book.stateText()).toContain(' display 3 3\n');
  });

  test('elsewhere shows anew when it rests, and takes whole before that', () => {
    iceberg(3, 9);
    buy(1);
    buy(4, { priceTicks: 99 });
    const events = amend(9, 99);
    expect(kinds(events)).toEqual(['amended', 'trade', 'ended filled ', 'opened']);
    expect(events[1]).toMatchObject({ quantityLots: 4, taker: { remainingLots: 4 } });
    expect(shownOf(2)).toBe(3n);
    expect(book.takeTouched().at(-1)).toEqual(['sell', 100, 0]);
  });

  test('does not become one if it was none', () => {
    place({ userNumber: 3, side: 'sell', displayLots: 5, holdMinor: '50' });
    amend(9);
    expect(book.depth()).toEqual([['sell', 100, 9]]);
  });
});

test('an iceberg that waits is one in the state, and is one when it is triggered', () => {
  example.tradeAt(100);
  iceberg(2, 9, { trigger: stop(90), tradeGroup: 7 });
  expect(book.stateText()).toContain(
    'waiting 4 3 s 100 9 9 GTC 0 cancel_taker 0 1000 2000 limit 900 - stop_loss 90 ' +
      'display 2 group 7\n',
  );
  example.tradeAt(90);
  expect(book.depth()).toEqual([['sell', 100, 2]]);
  expect(book.stateText()).toContain('cancel_taker 0 1000 2000 display 2 2 group 7\n');
});
