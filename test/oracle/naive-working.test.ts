// Orders that wait for a working order to be filled, computed by hand from docs/engine.md. One tick
// x one lot is 3; a buy of 5 at 100 holds 1500 and a fee of 3, a sell of 5 holds 50.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import {
  Example,
  linesOf,
  pairHoldsOf,
  profit,
  stop,
  told,
  trailing,
  triggered,
} from './naive-example.ts';
import type { ListOrder, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  // Commands 2 and 3 trade one lot at 100.
  example = new Example();
  book = example.book;
  example.tradeAt(100);
});

const BUY: Partial<ListOrder> = { side: 'buy', priceTicks: 100, holdMinor: '1503' };
const TARGET: Partial<ListOrder> = { postOnly: true };
const STOP: Partial<ListOrder> = { trigger: stop(90), priceTicks: 80 };

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
/** Orders 4 and 5, list 6. */
const one = (order: Partial<ListOrder> = {}, working: Partial<ListOrder> = {}) =>
  example.placeList({ working: { ...BUY, ...working }, orders: [order] });
/** Orders 4, 5 and 6, list 7. */
const two = (
  first: Partial<ListOrder> = {},
  second: Partial<ListOrder> = {},
  working: Partial<ListOrder> = {},
) =>
  example.placeList({
    working: { ...BUY, ...working },
    orders: [
      { ...TARGET, ...first },
      { ...STOP, ...second },
    ],
  });
const cancel = (orderNumber: number): readonly Execution[] =>
  example.send({ kind: 'cancel', userNumber: 1, orderNumber });
const lists = (): string[] => linesOf(book, 'list');
/** User 9 sells to the working order. */
const sell = (quantityLots: number): readonly Execution[] =>
  place({ userNumber: 9, side: 'sell', quantityLots, timeInForce: 'IOC' });

