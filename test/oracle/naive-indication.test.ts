// What an auction tells before it trades, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { Example, kinds } from './naive-example.ts';
import type { MarketStatus, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const become = (status: MarketStatus): readonly Execution[] =>
  example.configure({ version: (book.config?.version ?? 0) + 1 }, status);
const buy = (priceTicks: number, quantityLots: number) =>
  example.place({ priceTicks, quantityLots, userNumber: 1 });
const sell = (priceTicks: number, quantityLots: number, more: Partial<Place> = {}) =>
  example.place({ side: 'sell', priceTicks, quantityLots, userNumber: 2, ...more });

describe('an auction', () => {
  const indicative = (priceTicks: number, lots: number) => ({
    kind: 'indicative',
    priceTicks,
    lots,
  });

  test('tells nothing as long as the book is not crossed, but was looked at', () => {
    become('auction');
    buy(99, 5);
    expect(book.stateText()).toMatch(/\nindicated 0 0 0\n$/);
    expect(example.tick(2_000)).toEqual([]);
    expect(book.stateText()).toMatch(/\nindicated 2 0 0\n$/);
  });

  test('tells what it would come to, once in a second, before the command is done', () => {
    become('auction');
    buy(102, 9);
    // Looked at in second 0 already, when the buy came.
    expect(kinds(sell(100, 5))).toEqual(['opened']);
    expect(example.tick(999)).toEqual([]);
    const events = sell(100, 3, { timeMs: 1_000 });
    expect(events[0]).toEqual({
      kind: 'indicative',
      sequence: 5,
      timeMs: 1_000,
      priceTicks: 102,
      lots: 5,
      surplusSide: 'buy',
      surplusLots: 4,
    });
    expect(kinds(events)).toEqual(['indicative', 'opened']);
    expect(example.tick(1_999)).toEqual([]);
    expect(example.tick(3_500)).toMatchObject([{ ...indicative(102, 8), surplusLots: 1 }]);
    expect(book.stateText()).toMatch(/\nindicated 3 102 8\n$/);
  });

  test('tells nothing if only what is left over has changed, or nothing has', () => {
    become('auction');
    buy(102, 9);
    sell(100, 5);
    example.tick(1_000);
    buy(102, 1);
    expect(example.tick(2_000)).toEqual([]);
    expect(book.stateText()).toMatch(/\nindicated 2 102 5\n$/);
  });

  test('tells of a balance, and that nothing would trade any more', () => {
    become('auction');
    buy(102, 5);
    sell(102, 5);
    expect(example.tick(1_000)).toMatchObject([
      { ...indicative(102, 5), surplusSide: null, surplusLots: 0 },
    ]);
    example.send({ kind: 'cancel', userNumber: 2, orderNumber: 4 }, 1_000);
    expect(example.tick(2_000)).toMatchObject([
      { ...indicative(0, 0), surplusSide: null, surplusLots: 0 },
    ]);
    expect(example.tick(3_000)).toEqual([]);
  });

  test('tells in the very step in which it begins, if its time has come', () => {
    example.configure({ version: 2 }, 'pre_open', [[1_500, 'auction']]);
    buy(102, 5);
    sell(100, 9);
    expect(example.tick(1_400)).toEqual([]);
    expect(example.tick(1_500)).toMatchObject([
      { kind: 'phase_changed', status: 'auction' },
      { ...indicative(100, 5), surplusSide: 'sell', surplusLots: 4 },
    ]);
  });

  test('tells anew when it begins anew, and only auctions do', () => {
    become('auction');
    buy(102, 5);
    sell(100, 9);
    expect(example.tick(1_000)).toMatchObject([indicative(100, 5)]);
    become('pre_open');
    expect(book.stateText()).not.toContain('indicated');
    expect(example.tick(2_000)).toEqual([]);
    become('auction');
    expect(example.tick(2_000)).toMatchObject([indicative(100, 5)]);
    expect(kinds(become('trading')).slice(0, 3)).toEqual(['configured', 'uncrossed', 'trade']);
    expect(example.tick(9_000)).toEqual([]);
  });
});
