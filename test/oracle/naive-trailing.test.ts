// Stops that follow the market, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { Example, kinds, profit, stop, trailing, triggered } from './naive-example.ts';
import type { Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  // Commands 2 and 3 trade one lot at 100, as sequences 2 to 5.
  example = new Example();
  book = example.book;
  example.tradeAt(100);
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
/** Far from the market, so that it opens and does no more when it is triggered. */
const sell = (trigger: Place['trigger']): readonly Execution[] =>
  place({ userNumber: 3, side: 'sell', priceTicks: 900, quantityLots: 1, ...withTrigger(trigger) });
const buy = (trigger: Place['trigger']): readonly Execution[] =>
  place({ userNumber: 3, side: 'buy', priceTicks: 5, quantityLots: 1, ...withTrigger(trigger) });
const withTrigger = (trigger: Place['trigger']) => (trigger === undefined ? {} : { trigger });
const tradeAt = (priceTicks: number): number[] =>
  triggered(example.tradeAt(priceTicks)).map(([number]) => number);
/** Kind, trigger price and what stands behind them, of the first waiting order. */
const waitingText = (): string | undefined => /trailing_stop .*/.exec(book.stateText())?.[0];

describe('a trailing stop that is placed', () => {
  test('is refused by its activation price alone, and where nothing has traded', () => {
    const outOfBand = ['ended rejected ORDER_PRICE_OUT_OF_BAND'];
    expect(kinds(sell(trailing(100, 10_001)))).toEqual(outOfBand);
    expect(kinds(sell(trailing(100, 10_000)))).toEqual(['armed']);
    example = new Example();
    expect(kinds(sell(trailing(100, 10_001)))).toEqual(outOfBand);
    const none = ['ended rejected ORDER_TRIGGER_REFERENCE_NONE'];
    expect(kinds(sell(trailing(100, 10_000)))).toEqual(none);
    expect(kinds(sell(trailing(100)))).toEqual(none);
  });

  test('may trail to a price that is out of the band', () => {
    example.configure({ version: 2, minPrice: '28.5', maxPrice: '31.5' });
    expect(kinds(place({ side: 'sell', trigger: trailing(5_000) }))).toEqual(['armed']);
  });

  test.each([
    ['sell', trailing(500), 95],
    ['sell', trailing(501), 94],
    ['sell', trailing(5_000), 50],
    ['sell', trailing(1), 99],
    ['buy', trailing(500), 105],
    ['buy', trailing(501), 106],
    ['buy', trailing(1), 101],
    // Reached by the last trade at 100, or not.
    ['sell', trailing(500, 100), 95],
    ['sell', trailing(500, 99), 95],
    ['sell', trailing(500, 101), 0],
    ['buy', trailing(500, 100), 105],
    ['buy', trailing(500, 101), 105],
    ['buy', trailing(500, 99), 0],
  ] as const)('as %s %j waits for %i', (side, trigger, triggerPriceTicks) => {
    const events = side === 'sell' ? sell(trigger) : buy(trigger);
    expect(events).toMatchObject([
      { kind: 'armed', side, triggerKind: 'trailing_stop', triggerPriceTicks },
    ]);
  });
});

describe('a trailing stop that waits', () => {
  test('for a sell follows the market up and is reached on its way down', () => {
    sell(trailing(1_000));
    expect(waitingText()).toBe('trailing_stop 90 trail 1000 100 0');
    expect(tradeAt(110)).toEqual([]);
    expect(waitingText()).toBe('trailing_stop 99 trail 1000 110 0');
    expect(tradeAt(109)).toEqual([]);
    expect(tradeAt(100)).toEqual([]);
    expect(waitingText()).toBe('trailing_stop 99 trail 1000 110 0');
    expect(tradeAt(99)).toEqual([4]);
    expect(waitingText()).toBeUndefined();
  });

  test('for a buy follows the market down and is reached on its way up', () => {
    buy(trailing(1_000));
    expect(waitingText()).toBe('trailing_stop 110 trail 1000 100 0');
    expect(tradeAt(91)).toEqual([]);
    // 91 x 1.1 = 100.1, rounded up.
    expect(waitingText()).toBe('trailing_stop 101 trail 1000 91 0');
    expect(tradeAt(100)).toEqual([]);
    expect(tradeAt(103)).toEqual([4]);
  });

  test('sleeps until its activation price is traded at, and follows from there', () => {
    sell(trailing(1_000, 105));
    expect(waitingText()).toBe('trailing_stop 0 trail 1000 0 105');
    expect(tradeAt(60)).toEqual([]);
    expect(tradeAt(104)).toEqual([]);
    expect(waitingText()).toBe('trailing_stop 0 trail 1000 0 105');
    expect(tradeAt(107)).toEqual([]);
    // 107 x 0.9 = 96.3, rounded down.
    expect(waitingText()).toBe('trailing_stop 96 trail 1000 107 105');
    expect(tradeAt(106)).toEqual([]);
    expect(waitingText()).toBe('trailing_stop 96 trail 1000 107 105');
    expect(tradeAt(96)).toEqual([4]);
  });

  test('for a buy is activated from above', () => {
    buy(trailing(1_000, 95));
    expect(tradeAt(200)).toEqual([]);
    expect(waitingText()).toBe('trailing_stop 0 trail 1000 0 95');
    expect(tradeAt(95)).toEqual([]);
    // 95 x 1.1 = 104.5, rounded up.
    expect(waitingText()).toBe('trailing_stop 105 trail 1000 95 95');
    expect(tradeAt(105)).toEqual([4]);
  });

  test('is moved and reached by the trades of one command in their order', () => {
    sell(trailing(1_000));
    example.rest('buy', 130);
    example.rest('buy', 117);
    const events = place({ userNumber: 9, side: 'sell', priceTicks: 110, quantityLots: 2 });
    // 130 makes it wait for 117, which the second trade reaches.
    const trades = events.filter(({ kind }) => kind === 'trade');
    expect(triggered(events)).toEqual([[4, trades[1]?.sequence]]);
  });

  test('is not reached by the trade that it follows, even where the trail rounds to nothing', () => {
    sell(trailing(5_000));
    buy(trailing(1));
    expect(tradeAt(1)).toEqual([4]);
    // 1 x 0.5 rounds to 0, so it waits for 1, and the next trade at 1 reaches that.
    expect(sell(trailing(5_000))).toMatchObject([{ triggerPriceTicks: 1 }]);
    expect(tradeAt(1)).toEqual([8]);
  });

  test('waits at most for the highest price there is', () => {
    const top = 4_294_967_295;
    example.configure({ version: 2, maxPrice: '1288490188.5' });
    example.tradeAt(top);
    expect(buy(trailing(5_000))).toMatchObject([{ triggerPriceTicks: top }]);
    expect(tradeAt(top)).toEqual([7]);
  });

  test('can be cancelled, and expires, whole', () => {
    sell(trailing(1_000));
    tradeAt(110);
    expect(example.send({ kind: 'cancel', userNumber: 3, orderNumber: 4 })).toMatchObject([
      { kind: 'ended', status: 'cancelled', cancelledLots: 1, releaseMinor: '1503' },
    ]);
    const gtd = { timeInForce: 'GTD', expiresAtMs: 9 } as const;
    place({ ...gtd, side: 'sell', trigger: trailing(9, 200) });
    expect(kinds(example.tick(9))).toEqual(['ended expired ORDER_EXPIRED']);
  });
});

describe('trailing and fixed orders reached by one trade', () => {
  test('go by the trigger price of now, then by number', () => {
    sell(stop(97)); // 4
    sell(trailing(200)); // 5: 98, then 107 x 0.98 = 104 after the trade at 107
    sell(stop(98)); // 6
    sell(trailing(100)); // 7: 99, then 105
    buy(profit(98)); // 8
    sell(trailing(800)); // 9: 92, then 98
    tradeAt(107);
    expect(tradeAt(97)).toEqual([7, 5, 6, 8, 9, 4]);
  });

  test('rising ones from the low end, and not those that have not moved so far', () => {
    sell(trailing(4_000)); // 4: waits for 60
    buy(trailing(1_000)); // 5: 110, then 70 x 1.1 = 77
    sell(stop(90)); // 6
    expect(tradeAt(70)).toEqual([6]);
    sell(trailing(5_000, 300)); // 9
    sell(profit(77)); // 10
    buy(stop(78)); // 11
    expect(tradeAt(80)).toEqual([5, 10, 11]);
    expect(book.waiting.map(({ order }) => order.number)).toEqual([4, 9]);
  });

  test('in a cascade: what a fixed one trades reaches a trailing one', () => {
    place({ userNumber: 4, side: 'sell', priceTicks: 90, quantityLots: 1, trigger: stop(98) });
    sell(trailing(500)); // 5: 95
    example.rest('buy', 98);
    example.rest('buy', 95);
    const events = place({ userNumber: 9, side: 'sell', priceTicks: 98, quantityLots: 1 });
    const trades = events.flatMap(({ kind, sequence }) => (kind === 'trade' ? [sequence] : []));
    expect(triggered(events)).toEqual([
      [4, trades[0]],
      [5, trades[1]],
    ]);
    expect(kinds(events).at(-1)).toBe('opened');
  });

  test('in a cascade: what a fixed one trades is followed by a trailing one', () => {
    sell(trailing(1_000)); // 4: 90, then 94, then 108
    place({ userNumber: 4, priceTicks: 120, quantityLots: 1, trigger: stop(105) });
    example.rest('sell', 105);
    example.rest('sell', 120);
    const events = place({ userNumber: 9, priceTicks: 105, quantityLots: 1 });
    expect(triggered(events).map(([number]) => number)).toEqual([5]);
    expect(waitingText()).toBe('trailing_stop 108 trail 1000 120 0');
  });
});
