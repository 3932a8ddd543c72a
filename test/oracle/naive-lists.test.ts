// Pairs of orders of which one ends the other, computed by hand from docs/engine.md. One tick x one
// lot is 3; a buy of 5 at 90 holds 1350 and a fee of 3, one at 120 holds 1800 and 4.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { Example, linesOf, pairHoldsOf, profit, stop, told, trailing } from './naive-example.ts';
import type { ListOrder, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  // Commands 2 and 3 trade one lot at 100. The orders of a list are 4 and 5, it is 6.
  example = new Example();
  book = example.book;
  example.tradeAt(100);
});

const MAKER: Partial<ListOrder> = {
  ...{ side: 'buy', postOnly: true, priceTicks: 90, holdMinor: '1353' },
};
const STOP: Partial<ListOrder> = {
  ...{ side: 'buy', trigger: stop(110), priceTicks: 120, holdMinor: '1804' },
};

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const pair = (
  first: Partial<ListOrder> = {},
  second: Partial<ListOrder> = {},
): readonly Execution[] =>
  example.placeList({
    orders: [
      { ...MAKER, ...first },
      { ...STOP, ...second },
    ],
  });
const cancel = (orderNumber: number): readonly Execution[] =>
  example.send({ kind: 'cancel', userNumber: 1, orderNumber });
const lists = (): string[] => linesOf(book, 'list');
/** User 9 takes from the book's buys. */
const sell = (quantityLots: number, priceTicks = 90): readonly Execution[] =>
  place({ userNumber: 9, side: 'sell', quantityLots, priceTicks });

describe('a pair that is refused', () => {
  test('by its number alone, once', () => {
    place({ number: 1_048_576 + 20, priceTicks: 1 });
    const events = example.placeList({ orders: [MAKER, STOP], number: 20 });
    const nothing = { orderId: null, releaseMinor: '0' };
    expect(events).toMatchObject([{ kind: 'refused', reason: 'COMMAND_TOO_OLD', ...nothing }]);
    const again = { orders: [MAKER, STOP], number: 1_048_576 + 21 };
    expect(told(example.placeList(again))).toEqual(['8 opened at 90', '9 armed stop_loss 110']);
    expect(example.placeList(again)).toEqual([]);
  });

  test('in a market that is not configured gives back its one hold', () => {
    example = new Example({ isConfigured: false });
    const events = pair();
    expect(told(events)).toEqual([
      '2 ends MARKET_NOT_FOUND, 5 left, 0',
      '3 ends MARKET_NOT_FOUND, 5 left, 1804',
    ]);
    expect(pairHoldsOf(events)).toEqual(['2 lst_0000000000000004', '3 lst_0000000000000004']);
    const other = example.placeList({ working: { holdMinor: '7' }, orders: [STOP, MAKER] });
    expect(told(other)).toEqual([
      '5 ends MARKET_NOT_FOUND, 5 left, 7',
      '6 ends MARKET_NOT_FOUND, 5 left, 451',
      '7 ends MARKET_NOT_FOUND, 5 left, 1353',
    ]);
    expect(linesOf(example.book, 'list')).toEqual([]);
  });

  test('in its first order takes the second with it, which is never placed', () => {
    example.rest('sell', 90);
    expect(told(pair())).toEqual([
      '5 ends ORDER_POST_ONLY_WOULD_TAKE, 5 left, 0',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 1804',
    ]);
    expect(book.waiting).toEqual([]);
    expect(lists()).toEqual([]);
    example.configure({ version: 2 }, 'halted');
    expect(told(example.placeList({ orders: [STOP, MAKER] }))).toEqual([
      '9 ends MARKET_HALTED, 5 left, 451',
      '10 ends ORDER_CANCELLED_BY_LIST, 5 left, 1353',
    ]);
  });

  test('in its second order takes the first with it, which has rested', () => {
    const events = pair({}, { trigger: stop(100) });
    expect(told(events)).toEqual([
      '4 opened at 90',
      '5 ends ORDER_TRIGGER_PRICE_REACHED, 5 left, 451',
      '4 ends ORDER_CANCELLED_BY_LIST, 5 left, 1353',
    ]);
    expect(book.buys).toEqual([]);
    const armed = example.placeList({ orders: [STOP, { ...MAKER, quantityLots: 10_001 }] });
    expect(told(armed)).toEqual([
      '7 armed stop_loss 110',
      '8 ends ORDER_QUANTITY_TOO_LARGE, 10001 left, 0',
      '7 ends ORDER_CANCELLED_BY_LIST, 5 left, 1804',
    ]);
  });

  test.each([4, 5])('an amend, of order %s', (orderNumber) => {
    pair();
    const amend = { userNumber: 1, orderNumber, priceTicks: 90, quantityLots: 4 };
    expect(told(example.amend(amend))).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
    expect(told(example.amend({ ...amend, userNumber: 2 }))).toEqual(['refused ORDER_NOT_FOUND']);
    example.configure({ version: 2 }, 'halted');
    expect(told(example.amend(amend))).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
  });

  test('an amend of what is left when it is decided', () => {
    pair();
    sell(2);
    const amend = { userNumber: 1, orderNumber: 4, priceTicks: 90, quantityLots: 4 };
    expect(told(example.amend(amend))).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
  });
});