describe('a list that is refused', () => {
  test('in its working order ends the orders that wait for it', () => {
    example.configure({ version: 2 }, 'halted');
    const events = example.placeList({ working: BUY, orders: [TARGET, STOP] });
    expect(told(events)).toEqual([
      ...['6 armed working_order 0', '7 armed working_order 0'],
      '5 ends MARKET_HALTED, 5 left, 1503',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 0',
      '7 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    const id = 'lst_0000000000000008';
    expect(pairHoldsOf(events)).toEqual([`6 ${id}`, `7 ${id}`]);
    expect(lists()).toEqual([]);
  });

  test('as more of the user wait than may takes all of it back', () => {
    example.configure({ version: 2, maxWaitingOrders: 1 });
    const pair = example.placeList({ working: BUY, orders: [TARGET, STOP] });
    expect(told(pair)).toEqual([
      '6 armed working_order 0',
      '7 ends ORDERS_WAITING_TOO_MANY, 5 left, 0',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 1503',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    place({ trigger: stop(120) });
    expect(told(example.placeList({ working: BUY, orders: [{}] }))).toEqual([
      '11 ends ORDERS_WAITING_TOO_MANY, 5 left, 50',
      '10 ends ORDER_CANCELLED_BY_LIST, 5 left, 1503',
    ]);
    expect(told(example.placeList({ working: BUY, orders: [TARGET, STOP] }))).toEqual([
      '14 ends ORDERS_WAITING_TOO_MANY, 5 left, 0',
      '13 ends ORDER_CANCELLED_BY_LIST, 5 left, 1503',
      '15 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    expect(book.buys).toEqual([]);
  });

  test('an amend of a pending order, but not of the working one', () => {
    one();
    const amend = { userNumber: 1, priceTicks: 99, quantityLots: 5 };
    expect(told(example.amend({ ...amend, orderNumber: 5 }))).toEqual([
      'refused ORDER_AMEND_NOT_ALLOWED',
    ]);
    expect(told(example.amend({ ...amend, orderNumber: 4 }))).toEqual([
      ...['4 amended', '4 opened at 99'],
    ]);
    expect(lists()).toEqual(['list 6 4 5']);
  });
});

describe('a pending order', () => {
  test('waits for no price and is in the state with what it will be', () => {
    const terms = '5 5 GTC 0 cancel_taker 0 1000 2000 limit 50 - working_order 0';
    example.placeList({ working: BUY, orders: [STOP] });
    expect(linesOf(book, 'waiting')).toEqual([`waiting 5 1 s 80 ${terms} then stop_loss 90`]);
    expect(lists()).toEqual(['list 6 4 5']);
    const trail = { trigger: trailing(1_000, 120), displayLots: 2, tradeGroup: 7 };
    example.placeList({ working: BUY, orders: [trail] });
    expect(linesOf(book, 'waiting')[1]).toBe(
      `waiting 8 1 s 110 ${terms} then trailing_stop 0 trail 1000 0 120 display 2 group 7`,
    );
    const pegged = { peg: { to: 'opposite', offsetLevels: 1 }, trigger: profit(120) } as const;
    example.placeList({ working: BUY, orders: [pegged] });
    expect(linesOf(book, 'waiting')[2]).toBe(
      `waiting 11 1 s 110 ${terms} then take_profit 120 peg opposite 1`,
    );
    const target = { ...TARGET, priceTicks: 130 };
    example.placeList({ working: BUY, orders: [{ ...STOP, holdMinor: '7' }, target] });
    expect(lists()[3]).toBe('list 16 13 14 7 15 50 undecided');
    expect(triggered(example.tradeAt(125))).toEqual([]);
  });

  test('ends when the working order is cancelled, with a part of it filled', () => {
    two();
    sell(2);
    expect(lists()).toEqual(['list 7 4 5 50 6 50 undecided']);
    expect(told(cancel(4))).toEqual([
      '4 ends ORDER_CANCELLED_BY_USER, 3 left, 902',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 0',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    expect(lists()).toEqual([]);
  });

  test('ends when the working order expires, is replaced or is prevented', () => {
    one({}, { timeInForce: 'GTD', expiresAtMs: 10 });
    expect(told(example.tick(10))).toEqual([
      '4 ends ORDER_EXPIRED, 5 left, 1503',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    example.placeList({ working: BUY, orders: [{}] });
    const replaces = { orderNumber: 7, onFailure: 'stop' } as const;
    expect(told(place({ priceTicks: 90, replaces }))).toEqual([
      '7 ends ORDER_REPLACED, 5 left, 1503',
      '10 opened at 90',
      '8 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    example.placeList({ working: BUY, orders: [{}] });
    const own = { side: 'sell', selfTradePrevention: 'decrement', holdMinor: '50' } as const;
    expect(told(place(own)).slice(3)).toEqual([
      '11 ends ORDER_SELF_TRADE_PREVENTED, 0 left, 0',
      '14 ends ORDER_SELF_TRADE_PREVENTED, 0 left, 0',
      '12 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });

  test('ends when the working order is not filled at once as it must be', () => {
    expect(told(one({}, { timeInForce: 'FOK' }))).toEqual([
      '5 armed working_order 0',
      '4 ends ORDER_FOK_NOT_FILLABLE, 5 left, 1503',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    example.rest('sell', 100, 2);
    const events = example.placeList({ working: { ...BUY, timeInForce: 'IOC' }, orders: [{}] });
    expect(told(events).slice(3)).toEqual([
      '8 ends ORDER_IOC_REMAINDER, 3 left, 902',
      '9 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });

  test('takes the working order and the other one with it when it is cancelled', () => {
    two();
    expect(told(cancel(6))).toEqual([
      '6 ends ORDER_CANCELLED_BY_USER, 5 left, 0',
      '4 ends ORDER_CANCELLED_BY_LIST, 5 left, 1503',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
    example.placeList({ working: BUY, orders: [{}] });
    const cancelAll = { kind: 'cancel_all', userNumber: 1, side: 'sell' } as const;
    expect(told(example.send(cancelAll))).toEqual([
      '10 ends ORDER_CANCELLED_BY_USER, 5 left, 50',
      '9 ends ORDER_CANCELLED_BY_LIST, 5 left, 1503',
    ]);
  });

  test('takes the working order with it when it expires', () => {
    const gtd = { timeInForce: 'GTD', expiresAtMs: 10 } as const;
    one(gtd);
    expect(told(example.tick(10))).toEqual([
      '5 ends ORDER_EXPIRED, 5 left, 50',
      '4 ends ORDER_CANCELLED_BY_LIST, 5 left, 1503',
    ]);
    // It is not checked before its turn.
    expect(told(example.placeList({ working: BUY, orders: [gtd], timeMs: 10 }))).toEqual([
      ...['8 armed working_order 0', '7 opened at 100'],
    ]);
  });
});

describe('the turn of a pending order comes', () => {
  test('when the working order is filled as a taker, at once', () => {
    example.rest('sell', 100, 5);
    const events = example.placeList({ working: BUY, orders: [{}] });
    expect(told(events)).toEqual([
      '6 armed working_order 0',
      '5 (1503) takes 5 of 4 (50) at 100',
      ...['4 ends filled, 0 left, 0', '5 ends filled, 0 left, 0'],
      ...['6 triggered', '6 opened at 110'],
    ]);
    expect(triggered(events)).toEqual([[6, events[1]?.sequence]]);
    expect(pairHoldsOf(events)).toEqual([]);
    expect(lists()).toEqual([]);
  });

  test('when it is filled as a maker, by the last of its trades', () => {
    two();
    expect(told(sell(2))).toEqual(['8 (20) takes 2 of 4 (601) at 100', '8 ends filled, 0 left, 0']);
    const events = sell(3);
    expect(told(events)).toEqual([
      '9 (30) takes 3 of 4 (902) at 100',
      ...['4 ends filled, 0 left, 0', '9 ends filled, 0 left, 0'],
      ...['5 triggered', '5 opened at 110', '6 triggered', '6 armed stop_loss 90'],
    ]);
    expect(triggered(events)).toEqual([
      [5, events[0]?.sequence],
      [6, events[0]?.sequence],
    ]);
    expect(lists()).toEqual(['list 7 0 5 50 6 50 undecided']);
    expect(told(cancel(5))).toEqual([
      '5 ends ORDER_CANCELLED_BY_USER, 5 left, 0',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });

  test('behind those that the same trade reaches', () => {
    example.tradeAt(110);
    const orders = [{ priceTicks: 120 }];
    example.placeList({ working: BUY, orders });
    place({ userNumber: 3, side: 'sell', trigger: stop(100), priceTicks: 105 });
    expect(triggered(sell(5)).map(([number]) => number)).toEqual([9, 7]);
  });

  test('with its own trigger, which a later trade reaches', () => {
    one(STOP);
    expect(told(sell(5)).slice(3)).toEqual(['5 triggered', '5 armed stop_loss 90']);
    example.rest('buy', 79, 9);
    expect(told(example.tradeAt(90)).slice(-2)).toEqual(['5 triggered', '5 opened at 80']);
  });

  test('with a trigger that is reached already: it is triggered, and no event says so', () => {
    two({}, { trigger: stop(100) });
    expect(told(sell(5)).slice(3)).toEqual([
      ...['5 triggered', '5 opened at 110', '6 triggered'],
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 0',
      '6 opened at 80',
    ]);
    expect(lists()).toEqual(['list 7 0 5 50 6 50 decided']);
  });

  test('with a trailing stop, which no trade before its turn reaches', () => {
    one({ trigger: trailing(1), priceTicks: 80 });
    expect(told(sell(5)).slice(3)).toEqual(['5 triggered', '5 armed trailing_stop 99']);
  });

  test.each([
    ['its trigger is out of the band', { trigger: stop(10_001) }, 'ORDER_PRICE_OUT_OF_BAND'],
    ['it would take', { postOnly: true, priceTicks: 95 }, 'ORDER_POST_ONLY_WOULD_TAKE'],
    ['it is too much', { quantityLots: 10_001 }, 'ORDER_QUANTITY_TOO_LARGE'],
  ])('and it is refused: %s', (_name, order, reason) => {
    example.rest('buy', 95);
    example.placeList({ working: BUY, orders: [order] });
    const lots = 'quantityLots' in order ? 10_001 : 5;
    expect(told(sell(5)).slice(3)).toEqual(['6 triggered', `6 ends ${reason}, ${lots} left, 50`]);
  });

  test('and it is refused: its time has come', () => {
    example.rest('sell', 100, 5);
    const orders = [{ timeInForce: 'GTD', expiresAtMs: 5 } as const];
    expect(told(example.placeList({ working: BUY, orders })).slice(4)).toEqual([
      '6 triggered',
      '6 ends ORDER_EXPIRED, 5 left, 50',
    ]);
  });

  test('and it is refused: the other one of the pair ends in the queue', () => {
    two({ trigger: stop(10_001) });
    expect(told(sell(5)).slice(3)).toEqual([
      '5 triggered',
      '5 ends ORDER_PRICE_OUT_OF_BAND, 5 left, 0',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });

  test('and the other one is refused: the first ends where it rests', () => {
    two({}, { trigger: profit(10_001) });
    expect(told(sell(5)).slice(4)).toEqual([
      ...['5 opened at 110', '6 triggered'],
      '6 ends ORDER_PRICE_OUT_OF_BAND, 5 left, 0',
      '5 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });

  test('as for one that was triggered, where no more may rest', () => {
    place({ priceTicks: 50 });
    example.placeList({ working: BUY, orders: [{}] });
    example.configure({ version: 2, maxOpenOrders: 1 });
    expect(told(sell(5)).slice(3)).toEqual(['6 triggered', '6 opened at 110']);
    expect(told(place({ priceTicks: 50 }))[0]).toMatch(/ORDERS_OPEN_TOO_MANY/);
  });

  test('with a trigger, where no more may wait', () => {
    example.placeList({ working: BUY, orders: [STOP] });
    place({ trigger: stop(120) });
    example.configure({ version: 2, maxWaitingOrders: 1 });
    expect(told(sell(5)).slice(3)).toEqual([
      '5 triggered',
      '5 ends ORDERS_WAITING_TOO_MANY, 5 left, 50',
    ]);
  });
});

describe('in a market that is interrupted by the taker that fills the working order', () => {
  /** The next buy is too far away: 4 is filled, then the market halts. */
  const interrupted = (): readonly Execution[] => {
    const interruption = { moveBps: 1_000, windowMs: 60_000, haltMs: 50, auctionMs: 200 };
    example.configure({ version: 2, interruption });
    // 5 is the working order, 6 and 7 wait for it.
    example.placeList({
      working: BUY,
      orders: [{ ...TARGET, timeInForce: 'GTD', expiresAtMs: 100 }, STOP],
    });
    example.rest('buy', 60);
    return place({ userNumber: 9, side: 'sell', quantityLots: 6, priceTicks: 60 });
  };

  test('pending orders stand in the queue until it goes on', () => {
    const [trade] = interrupted();
    const sequence = trade?.sequence ?? 0;
    expect(linesOf(book, 'queued')).toEqual([`queued 6 ${sequence}`, `queued 7 ${sequence}`]);
    expect(linesOf(book, 'waiting').map((line) => line.split(' working_order ')[1])).toEqual([
      ...['0', '0 then stop_loss 90'],
    ]);
    expect(lists()).toEqual(['list 8 0 6 50 7 50 undecided']);
    const events = example.configure({ version: 3 });
    expect(triggered(events)).toEqual([
      [6, sequence],
      [7, sequence],
    ]);
  });

  test('pending orders expire and are cancelled there, and take the other one with them', () => {
    interrupted();
    expect(told(example.tick(100)).slice(0, 1)).toEqual(['6 ends ORDER_EXPIRED, 5 left, 0']);
    expect(lists()).toEqual([]);
    expect(linesOf(book, 'queued')).toEqual([]);
    example = new Example();
    book = example.book;
    example.tradeAt(100);
    interrupted();
    expect(told(cancel(7))).toEqual([
      '7 ends ORDER_CANCELLED_BY_USER, 5 left, 0',
      '6 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });
});
