// Orders that take the place of another, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { endsOf, Example, kinds, MARKET_ORDER, stop, triggered } from './naive-example.ts';
import type { CancelCondition, Place, Replaces } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
/** User 1 replaces an order, command 2 if nothing else is said, with one at 90. */
const replace = (terms: Partial<Replaces>, order: Partial<Place> = {}): readonly Execution[] => {
  const replaces = { orderNumber: 2, onFailure: 'stop', ...terms } as const;
  return place({ priceTicks: 90, ...order, replaces });
};
const FAILED = ['ended rejected ORDER_REPLACE_CANCEL_FAILED'];
const REPLACED = 'ended cancelled ORDER_REPLACED';

describe('what cannot be replaced', () => {
  const cases: readonly (readonly [string, () => unknown, Partial<Replaces>])[] = [
    ['no order', () => place({}), { orderNumber: 77 }],
    ['the order itself', () => place({}), { orderNumber: 3 }],
    ['one of another user', () => place({ userNumber: 2 }), {}],
    ['one of another user of the group', () => place({ userNumber: 2, tradeGroup: 7 }), {}],
    ['one that has ended', () => place({ ...MARKET_ORDER }), {}],
    ['one that is new, if partially filled', () => place({}), { onlyIf: 'partially_filled' }],
  ];

  test.each(cases)('stops the new order: %s', (_name, before, terms) => {
    before();
    const resting = book.buys.length;
    const events = replace(terms, { tradeGroup: 7, holdMinor: '77' });
    expect(kinds(events)).toEqual(FAILED);
    expect(events).toMatchObject([{ cancelledLots: 5, releaseMinor: '77' }]);
    expect(book.buys.length).toBe(resting);
  });

  test.each(cases)('lets it proceed if it says so: %s', (_name, before, terms) => {
    before();
    const resting = book.buys.length;
    expect(kinds(replace({ ...terms, onFailure: 'proceed' }, { tradeGroup: 7 }))).toEqual([
      'opened',
    ]);
    expect(book.buys.length).toBe(resting + 1);
  });

  test('is said before anything is checked', () => {
    example.configure({ version: 2 }, 'halted');
    expect(kinds(replace({}))).toEqual(FAILED);
    expect(kinds(replace({ onFailure: 'proceed' }))).toEqual(['ended rejected MARKET_HALTED']);
    example.send({ kind: 'block_user', userNumber: 1, isBlocked: true });
    expect(kinds(replace({}, { quantityLots: 10_001 }))).toEqual(FAILED);
  });

  test('is not looked for where the market is not configured, or the command is too old', () => {
    place({});
    place({ number: 1_048_576 + 20, priceTicks: 1 });
    expect(replace({}, { number: 20 })).toMatchObject([
      { kind: 'refused', reason: 'COMMAND_TOO_OLD', releaseMinor: '0' },
    ]);
    expect(book.find(2)?.number).toBe(2);
    example = new Example({ isConfigured: false });
    expect(kinds(replace({}))).toEqual(['ended rejected MARKET_NOT_FOUND']);
  });
});

