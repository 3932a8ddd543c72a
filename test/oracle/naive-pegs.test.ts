// Orders that take their price from the book, computed by hand from docs/engine.md. One tick x one
// lot is 3; the fee of 0.2 % is held as well, rounded up.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { Example, linesOf, MARKET_ORDER, stop, told } from './naive-example.ts';
import type { Peg, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  // Two levels a side: 2 to 6 buy at 98, 98 and 95, and sell at 103 and 106.
  example = new Example();
  book = example.book;
  for (const price of [98, 98, 95]) example.rest('buy', price);
  for (const price of [103, 106]) example.rest('sell', price);
});

const to = (side: Peg['to'], offsetLevels = 0): { readonly peg: Peg } => {
  return { peg: { to: side, offsetLevels } };
};
/** User 1 buys 5 lots at 120 at most, for which 1800 and a fee of 4 are held. */
const place = (changes: Partial<Place>): readonly Execution[] =>
  example.place({ priceTicks: 120, holdMinor: '1804', ...changes });

describe('a pegged order is refused', () => {
  test.each<readonly [string, Partial<Place>]>([
    ['a level that is not there', to('same', 2)],
    ['nor on the other side', to('opposite', 2)],
    ['even with a price that nobody may have', { ...to('same', 2), priceTicks: 10_001 }],
    ['a sell', { ...to('same', 2), side: 'sell', priceTicks: 1 }],
  ])('where the book has no such level: %s', (_name, changes) => {
    expect(place(changes)).toMatchObject([
      {
        ...{ kind: 'ended', status: 'rejected', reason: 'ORDER_PEG_REFERENCE_NONE' },
        ...{ cancelledLots: 5, releaseMinor: '1804' },
      },
    ]);
  });

  test('behind the checks of its status and size, before those of its price', () => {
    const none = { ...to('same', 9), priceTicks: 10_001 };
    const reasonOf = (changes: Partial<Place>): string | undefined =>
      / ends (\w+),/.exec(told(place({ ...none, ...changes }))[0] ?? '')?.[1];
    expect(reasonOf({ quantityLots: 10_001 })).toBe('ORDER_QUANTITY_TOO_LARGE');
    expect(reasonOf({ quantityLots: 101, displayLots: 1 })).toBe(
      'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
    );
    expect(reasonOf({})).toBe('ORDER_PEG_REFERENCE_NONE');
    expect(reasonOf(to('same', 1))).toBeUndefined();
    example.configure({ version: 2 }, 'halted');
    expect(reasonOf({})).toBe('MARKET_HALTED');
  });

  test('for the price that it has then: in the bands, and in what it is worth', () => {
    example.configure({ version: 2, priceBand: { staticPrice: '30', staticBps: 300 } });
    expect(told(place(to('same', 1)))).toEqual([
      '8 ends ORDER_PRICE_OUT_OF_STATIC_BAND, 5 left, 1804',
    ]);
    // 5 lots at 98 are worth 1470.
    example.configure({ version: 3, minNotional: '14.71' });
    expect(told(place(to('same')))).toEqual(['10 ends ORDER_NOTIONAL_TOO_SMALL, 5 left, 1804']);
    example.configure({ version: 4, maxNotional: '14.69' });
    expect(told(place(to('same')))).toEqual(['12 ends ORDER_NOTIONAL_TOO_LARGE, 5 left, 1804']);
    example.configure({ version: 5, maxNotional: '14.70' });
    expect(told(place(to('same')))).toEqual(['14 pegged to 98, 331', '14 opened at 98']);
  });

  test('as post-only, when the price that it takes is that of the other side', () => {
    const crossing = { ...to('opposite'), postOnly: true };
    expect(told(place(crossing))).toEqual(['7 ends ORDER_POST_ONLY_WOULD_TAKE, 5 left, 1804']);
    expect(told(place({ ...crossing, ...to('same') }))).toEqual([
      ...['8 pegged to 98, 331', '8 opened at 98'],
    ]);
  });

  test('as fill-or-kill, when its price does not reach enough', () => {
    const whole = { ...to('opposite'), timeInForce: 'FOK', quantityLots: 2 } as const;
    expect(told(place(whole))).toEqual(['7 ends ORDER_FOK_NOT_FILLABLE, 2 left, 1804']);
    // 2 at 120 hold 720 and 2; 2 at 106 hold 636 and 2, 1 at 106 holds 318 and 1.
    expect(told(place({ ...whole, ...to('opposite', 1), holdMinor: '722' }))).toEqual([
      '8 pegged to 106, 84',
      '8 (319) takes 1 of 5 (10) at 103',
      '5 ends filled, 0 left, 0',
      '8 (319) takes 1 of 6 (10) at 106',
      ...['6 ends filled, 0 left, 0', '8 ends filled, 0 left, 0'],
    ]);
  });
});