describe('a pair is decided', () => {
  const UNDECIDED = 'list 6 0 4 1353 5 1804 undecided';
  const DECIDED = 'list 6 0 4 1353 5 1804 decided';

  test('by a trade of one, which keeps what it locks by itself', () => {
    expect(told(pair())).toEqual(['4 opened at 90', '5 armed stop_loss 110']);
    expect(lists()).toEqual([UNDECIDED]);
    // 3 at 90 hold 810 and a fee of 2.
    const events = sell(2);
    expect(told(events)).toEqual([
      '7 (20) takes 2 of 4 (541) at 90',
      '7 ends filled, 0 left, 0',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 451',
    ]);
    expect(pairHoldsOf(events)).toEqual(['4 lst_0000000000000006', '5 lst_0000000000000006']);
    expect(lists()).toEqual([DECIDED]);
    expect(told(cancel(4))).toEqual(['4 ends ORDER_CANCELLED_BY_USER, 3 left, 812']);
    expect(lists()).toEqual([]);
  });

  test('by the trade that fills one', () => {
    pair();
    expect(told(sell(5))).toEqual([
      '7 (50) takes 5 of 4 (1353) at 90',
      '4 ends filled, 0 left, 0',
      '7 ends filled, 0 left, 0',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 451',
    ]);
    expect(lists()).toEqual([]);
  });

  test('by a decrement without a trade', () => {
    pair();
    const own = { side: 'sell', quantityLots: 2, priceTicks: 90, holdMinor: '20' } as const;
    const events = place({ ...own, selfTradePrevention: 'decrement' });
    expect(told(events)).toEqual([
      ...['prevented', '4 loses 2, 541', '7 loses 2, 20'],
      '7 ends ORDER_SELF_TRADE_PREVENTED, 0 left, 0',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 451',
    ]);
    expect(pairHoldsOf(events)).toEqual(['4 lst_0000000000000006', '5 lst_0000000000000006']);
    expect(lists()).toEqual([DECIDED]);
  });

  test('by the turn of one, before it is checked', () => {
    pair();
    expect(told(example.tradeAt(110)).slice(3)).toEqual([
      '5 triggered',
      '4 ends ORDER_CANCELLED_BY_LIST, 5 left, 0',
      '5 opened at 120',
    ]);
    expect(lists()).toEqual([DECIDED]);
    expect(told(cancel(5))).toEqual(['5 ends ORDER_CANCELLED_BY_USER, 5 left, 1804']);
  });

  test('by the turn of one that is refused then', () => {
    example.placeList({ orders: [{ ...MAKER, holdMinor: '2000' }, STOP] });
    example.configure({ version: 2, maxPrice: '33' });
    expect(told(example.tradeAt(110)).slice(3)).toEqual([
      '5 triggered',
      '4 ends ORDER_CANCELLED_BY_LIST, 5 left, 196',
      '5 ends ORDER_PRICE_OUT_OF_BAND, 5 left, 1804',
    ]);
    expect(lists()).toEqual([]);
  });

  test.each([
    ['first', 4, '0', '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 1804'],
    ['second', 5, '451', '4 ends ORDER_CANCELLED_BY_LIST, 5 left, 1353'],
  ])('by the cancel of the %s', (_name, orderNumber, release, other) => {
    pair();
    const own = `${orderNumber} ends ORDER_CANCELLED_BY_USER, 5 left, ${release}`;
    expect(told(cancel(orderNumber))).toEqual([own, other]);
    expect(lists()).toEqual([]);
  });

  test('by what prevents one from trading', () => {
    pair();
    const own = { side: 'sell', priceTicks: 90, selfTradePrevention: 'cancel_maker' } as const;
    expect(told(place(own))).toEqual([
      'prevented',
      '4 ends ORDER_SELF_TRADE_PREVENTED, 5 left, 0',
      '7 opened at 90',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 1804',
    ]);
  });

  test('by a new order that replaces one and is placed before the other ends', () => {
    pair();
    const replaces = { orderNumber: 4, onFailure: 'stop' } as const;
    expect(told(place({ priceTicks: 91, replaces }))).toEqual([
      '4 ends ORDER_REPLACED, 5 left, 0',
      '7 opened at 91',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 1804',
    ]);
  });

  test('by the time of one, before what the clock brings next', () => {
    pair({ timeInForce: 'GTD', expiresAtMs: 10 });
    expect(told(example.tick(10))).toEqual([
      '4 ends ORDER_EXPIRED, 5 left, 0',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 1804',
    ]);
  });
});

