// What a market does not admit: bands, notionals, old references, too many orders and modes of
// self-trade prevention. Computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { Example, kinds, MARKET_ORDER, profit, stop, trailing } from './naive-example.ts';
import type { MarketConfig, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const reasonOf = (events: readonly Execution[]): unknown =>
  events[0]?.kind === 'ended' || events[0]?.kind === 'refused' ? events[0].reason : events[0]?.kind;
const limits = (changes: Partial<MarketConfig>): void => {
  const events = example.configure({ version: (book.config?.version ?? 0) + 1, ...changes });
  expect(kinds(events)).toEqual(['configured']);
};
const ioc = { timeInForce: 'IOC' } as const;

describe('the static band', () => {
  // 5 % round 30, which is 100 ticks.
  const band = { priceBand: { staticPrice: '30', staticBps: 500 } };
  const outside = 'ORDER_PRICE_OUT_OF_STATIC_BAND';

  test.each([
    [94, outside],
    [95, 'opened'],
    [105, 'opened'],
    [106, outside],
  ])('takes %i as a limit: %s', (priceTicks, expected) => {
    limits(band);
    expect(reasonOf(place({ priceTicks }))).toBe(expected);
  });

  test('is rounded to no tick, and is that of orders with a trigger, too', () => {
    limits({ priceBand: { staticPrice: '30', staticBps: 499 } });
    expect(reasonOf(place({ priceTicks: 105 }))).toBe(outside);
    expect(reasonOf(place({ priceTicks: 104 }))).toBe('opened');
    expect(reasonOf(place({ priceTicks: 95, trigger: stop(200) }))).toBe(outside);
    expect(reasonOf(place({ priceTicks: 96, trigger: stop(200) }))).toBe(
      'ORDER_TRIGGER_REFERENCE_NONE',
    );
  });

  test('stands behind the limits of price, and before what an order is worth', () => {
    limits({ ...band, maxNotional: '1' });
    expect(reasonOf(place({ priceTicks: 10_001 }))).toBe('ORDER_PRICE_OUT_OF_BAND');
    expect(reasonOf(place({ priceTicks: 106 }))).toBe(outside);
    expect(reasonOf(place({ priceTicks: 105 }))).toBe('ORDER_NOTIONAL_TOO_LARGE');
  });

  test('binds no market order, and no resting order', () => {
    place({ userNumber: 2, side: 'sell', priceTicks: 106 });
    limits(band);
    expect(kinds(place({ ...MARKET_ORDER, priceTicks: 500 }))[0]).toBe('trade');
  });

  test('refuses amends to a price outside, but not those that leave the price', () => {
    place({ userNumber: 2, priceTicks: 90 });
    limits(band);
    const amend = { holdIncreaseMinor: '900' };
    expect(reasonOf(example.amend({ ...amend, priceTicks: 94 }))).toBe(outside);
    expect(reasonOf(example.amend({ ...amend, priceTicks: 10_001 }))).toBe(
      'ORDER_PRICE_OUT_OF_BAND',
    );
    expect(kinds(example.amend({ ...amend, priceTicks: 90, quantityLots: 6 }))).toEqual([
      'amended',
      'opened',
    ]);
    expect(reasonOf(example.amend({ ...amend, priceTicks: 95 }))).toBe('amended');
  });
});

describe('the dynamic band', () => {
  const outside = 'ORDER_PRICE_OUT_OF_DYNAMIC_BAND';
  const band = { priceBand: { dynamicBps: 500 } };

  test('is round the last trade, and is none before there is one', () => {
    limits(band);
    expect(reasonOf(place({ priceTicks: 50 }))).toBe('opened');
    example.tradeAt(60);
    expect(reasonOf(place({ priceTicks: 56 }))).toBe(outside);
    expect(reasonOf(place({ priceTicks: 57 }))).toBe('opened');
    expect(reasonOf(place({ side: 'sell', priceTicks: 63 }))).toBe('opened');
    expect(reasonOf(place({ side: 'sell', priceTicks: 64 }))).toBe(outside);
  });

  test('is that of orders with a trigger, and again when they are triggered', () => {
    limits(band);
    example.tradeAt(100);
    expect(reasonOf(place({ priceTicks: 94, trigger: stop(104) }))).toBe(outside);
    expect(reasonOf(place({ priceTicks: 95, trigger: stop(104) }))).toBe('armed');
    expect(kinds(example.tradeAt(105)).slice(-2)).toEqual([
      'triggered',
      `ended rejected ${outside}`,
    ]);
  });

  test('is not checked when the last trade is too old', () => {
    limits({ ...band, referenceMaxAgeMs: 10 });
    example.tradeAt(100);
    expect(reasonOf(place({ priceTicks: 80, timeMs: 15 }))).toBe(outside);
    expect(reasonOf(place({ priceTicks: 80, timeMs: 16 }))).toBe('opened');
  });

  test.each(['pre_open', 'auction'] as const)('is not checked in %s', (status) => {
    example.tradeAt(100);
    example.configure({ version: 2, ...band }, status);
    expect(reasonOf(place({ priceTicks: 80 }))).toBe('opened');
    const amend = { userNumber: 1, orderNumber: 5, holdIncreaseMinor: '0' };
    expect(reasonOf(example.amend({ ...amend, priceTicks: 70 }))).toBe('amended');
    example.configure({ version: 3, ...band });
    expect(reasonOf(example.amend({ ...amend, priceTicks: 69 }))).toBe(outside);
  });

  test('stands behind the static one', () => {
    limits({ priceBand: { staticPrice: '30', staticBps: 100, dynamicBps: 100 } });
    example.tradeAt(100);
    expect(reasonOf(place({ priceTicks: 98 }))).toBe('ORDER_PRICE_OUT_OF_STATIC_BAND');
    expect(reasonOf(place({ priceTicks: 99 }))).toBe('opened');
    limits({ priceBand: { staticPrice: '30', staticBps: 9_999, dynamicBps: 100 } });
    expect(reasonOf(place({ priceTicks: 98 }))).toBe(outside);
  });
});

describe('what an order is worth', () => {
  const [tooSmall, tooLarge] = ['ORDER_NOTIONAL_TOO_SMALL', 'ORDER_NOTIONAL_TOO_LARGE'];

  test('must be the minimum for a limit order: 12 units are 4 ticks x lots', () => {
    limits({ minNotional: '0.12' });
    expect(reasonOf(place({ priceTicks: 1, quantityLots: 3 }))).toBe(tooSmall);
    expect(reasonOf(place({ priceTicks: 3, quantityLots: 1, trigger: stop(9) }))).toBe(tooSmall);
    expect(reasonOf(place({ priceTicks: 3, quantityLots: 1, ...ioc }))).toBe(tooSmall);
    expect(reasonOf(place({ priceTicks: 1, quantityLots: 4 }))).toBe('opened');
  });

  test('has no minimum for market orders and amends', () => {
    place({ userNumber: 2, side: 'sell', priceTicks: 3 });
    limits({ minNotional: '99' });
    expect(kinds(place({ ...MARKET_ORDER, quantityLots: 1 }))[0]).toBe('trade');
    const byAmount = { ...MARKET_ORDER, quoteBudgetMinor: '9', holdMinor: '10' };
    expect(kinds(place(byAmount))[0]).toBe('trade');
    const amend = { side: 'sell', priceTicks: 2, quantityLots: 4 } as const;
    expect(reasonOf(example.amend(amend))).toBe('amended');
  });

  test('may be the maximum, counted in full for an iceberg and in lots for an amend', () => {
    limits({ maxNotional: '15' });
    expect(reasonOf(place({ priceTicks: 101 }))).toBe(tooLarge);
    expect(reasonOf(place({ priceTicks: 101, displayLots: 1 }))).toBe(tooLarge);
    expect(reasonOf(place({ priceTicks: 101, trigger: stop(9) }))).toBe(tooLarge);
    expect(reasonOf(place({ priceTicks: 100 }))).toBe('opened');
    const amend = { userNumber: 1, orderNumber: 6, holdIncreaseMinor: '9999' };
    // What is gone counts: 5 lots at 100 are 1500, whatever remains.
    place({ userNumber: 2, side: 'sell', quantityLots: 2 });
    expect(reasonOf(example.amend({ ...amend, quantityLots: 6 }))).toBe(tooLarge);
    expect(reasonOf(example.amend({ ...amend, quantityLots: 5, priceTicks: 101 }))).toBe(tooLarge);
    expect(reasonOf(example.amend({ ...amend, quantityLots: 5, priceTicks: 99 }))).toBe('amended');
  });

  test('may stay above a new maximum, and be amended to less of it', () => {
    place({ userNumber: 2 });
    limits({ maxNotional: '3' });
    expect(reasonOf(example.amend({ quantityLots: 4 }))).toBe('amended');
    expect(reasonOf(example.amend({ quantityLots: 3, priceTicks: 99 }))).toBe(tooLarge);
  });

  test('is that of the best price for a market order, of the budget for one by amount', () => {
    place({ userNumber: 2, side: 'sell', priceTicks: 100, quantityLots: 9 });
    limits({ maxNotional: '15' });
    expect(reasonOf(place({ ...MARKET_ORDER, priceTicks: 900, quantityLots: 6 }))).toBe(tooLarge);
    const byAmount = { ...MARKET_ORDER, priceTicks: 900, quantityLots: 99, holdMinor: '1600' };
    expect(reasonOf(place({ ...byAmount, quoteBudgetMinor: '1501' }))).toBe(tooLarge);
    expect(reasonOf(place({ ...byAmount, quoteBudgetMinor: '1500' }))).toBe('trade');
    expect(kinds(place({ ...MARKET_ORDER, quantityLots: 4 }))[0]).toBe('trade');
  });

  test('is none without another side, nor with a trigger, but is when that is reached', () => {
    limits({ maxNotional: '1' });
    expect(reasonOf(place(MARKET_ORDER))).toBe('ORDER_LIQUIDITY_NONE');
    const byAmount = { ...MARKET_ORDER, quoteBudgetMinor: '9000', holdMinor: '9999' };
    expect(reasonOf(place(byAmount))).toBe('ORDER_LIQUIDITY_NONE');
    limits({});
    example.tradeAt(100);
    example.rest('sell', 102);
    limits({ maxNotional: '4' });
    expect(reasonOf(place({ ...MARKET_ORDER, trigger: stop(101) }))).toBe('armed');
    expect(reasonOf(place({ ...byAmount, trigger: stop(101) }))).toBe('armed');
    expect(kinds(example.tradeAt(101)).slice(-4)).toEqual([
      ...['triggered', `ended rejected ${tooLarge}`, 'triggered', `ended rejected ${tooLarge}`],
    ]);
  });
});

describe('a last trade that is too old', () => {
  const stale = ['MARKET_REFERENCE_STALE', 'ORDER_TRIGGER_REFERENCE_STALE'];

  test('is no reference for market orders, by the clock', () => {
    const market = { ...MARKET_ORDER, priceTicks: 500 };
    limits({ referenceMaxAgeMs: 10 });
    example.rest('sell', 101, 9);
    expect(kinds(place({ ...market, quantityLots: 1 }))[0]).toBe('trade');
    expect(kinds(place({ ...market, quantityLots: 1, timeMs: 15 }))[0]).toBe('trade');
    example.tick(26);
    expect(reasonOf(place({ ...market, timeMs: 1 }))).toBe(stale[0]);
    expect(reasonOf(place({ ...market, quoteBudgetMinor: '9' }))).toBe(stale[0]);
    expect(kinds(place({ priceTicks: 101, quantityLots: 1 }))[0]).toBe('trade');
    expect(kinds(place({ ...market, quantityLots: 1 }))[0]).toBe('trade');
  });

  test('is no reference for triggers, where one that never was is another matter', () => {
    limits({ referenceMaxAgeMs: 10 });
    expect(reasonOf(place({ trigger: stop(101) }))).toBe('ORDER_TRIGGER_REFERENCE_NONE');
    example.tradeAt(100);
    expect(reasonOf(place({ trigger: stop(101), timeMs: 15 }))).toBe('armed');
    for (const trigger of [stop(101), stop(99), trailing(100), profit(99)]) {
      expect(reasonOf(place({ trigger, timeMs: 16 }))).toBe(stale[1]);
      expect(reasonOf(place({ ...MARKET_ORDER, trigger, timeMs: 16 }))).toBe(stale[1]);
    }
    expect(reasonOf(place({ trigger: stop(10_001), timeMs: 16 }))).toBe('ORDER_PRICE_OUT_OF_BAND');
  });

  test('does not hinder an order that is triggered', () => {
    limits({ referenceMaxAgeMs: 10 });
    example.tradeAt(100);
    place({ ...MARKET_ORDER, trigger: stop(101) });
    example.tick(40);
    const events = example.tradeAt(101);
    expect(kinds(events).slice(-2)).toEqual(['triggered', 'ended expired ORDER_LIQUIDITY_NONE']);
  });

  test('is told of after what an order is worth', () => {
    limits({ referenceMaxAgeMs: 10, maxNotional: '3' });
    example.tradeAt(100);
    example.rest('sell', 99);
    const late = { ...MARKET_ORDER, timeMs: 99 };
    expect(reasonOf(place({ ...late, quantityLots: 2 }))).toBe('ORDER_NOTIONAL_TOO_LARGE');
    expect(reasonOf(place({ ...late, quantityLots: 1 }))).toBe(stale[0]);
  });
});

describe('a user who has many orders', () => {
  test('may not rest more, on both sides together, but take, wait and amend', () => {
    limits({ maxOpenOrders: 2 });
    place({ priceTicks: 90 });
    place({ side: 'sell', priceTicks: 110 });
    place({ userNumber: 2, side: 'sell', priceTicks: 105 });
    const tooMany = 'ORDERS_OPEN_TOO_MANY';
    expect(reasonOf(place({ priceTicks: 91 }))).toBe(tooMany);
    // Also one that would fill at once, if it could rest.
    expect(reasonOf(place({ priceTicks: 105, quantityLots: 1 }))).toBe(tooMany);
    expect(reasonOf(place({ timeInForce: 'GTD', expiresAtMs: 5 }))).toBe(tooMany);
    expect(reasonOf(place({ priceTicks: 105, quantityLots: 1, ...ioc }))).toBe('trade');
    const market = { ...MARKET_ORDER, priceTicks: 500, quantityLots: 1 };
    expect(reasonOf(place(market))).toBe('trade');
    expect(reasonOf(place({ trigger: stop(106) }))).toBe('armed');
    const amend = { userNumber: 1, orderNumber: 3, holdIncreaseMinor: '99' };
    expect(kinds(example.amend({ ...amend, priceTicks: 91 }))).toEqual(['amended', 'opened']);
    expect(reasonOf(place({ userNumber: 2, priceTicks: 91 }))).toBe('opened');
  });

  test('may rest one more when one is replaced, and when one is triggered', () => {
    limits({ maxOpenOrders: 1, maxWaitingOrders: 1 });
    example.tradeAt(100);
    place({ priceTicks: 90 });
    const replaces = { orderNumber: 5, onFailure: 'stop' } as const;
    expect(kinds(place({ priceTicks: 91, replaces }))).toEqual([
      'ended cancelled ORDER_REPLACED',
      'opened',
    ]);
    place({ priceTicks: 92, trigger: stop(101) });
    expect(kinds(example.tradeAt(101)).at(-1)).toBe('opened');
    expect(book.ordersOf(1).length).toBe(2);
  });

  test('may not let more wait, whatever rests', () => {
    limits({ maxWaitingOrders: 1 });
    example.tradeAt(100);
    place({ priceTicks: 90 });
    place({ priceTicks: 90 });
    expect(reasonOf(place({ trigger: stop(101) }))).toBe('armed');
    const tooMany = 'ORDERS_WAITING_TOO_MANY';
    expect(reasonOf(place({ trigger: trailing(100) }))).toBe(tooMany);
    expect(reasonOf(place({ ...MARKET_ORDER, trigger: stop(10_001) }))).toBe(tooMany);
    expect(reasonOf(place({ userNumber: 2, trigger: stop(101) }))).toBe('armed');
    const replaces = { orderNumber: 7, onFailure: 'stop' } as const;
    expect(kinds(place({ trigger: stop(102), replaces }))[1]).toBe('armed');
  });

  test('is told so before the mode of self-trade prevention is looked at', () => {
    limits({ maxOpenOrders: 1, selfTradeAllowed: false });
    place({ priceTicks: 90 });
    const none = { selfTradePrevention: 'none' } as const;
    expect(reasonOf(place(none))).toBe('ORDERS_OPEN_TOO_MANY');
    expect(reasonOf(place({ ...none, ...ioc }))).toBe('ORDER_SELF_TRADE_MODE_NOT_ALLOWED');
  });
});

describe('modes of self-trade prevention', () => {
  const notAllowed = 'ORDER_SELF_TRADE_MODE_NOT_ALLOWED';

  test('are those that the market names, and none if that is allowed', () => {
    limits({ selfTradeModes: ['cancel_maker', 'decrement'] });
    for (const mode of ['cancel_taker', 'cancel_both'] as const) {
      expect(reasonOf(place({ selfTradePrevention: mode }))).toBe(notAllowed);
    }
    for (const mode of ['cancel_maker', 'decrement', 'none'] as const) {
      expect(reasonOf(place({ selfTradePrevention: mode }))).toBe('opened');
    }
    limits({ selfTradeModes: ['none', 'decrement'], selfTradeAllowed: false });
    expect(reasonOf(place({ selfTradePrevention: 'none' }))).toBe(notAllowed);
  });

  test('are checked again when an order is triggered, and not by an amend', () => {
    example.tradeAt(100);
    place({ trigger: stop(101) });
    place({ priceTicks: 90 });
    limits({ selfTradeModes: ['decrement'] });
    expect(kinds(example.amend({ userNumber: 1, orderNumber: 5, priceTicks: 91 }))).toEqual([
      'amended',
      'opened',
    ]);
    const decrement = { selfTradePrevention: 'decrement', quantityLots: 1 } as const;
    place({ ...decrement, userNumber: 8, side: 'sell', priceTicks: 101 });
    const events = place({ ...decrement, userNumber: 9, priceTicks: 101 });
    expect(kinds(events).at(-1)).toBe(`ended rejected ${notAllowed}`);
  });
});