describe('an order that is replaced', () => {
  test('leaves first, with all that is held for it', () => {
    place({});
    place({ userNumber: 2, side: 'sell', quantityLots: 2 });
    const events = replace({ orderNumber: 2 });
    expect(events).toMatchObject([
      {
        kind: 'ended',
        orderId: 'ord_0000000000000002',
        status: 'cancelled',
        reason: 'ORDER_REPLACED',
        cancelledLots: 3,
        // 3 lots at 100 = 900 + 1.8 rounded up.
        releaseMinor: '902',
      },
      { kind: 'opened', orderId: 'ord_0000000000000004' },
    ]);
    expect(book.buys.map(({ number }) => number)).toEqual([4]);
  });

  test.each<[CancelCondition, () => unknown]>([
    ['new', () => undefined],
    ['new', () => example.amend({ userNumber: 1, quantityLots: 4 })],
    ['partially_filled', () => place({ userNumber: 2, side: 'sell', quantityLots: 2 })],
  ])('is %s where that was asked', (onlyIf, before) => {
    place({});
    before();
    const other = onlyIf === 'new' ? 'partially_filled' : 'new';
    expect(kinds(replace({ onlyIf: other }))).toEqual(FAILED);
    expect(kinds(replace({ onlyIf }))).toEqual([REPLACED, 'opened']);
  });

  test('may wait, and be replaced by one that waits', () => {
    example.tradeAt(100);
    place({ trigger: stop(101), holdMinor: '3000' });
    expect(kinds(replace({ orderNumber: 4, onlyIf: 'partially_filled' }))).toEqual(FAILED);
    const events = replace({ orderNumber: 4, onlyIf: 'new' }, { trigger: stop(102) });
    expect(kinds(events)).toEqual([REPLACED, 'armed']);
    expect(events[0]).toMatchObject({ cancelledLots: 5, releaseMinor: '3000' });
    expect(book.waiting.map(({ order }) => order.number)).toEqual([6]);
  });

  test.each<[Partial<Place>, string]>([
    [{ quantityLots: 10_001 }, 'ended rejected ORDER_QUANTITY_TOO_LARGE'],
    [{ ...MARKET_ORDER }, 'ended expired ORDER_LIQUIDITY_NONE'],
    [{ timeInForce: 'FOK' }, 'ended expired ORDER_FOK_NOT_FILLABLE'],
    [{ trigger: stop(101) }, 'ended rejected ORDER_TRIGGER_REFERENCE_NONE'],
    [{ timeInForce: 'GTD', expiresAtMs: 5 }, 'ended expired ORDER_EXPIRED'],
  ])('does not come back when the new one ends as %j', (order, end) => {
    place({});
    expect(kinds(replace({}, order))).toEqual([REPLACED, end]);
    expect(book.buys).toEqual([]);
  });

  test('does not come back in a halted market either', () => {
    place({});
    example.configure({ version: 2 }, 'halted');
    expect(kinds(replace({}))).toEqual([REPLACED, 'ended rejected MARKET_HALTED']);
  });

  test('is out of the way of what replaces it', () => {
    place({ userNumber: 1, side: 'sell', holdMinor: '50' });
    place({ userNumber: 2, side: 'sell', holdMinor: '50' });
    const events = replace({}, { priceTicks: 100, postOnly: false });
    expect(kinds(events)).toEqual([REPLACED, 'trade', 'ended filled ', 'ended filled ']);
  });

  test('has expired before, if its time has come', () => {
    place({ timeInForce: 'GTD', expiresAtMs: 9 });
    const events = replace({}, { timeMs: 9 });
    expect(kinds(events)).toEqual(['ended expired ORDER_EXPIRED', ...FAILED]);
  });
});

test('an order that is triggered later replaces nothing again', () => {
  example.tradeAt(100);
  place({ priceTicks: 80 });
  expect(kinds(replace({ orderNumber: 4 }, { trigger: stop(101) }))).toEqual([REPLACED, 'armed']);
  const events = example.tradeAt(101);
  expect(triggered(events).map(([number]) => number)).toEqual([5]);
  expect(kinds(events).at(-1)).toBe('opened');
  expect(endsOf(events)).toEqual(['6 filled', '7 filled']);
});

test('a replacement that trades triggers others like any command', () => {
  example.tradeAt(100);
  place({ userNumber: 3, priceTicks: 80, trigger: stop(101) });
  place({ priceTicks: 80 });
  example.rest('sell', 101);
  const events = replace({ orderNumber: 5 }, { priceTicks: 101, quantityLots: 1 });
  expect(kinds(events).slice(0, 2)).toEqual([REPLACED, 'trade']);
  expect(triggered(events).map(([number]) => number)).toEqual([4]);
});