describe('a pair of which both end at once', () => {
  const both = (reason: string): string[] => [
    `4 ends ${reason}, 5 left, 0`,
    `5 ends ${reason}, 5 left, 1804`,
  ];

  test('leaves nothing for the list to end', () => {
    pair();
    expect(told(example.send({ kind: 'cancel_all', userNumber: 1 }))).toEqual(
      both('ORDER_CANCELLED_BY_USER'),
    );
    expect(lists()).toEqual([]);
  });

  test('by a deadline, a block, its time, or with its market', () => {
    const gtd = { timeInForce: 'GTD', expiresAtMs: 90 } as const;
    pair(gtd, gtd);
    expect(told(example.tick(90))).toEqual(both('ORDER_EXPIRED'));
    example.placeList({ orders: [MAKER, STOP] });
    example.send({ kind: 'cancel_all_after', userNumber: 1, deadlineMs: 99 }, 90);
    expect(told(example.tick(99)).slice(1)).toEqual([
      '7 ends ORDER_CANCELLED_BY_DEADMAN, 5 left, 0',
      '8 ends ORDER_CANCELLED_BY_DEADMAN, 5 left, 1804',
    ]);
    example.placeList({ orders: [STOP, MAKER] });
    const blocked = example.send({ kind: 'block_user', userNumber: 1, isBlocked: true });
    expect(told(blocked).slice(1)).toEqual([
      '11 ends ORDER_CANCELLED_BY_OPERATOR, 5 left, 451',
      '12 ends ORDER_CANCELLED_BY_OPERATOR, 5 left, 1353',
    ]);
    example.placeList({ orders: [MAKER, STOP], userNumber: 2 });
    example.configure({ version: 2 }, 'closing');
    expect(told(example.configure({ version: 3 }, 'delisted')).slice(1)).toEqual([
      '15 ends MARKET_DELISTED, 5 left, 0',
      '16 ends MARKET_DELISTED, 5 left, 1804',
    ]);
    expect(lists()).toEqual([]);
  });

  test('after one has traded in the same step', () => {
    pair();
    example.configure({ version: 2 }, 'auction', [
      [10, 'trading'],
      [20, 'closing'],
      [30, 'delisted'],
    ]);
    sell(2);
    expect(told(example.tick(40))).toEqual([
      ...['phase_changed', 'uncrossed', '8 (20) takes 2 of 4 (541) at 90'],
      ...['8 ends filled, 0 left, 0', 'phase_changed', 'phase_changed'],
      '4 ends MARKET_DELISTED, 3 left, 812',
      '5 ends MARKET_DELISTED, 5 left, 451',
    ]);
    expect(lists()).toEqual([]);
  });
});

describe('the other one ends', () => {
  test('only when the step is followed: it may trade in an uncrossing before', () => {
    pair({}, { timeInForce: 'GTD', expiresAtMs: 8 });
    example.configure({ version: 2 }, 'auction', [[10, 'trading']]);
    sell(2);
    expect(told(example.tick(20))).toEqual([
      '5 ends ORDER_EXPIRED, 5 left, 451',
      ...['phase_changed', 'uncrossed', '8 (20) takes 2 of 4 (541) at 90'],
      '8 ends filled, 0 left, 0',
      '4 ends ORDER_CANCELLED_BY_LIST, 3 left, 812',
    ]);
  });

  test('in the queue, where the same trade has put it', () => {
    example.tradeAt(115);
    // 6 and 7: one sells at 110, the other below it.
    const orders = [{ postOnly: true }, { trigger: stop(110), priceTicks: 80 }];
    expect(told(example.placeList({ orders }))).toEqual([
      '6 opened at 110',
      '7 armed stop_loss 110',
    ]);
    expect(told(place({ userNumber: 9, quantityLots: 2, priceTicks: 110 }))).toEqual([
      '9 (662) takes 2 of 6 (20) at 110',
      '9 ends filled, 0 left, 0',
      '7 ends ORDER_CANCELLED_BY_LIST, 5 left, 0',
    ]);
  });

  test('in the queue, when one of two reached in a cascade has its turn', () => {
    // 4 has the first turn, and its trade at 110 reaches the second of the pair 5 and 6.
    place({ userNumber: 3, trigger: profit(96), priceTicks: 110, quantityLots: 1 });
    const dip = { trigger: profit(95), postOnly: false, priceTicks: 80 };
    expect(told(pair(dip))).toEqual(['5 armed take_profit 95', '6 armed stop_loss 110']);
    example.rest('sell', 110);
    expect(told(example.tradeAt(95)).slice(3)).toEqual([
      ...['4 triggered', '4 (331) takes 1 of 8 (10) at 110'],
      ...['8 ends filled, 0 left, 0', '4 ends filled, 0 left, 0'],
      '5 triggered',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 451',
      '5 opened at 80',
    ]);
  });

  test('whatever it follows: a trailing stop, too', () => {
    pair({}, { trigger: trailing(1_000) });
    expect(linesOf(book, 'waiting')[0]).toMatch(/ 1804 - trailing_stop 110 trail 1000 100 0$/);
    expect(told(sell(5)).at(-1)).toBe('5 ends ORDER_CANCELLED_BY_LIST, 5 left, 451');
  });
});
