// How orders with a trigger are placed and reached, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import { Example, kinds, MARKET_ORDER, profit, stop, triggered } from './naive-example.ts';
import type { Execution } from './naive-events.ts';
import type { Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  // Commands 2 and 3 trade one lot at 100, as sequences 2 to 5.
  example = new Example();
  book = example.book;
  tradeAt(100);
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const tradeAt = (priceTicks: number): readonly Execution[] => example.tradeAt(priceTicks);
const rest: Example['rest'] = (...terms) => {
  example.rest(...terms);
};

describe('an order with a trigger that is placed', () => {
  test('waits, says so, and is in no book and no depth', () => {
    book.takeTouched();
    expect(place({ trigger: stop(101) })).toEqual([
      {
        kind: 'armed',
        sequence: 6,
        timeMs: 5,
        orderId: 'ord_0000000000000004',
        userId: 'usr_0000000000000001',
        side: 'buy',
        triggerKind: 'stop_loss',
        triggerPriceTicks: 101,
        remainingLots: 5,
      },
    ]);
    expect(book.takeTouched()).toEqual([]);
    expect(book.depth()).toEqual([]);
    expect(kinds(place({ side: 'sell', userNumber: 2, priceTicks: 99 }))).toEqual(['opened']);
  });

  test.each([
    ['buy', 'stop_loss', [101], [100, 99]],
    ['sell', 'take_profit', [101], [100, 99]],
    ['sell', 'stop_loss', [99], [100, 101]],
    ['buy', 'take_profit', [99], [100, 101]],
  ] as const)('%s %s: the last trade at 100 has not reached %j but %j', (side, kind, far, near) => {
    for (const priceTicks of far) {
      expect(kinds(place({ side, trigger: { kind, priceTicks } }))).toEqual(['armed']);
    }
    for (const priceTicks of near) {
      const [event] = place({ side, trigger: { kind, priceTicks }, holdMinor: '77' });
      expect(event).toMatchObject({
        kind: 'ended',
        status: 'rejected',
        reason: 'ORDER_TRIGGER_PRICE_REACHED',
        cancelledLots: 5,
        releaseMinor: '77',
      });
    }
  });

  test('is checked for its end, the band, a reference and the reference, in this order', () => {
    example = new Example();
    const gone = { timeInForce: 'GTD', expiresAtMs: 5 } as const;
    expect(kinds(place({ ...gone, trigger: stop(10_001) }))).toEqual([
      'ended expired ORDER_EXPIRED',
    ]);
    const outOfBand = ['ended rejected ORDER_PRICE_OUT_OF_BAND'];
    expect(kinds(place({ trigger: stop(10_001) }))).toEqual(outOfBand);
    expect(kinds(place({ trigger: stop(10_000) }))).toEqual([
      'ended rejected ORDER_TRIGGER_REFERENCE_NONE',
    ]);
    // The band is that of the trigger price also where the order itself has no limit.
    expect(kinds(place({ ...MARKET_ORDER, trigger: profit(10_001) }))).toEqual(outOfBand);
    example.configure({ version: 2, minPrice: '15', maxPrice: '36' });
    tradeAt(100);
    expect(kinds(place({ trigger: profit(49) }))).toEqual(outOfBand);
    expect(kinds(place({ trigger: profit(50) }))).toEqual(['armed']);
  });

  test('is not checked against the book yet', () => {
    rest('sell', 100);
    expect(kinds(place({ postOnly: true, trigger: stop(101) }))).toEqual(['armed']);
    expect(kinds(place({ timeInForce: 'FOK', trigger: stop(101) }))).toEqual(['armed']);
  });

  test.each([
    ['halted', 'MARKET_HALTED'],
    ['cancel_only', 'MARKET_CANCEL_ONLY'],
  ] as const)('is refused where the market is %s', (status, reason) => {
    example.configure({ version: 2 }, status);
    expect(kinds(place({ trigger: stop(101) }))).toEqual([`ended rejected ${reason}`]);
  });
});

describe('a trade reaches an order', () => {
  test.each([
    ['buy', stop(102), 101, 102],
    ['buy', stop(102), 101, 103],
    ['sell', profit(102), 101, 102],
    ['sell', stop(98), 99, 98],
    ['sell', stop(98), 99, 97],
    ['buy', profit(98), 99, 98],
  ] as const)('%s %j: not at %i, but at %i', (side, trigger, before, at) => {
    place({ side, trigger, priceTicks: side === 'buy' ? 90 : 110 });
    expect(kinds(tradeAt(before))).toEqual(['trade', 'ended filled ', 'ended filled ']);
    const events = tradeAt(at);
    expect(kinds(events)).toEqual([
      'trade',
      'ended filled ',
      'ended filled ',
      'triggered',
      'opened',
    ]);
    expect(events[3]).toEqual({
      kind: 'triggered',
      sequence: book.sequence - 1,
      timeMs: 5,
      orderId: 'ord_0000000000000004',
      userId: 'usr_0000000000000001',
      tradeSequence: book.sequence - 4,
    });
    expect(book.waiting).toEqual([]);
    expect(book.find(4)?.remaining).toBe(5n);
  });

  test('and the last price is that of the last trade, not the furthest one', () => {
    rest('sell', 101);
    rest('sell', 103);
    place({ userNumber: 9, priceTicks: 103, quantityLots: 2 });
    tradeAt(102);
    expect(kinds(place({ trigger: stop(103) }))).toEqual(['armed']);
    expect(book.lastTicks).toBe(102);
  });

  test('but lots taken off by self-trade prevention are no trade', () => {
    place({ userNumber: 3, trigger: stop(101) });
    rest('sell', 101);
    const own = { userNumber: 8, selfTradePrevention: 'decrement', priceTicks: 101 } as const;
    const events = place({ ...own, quantityLots: 1 });
    expect(kinds(events).slice(0, 3)).toEqual(['prevented', 'reduced', 'reduced']);
    expect(book.waiting.length).toBe(1);
    expect(book.lastTicks).toBe(100);
  });

  test('by an amend like by any command', () => {
    place({ userNumber: 3, trigger: stop(101), priceTicks: 90 });
    rest('sell', 101);
    place({ userNumber: 2, priceTicks: 100, quantityLots: 1 });
    const terms = { priceTicks: 101, quantityLots: 1, holdIncreaseMinor: '4' };
    const events = example.amend({ orderNumber: 6, ...terms });
    expect(kinds(events).slice(0, 2)).toEqual(['amended', 'trade']);
    expect(triggered(events)).toEqual([[4, events[1]?.sequence]]);
  });

  test('only once, and its number stays known', () => {
    place({ trigger: stop(101), priceTicks: 90 });
    expect(triggered(tradeAt(101)).length).toBe(1);
    expect(triggered(tradeAt(102))).toEqual([]);
    expect(place({ number: 4, trigger: stop(103) })).toEqual([]);
  });
});

describe('orders reached by one command', () => {
  const later = { quantityLots: 1 } as const;

  test('go by trigger price, then by number, rising and falling each from the near end', () => {
    const rising = { ...later, priceTicks: 90 };
    place({ ...rising, number: 21, trigger: stop(103) });
    place({ ...rising, number: 24, trigger: stop(102) });
    place({ ...rising, number: 22, trigger: stop(102) });
    place({ ...later, number: 23, side: 'sell', priceTicks: 120, trigger: profit(102) });
    place({ ...rising, number: 31, trigger: profit(97) });
    place({ ...rising, number: 34, trigger: profit(98) });
    place({ ...rising, number: 32, trigger: profit(98) });
    place({ ...later, number: 33, side: 'sell', priceTicks: 120, trigger: stop(98) });
    const numbers = (events: readonly Execution[]): number[] =>
      triggered(events).map(([each]) => each);
    expect(numbers(tradeAt(103))).toEqual([22, 23, 24, 21]);
    expect(numbers(tradeAt(97))).toEqual([32, 33, 34, 31]);
  });

  test('follow the trades in sequence, whatever their prices', () => {
    place({ ...later, priceTicks: 90, trigger: stop(102) });
    place({ ...later, priceTicks: 90, trigger: stop(101) });
    place({ ...later, priceTicks: 90, trigger: stop(104) });
    rest('sell', 101);
    rest('sell', 103);
    const events = place({ userNumber: 9, priceTicks: 103, quantityLots: 2 });
    const done = ['trade', 'ended filled ', 'trade', 'ended filled ', 'ended filled '];
    expect(kinds(events)).toEqual([...done, 'triggered', 'opened', 'triggered', 'opened']);
    expect(triggered(events)).toEqual([
      [5, events[0]?.sequence],
      [4, events[2]?.sequence],
    ]);
    expect(book.waiting.map(({ order }) => order.number)).toEqual([6]);
  });

  test('are served first reached, first served, and reach others themselves', () => {
    // 4 and 5 are reached at 101; 4 trades at 102 and reaches 6, which has to wait for 5.
    place({ ...later, priceTicks: 102, trigger: stop(101) });
    place({ ...later, priceTicks: 90, trigger: stop(101) });
    place({ ...later, ...MARKET_ORDER, priceTicks: 200, trigger: stop(102) });
    rest('sell', 101);
    rest('sell', 102);
    rest('sell', 103);
    const events = place({ userNumber: 9, priceTicks: 101, quantityLots: 1 });
    expect(kinds(events)).toEqual([
      'trade',
      'ended filled ',
      'ended filled ',
      'triggered',
      'trade',
      'ended filled ',
      'ended filled ',
      'triggered',
      'opened',
      'triggered',
      'trade',
      'ended filled ',
      'ended filled ',
    ]);
    const [first, second] = [events[0]?.sequence, events[4]?.sequence];
    expect(triggered(events)).toEqual([
      [4, first],
      [5, first],
      [6, second],
    ]);
    expect(events[10]).toMatchObject({ priceTicks: 103 });
    expect(book.lastTicks).toBe(103);
  });

  test('can turn: a sell reached on the way up reaches a falling one', () => {
    rest('buy', 95);
    place({ ...later, priceTicks: 96, side: 'sell', trigger: stop(96) });
    const market = { ...later, ...MARKET_ORDER, holdMinor: '10' };
    place({ ...market, side: 'sell', priceTicks: 1, trigger: profit(101) });
    rest('sell', 101);
    const events = place({ userNumber: 9, priceTicks: 101, quantityLots: 1 });
    expect(triggered(events).map(([each]) => each)).toEqual([6, 5]);
    expect(kinds(events).at(-1)).toBe('opened');
  });
});