describe('a pegged order takes its price', () => {
  // 5 at 98 hold 1470 and 3, at 95 1425 and 3, at 103 1545 and 4, at 106 1590 and 4.
  test.each<readonly [string, Partial<Place>, string]>([
    ['of its own side', to('same'), '98, 331'],
    ['of the next level, however many orders are at the first', to('same', 1), '95, 376'],
    ['of the other side', to('opposite'), '103, 255'],
    ['of the next level there', to('opposite', 1), '106, 210'],
    [
      'but never beyond its own',
      { ...to('opposite'), priceTicks: 101, holdMinor: '1519' },
      '101, 0',
    ],
    ['and a sell', { ...to('same'), side: 'sell', priceTicks: 90, holdMinor: '50' }, '103, 0'],
    [
      'of the buys',
      { ...to('opposite', 1), side: 'sell', priceTicks: 90, holdMinor: '50' },
      '95, 0',
    ],
    [
      'but not below',
      { ...to('opposite'), side: 'sell', priceTicks: 99, holdMinor: '50' },
      '99, 0',
    ],
  ])('%s', (_name, changes, expected) => {
    const [pegged] = told(place(changes));
    expect(pegged).toBe(`7 pegged to ${expected}`);
  });

  test('and rests at it from then on, as any limit order', () => {
    expect(told(place(to('same', 1)))).toEqual(['7 pegged to 95, 376', '7 opened at 95']);
    const line = '7 1 b 95 5 5 GTC 0 cancel_taker 0 1000 2000';
    expect(book.stateText().split('\n')).toContain(line);
    example.rest('buy', 99);
    expect(book.find(7)?.limit).toBe(95n);
    const amend = { userNumber: 1, orderNumber: 7, priceTicks: 95, quantityLots: 3 };
    // 3 at 95 hold 855 and 2.
    expect(example.amend(amend)).toMatchObject([{ kind: 'amended', releaseMinor: '571' }]);
  });

  test('and takes up to it', () => {
    expect(told(place(to('opposite')))).toEqual([
      '7 pegged to 103, 255',
      '7 (310) takes 1 of 5 (10) at 103',
      '5 ends filled, 0 left, 0',
      '7 opened at 103',
    ]);
  });

  test('when the order that it replaces has left the book', () => {
    example.configure({ version: 2 });
    place({ priceTicks: 99, holdMinor: '1488' });
    const replaces = { orderNumber: 8, onFailure: 'stop' } as const;
    expect(told(place({ ...to('same'), replaces }))).toEqual([
      '8 ends ORDER_REPLACED, 5 left, 1488',
      ...['9 pegged to 98, 331', '9 opened at 98'],
    ]);
  });

  test('while the market collects, from a book that is crossed', () => {
    example.configure({ version: 2 }, 'auction');
    example.rest('sell', 90);
    expect(told(place(to('opposite')))).toEqual(['9 pegged to 90, 451', '9 opened at 90']);
    expect(told(place(to('opposite', 1)))).toEqual(['10 pegged to 103, 255', '10 opened at 103']);
  });

  test('if it is a limit order: of a market order the peg means nothing', () => {
    expect(told(place({ ...MARKET_ORDER, ...to('same', 9), quantityLots: 1 }))[0]).toMatch(
      /^7 \(\d+\) takes 1 of 5 /,
    );
    example.tradeAt(100);
    place({ ...MARKET_ORDER, ...to('same', 9), trigger: stop(110) });
    expect(linesOf(book, 'waiting')[0]).toMatch(/ stop_loss 110$/);
  });
});

describe('a pegged order with a trigger', () => {
  beforeEach(() => {
    example.tradeAt(100);
  });

  test('is checked at its own price while it waits, and says so in the state', () => {
    expect(told(place({ ...to('same', 9), trigger: stop(103), priceTicks: 10_001 }))).toEqual([
      '9 ends ORDER_PRICE_OUT_OF_BAND, 5 left, 1804',
    ]);
    const terms = { displayLots: 2, tradeGroup: 7, trigger: stop(103) };
    expect(told(place({ ...to('same', 9), ...terms }))).toEqual(['10 armed stop_loss 103']);
    expect(linesOf(book, 'waiting')[0]).toMatch(/^waiting 10 1 b 120 5 5 GTC /);
    expect(linesOf(book, 'waiting')[0]).toMatch(/ stop_loss 103 display 2 group 7 peg same 9$/);
  });

  test('takes its price from the book at its turn, or is refused then', () => {
    place({ ...to('same', 1), trigger: stop(103) });
    place({ ...to('opposite', 1), trigger: stop(103) });
    const events = example.place({ userNumber: 9, priceTicks: 103, quantityLots: 1 });
    expect(told(events).slice(3)).toEqual([
      ...['9 triggered', '9 pegged to 95, 376', '9 opened at 95'],
      ...['10 triggered', '10 ends ORDER_PEG_REFERENCE_NONE, 5 left, 1804'],
    ]);
  });
});

describe('a pegged order of a list', () => {
  const legs = { side: 'sell', priceTicks: 90, holdMinor: '50' } as const;

  test('takes its price when it is its turn, not while it is pending', () => {
    const working = { side: 'buy', priceTicks: 120, holdMinor: '1804', ...to('same') } as const;
    const events = example.placeList({ working, orders: [{ ...legs, ...to('same', 1) }] });
    expect(told(events)).toEqual([
      ...['8 armed working_order 0', '7 pegged to 98, 331', '7 opened at 98'],
    ]);
    expect(linesOf(book, 'waiting')[0]).toMatch(/ working_order 0 peg same 1$/);
    const low = { userNumber: 9, side: 'sell', priceTicks: 98, quantityLots: 7 } as const;
    expect(told(example.place(low)).slice(-2)).toEqual(['8 pegged to 106, 0', '8 opened at 106']);
  });

  test('is refused as a working order, and its pending order ends', () => {
    const working = { side: 'buy', priceTicks: 120, holdMinor: '1804', ...to('same', 9) } as const;
    expect(told(example.placeList({ working, orders: [legs] }))).toEqual([
      '8 armed working_order 0',
      '7 ends ORDER_PEG_REFERENCE_NONE, 5 left, 1804',
      '8 ends ORDER_CANCELLED_BY_LIST, 5 left, 50',
    ]);
  });
});
