// Statuses of a market, how they follow each other and what they bring, computed by hand from
// docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import {
  endsOf,
  Example,
  kinds,
  MARKET_ORDER,
  stop,
  trailing,
  triggered,
} from './naive-example.ts';
import type { MarketStatus, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const become = (
  status: MarketStatus,
  schedule: readonly (readonly [number, MarketStatus])[] = [],
): readonly Execution[] =>
  example.configure({ version: (book.config?.version ?? 0) + 1 }, status, schedule);
const rejected = (reason: string): string[] => [`ended rejected ${reason}`];
const ALL = [
  ...(['trading', 'cancel_only', 'halted', 'post_only', 'limit_only'] as const),
  ...(['pre_open', 'auction', 'closing', 'delisted'] as const),
];

describe('a market that collects', () => {
  describe.each(['pre_open', 'auction'] as const)('%s', (status) => {
    test.each<Partial<Place>>([
      MARKET_ORDER,
      { ...MARKET_ORDER, timeInForce: 'GTC' },
      { ...MARKET_ORDER, quoteBudgetMinor: '9' },
      { timeInForce: 'IOC' },
      { timeInForce: 'FOK' },
      { postOnly: true },
      { timeInForce: 'GTD', postOnly: true, expiresAtMs: 9 },
    ])('does not take %j, whatever else is wrong with it', (order) => {
      become(status);
      expect(kinds(place({ ...order, quantityLots: 10_001 }))).toEqual(rejected('MARKET_AUCTION'));
    });

    test('takes any order that waits', () => {
      example.tradeAt(100);
      become(status);
      const trigger = stop(101);
      for (const order of [{}, MARKET_ORDER, { timeInForce: 'FOK' }, { postOnly: true }] as const) {
        expect(kinds(place({ ...order, trigger }))).toEqual(['armed']);
      }
    });

    test('lets all rest in the order in which they come, and the book be crossed', () => {
      place({ userNumber: 2, side: 'sell', priceTicks: 100 });
      become(status);
      book.takeTouched();
      expect(kinds(place({ priceTicks: 105 }))).toEqual(['opened']);
      expect(kinds(place({ userNumber: 3, side: 'sell', priceTicks: 99 }))).toEqual(['opened']);
      // Its own order is met by nobody.
      expect(kinds(place({ side: 'sell', priceTicks: 105, displayLots: 2 }))).toEqual(['opened']);
      expect(book.takeTouched()).toEqual([
        ['buy', 105, 5],
        ['sell', 99, 5],
        ['sell', 105, 2],
      ]);
    });

    test('amends without matching', () => {
      place({ userNumber: 2, priceTicks: 99 });
      place({ userNumber: 3, side: 'sell', priceTicks: 101 });
      become(status);
      const terms = { priceTicks: 102, quantityLots: 5, holdIncreaseMinor: '99' };
      expect(kinds(example.amend(terms))).toEqual(['amended', 'opened']);
      expect(book.depth()).toEqual([
        ['buy', 102, 5],
        ['sell', 101, 5],
      ]);
      expect(kinds(example.amend({ ...terms, quantityLots: 4 }))).toEqual(['amended']);
    });

    test('takes cancels and expires orders', () => {
      place({ priceTicks: 99, timeInForce: 'GTD', expiresAtMs: 9 });
      place({ priceTicks: 98 });
      become(status);
      expect(endsOf(example.send({ kind: 'cancel', userNumber: 1, orderNumber: 3 }))).toEqual([
        '3 ORDER_CANCELLED_BY_USER',
      ]);
      expect(endsOf(example.tick(9))).toEqual(['2 ORDER_EXPIRED']);
    });
  });

  test('refuses to amend a post-only order across, as the table says, also in a crossed book', () => {
    place({ userNumber: 2, priceTicks: 99, postOnly: true });
    become('auction');
    place({ userNumber: 3, side: 'sell', priceTicks: 98 });
    const wouldTake = [{ kind: 'refused', reason: 'ORDER_POST_ONLY_WOULD_TAKE' }];
    expect(example.amend({ priceTicks: 98, quantityLots: 5 })).toMatchObject(wouldTake);
    expect(example.amend({ priceTicks: 99, quantityLots: 4 })).toMatchObject(wouldTake);
    expect(kinds(example.amend({ priceTicks: 97, quantityLots: 5 }))).toEqual([
      'amended',
      'opened',
    ]);
  });
});

describe('a market that closes', () => {
  test('takes no order, and amends to less', () => {
    place({ userNumber: 2, quantityLots: 5 });
    example.tradeAt(101);
    become('closing');
    expect(kinds(place({}))).toEqual(rejected('MARKET_CLOSING'));
    expect(kinds(place({ trigger: stop(102) }))).toEqual(rejected('MARKET_CLOSING'));
    const closing = [{ kind: 'refused', reason: 'MARKET_CLOSING', releaseMinor: '7' }];
    const amend = { holdIncreaseMinor: '7' };
    expect(example.amend({ ...amend, priceTicks: 99 })).toMatchObject(closing);
    expect(example.amend({ ...amend, quantityLots: 6 })).toMatchObject(closing);
    expect(kinds(example.amend({ ...amend, quantityLots: 4 }))).toEqual(['amended']);
    expect(kinds(example.send({ kind: 'cancel', userNumber: 2, orderNumber: 2 }))).toEqual([
      'ended cancelled ORDER_CANCELLED_BY_USER',
    ]);
  });

  test('ends all orders by number when it is delisted, and does nothing after that', () => {
    place({ priceTicks: 101, side: 'sell', holdMinor: '50' });
    place({ userNumber: 2, priceTicks: 99 });
    example.tradeAt(100);
    place({ trigger: stop(105), holdMinor: '3000' });
    place({ userNumber: 2, priceTicks: 98, displayLots: 2 });
    become('closing');
    const events = become('delisted');
    expect(events[0]).toMatchObject({ kind: 'configured', status: 'delisted' });
    expect(endsOf(events)).toEqual(['2', '3', '6', '7'].map((each) => `${each} MARKET_DELISTED`));
    expect(events[3]).toMatchObject({ status: 'cancelled', releaseMinor: '3000' });
    expect(kinds(place({}))).toEqual(rejected('MARKET_DELISTED'));
    const notFound = [{ kind: 'refused', reason: 'ORDER_NOT_FOUND' }];
    expect(example.amend({})).toMatchObject(notFound);
    expect(example.send({ kind: 'cancel_all', userNumber: 1 })).toMatchObject(notFound);
    const user = { userNumber: 1 } as const;
    expect(kinds(example.send({ kind: 'block_user', ...user, isBlocked: true }))).toEqual([
      'user_blocked',
    ]);
    expect(kinds(example.send({ kind: 'cancel_all_after', ...user, deadlineMs: 9 }))).toEqual([
      'deadman_set',
    ]);
  });
});

describe('a status', () => {
  const canFollow = (present: MarketStatus, next: MarketStatus): boolean => {
    example = new Example({ isConfigured: false });
    book = example.book;
    if (present === 'delisted') become('closing');
    become(present);
    expect(book.status).toBe(present);
    return become(next).some(({ kind }) => kind === 'configured');
  };

  test.each(ALL)('%s is followed by those that may', (present) => {
    const closed = ['closing', 'delisted'];
    const expected =
      present === 'delisted'
        ? []
        : present === 'closing'
          ? closed
          : ALL.filter((next) => next !== 'delisted');
    expect(ALL.filter((next) => canFollow(present, next))).toEqual(expected);
  });

  test('of a first configuration is any but delisted', () => {
    for (const status of ALL) {
      example = new Example({ isConfigured: false });
      book = example.book;
      expect(kinds(become(status))).toEqual(status === 'delisted' ? [] : ['configured']);
    }
    expect(book.config).toBeNull();
    expect(kinds(place({}))).toEqual(rejected('MARKET_NOT_FOUND'));
  });

  test('that may not follow leaves the configuration as it was', () => {
    become('closing');
    const before = book.stateText();
    expect(example.configure({ version: 3, maxQuantity: '1' }, 'trading')).toEqual([]);
    expect(book.config?.maxQuantity).toBe('1000');
    expect(book.stateText().split('\n')[1]).toBe(before.split('\n')[1]);
  });

  test('is not changed by a configuration of another market or one that cannot be', () => {
    expect(example.configure({ version: 2, market: 'ABC-USD' }, 'halted')).toEqual([]);
    expect(example.configure({ version: 2, minNotional: '0.001' }, 'halted')).toEqual([]);
    expect(example.configure({ version: 2, maxNotional: '0.001' }, 'halted')).toEqual([]);
    const priceBand = { staticPrice: '0.4', staticBps: 5 };
    expect(example.configure({ version: 2, priceBand }, 'halted')).toEqual([]);
    expect(book.status).toBe('trading');
  });
});

describe('a schedule', () => {
  const changed = (status: MarketStatus) =>
    ({
      kind: 'phase_changed',
      status,
      cause: 'schedule',
      untilMs: null,
      referenceTicks: 0,
    }) as const;

  test('changes the status when the clock comes to it, and is in the state until then', () => {
    become('pre_open', [
      [20, 'auction'],
      [30, 'trading'],
    ]);
    expect(book.stateText()).toMatch(/\nschedule 20 auction\nschedule 30 trading\n$/);
    expect(example.tick(19)).toEqual([]);
    expect(example.tick(20)).toEqual([{ ...changed('auction'), sequence: 3, timeMs: 20 }]);
    expect(book.stateText()).toContain('\nversion 2 status auction\n');
    expect(book.stateText()).toContain('\nschedule 30 trading\n');
    expect(example.tick(45)).toMatchObject([changed('trading')]);
    expect(book.stateText()).not.toContain('schedule');
  });

  test('is done before the command that brings its time, and after orders expire and deadlines', () => {
    place({ priceTicks: 90, timeInForce: 'GTD', expiresAtMs: 20 });
    place({ userNumber: 2, priceTicks: 90 });
    become('trading', [[20, 'halted']]);
    example.send({ kind: 'cancel_all_after', userNumber: 2, deadlineMs: 20 });
    expect(kinds(place({ timeMs: 20 }))).toEqual([
      'ended expired ORDER_EXPIRED',
      'deadman_fired',
      'ended cancelled ORDER_CANCELLED_BY_DEADMAN',
      'phase_changed',
      ...rejected('MARKET_HALTED'),
    ]);
  });

  test('is followed entry by entry, whatever one brings before the next', () => {
    example.tradeAt(100);
    become('auction', [
      [20, 'trading'],
      [21, 'closing'],
      [22, 'delisted'],
    ]);
    place({ priceTicks: 101 });
    place({ userNumber: 2, side: 'sell', priceTicks: 99, quantityLots: 2 });
    expect(kinds(example.tick(30))).toEqual([
      ...['phase_changed', 'uncrossed', 'trade', 'ended filled '],
      ...['phase_changed', 'phase_changed', 'ended cancelled MARKET_DELISTED'],
    ]);
  });

  test('skips what may not follow, without a word', () => {
    become('trading', [
      [20, 'delisted'],
      [21, 'halted'],
      [22, 'closing'],
      [23, 'trading'],
      [24, 'closing'],
    ]);
    expect(example.tick(22)).toMatchObject([changed('halted'), changed('closing')]);
    expect(example.tick(30)).toMatchObject([changed('closing')]);
  });

  test('is replaced by that of the next configuration, or by none', () => {
    become('trading', [[20, 'halted']]);
    become('trading', [[30, 'post_only']]);
    expect(example.tick(20)).toEqual([]);
    become('trading');
    expect(example.tick(30)).toEqual([]);
  });

  test('that is over when it comes is followed by the next command', () => {
    example.tick(50);
    expect(kinds(become('trading', [[20, 'halted']]))).toEqual(['configured']);
    expect(example.tick(1)).toMatchObject([changed('halted')]);
  });
});

describe('orders that were reached', () => {
  test('by an uncrossing have their turns in the same step, before the command', () => {
    example.tradeAt(100);
    place({ userNumber: 3, priceTicks: 90, trigger: stop(101) });
    become('auction', [[20, 'trading']]);
    place({ priceTicks: 101, quantityLots: 1 });
    place({ userNumber: 2, side: 'sell', priceTicks: 101, quantityLots: 1 });
    const events = place({ userNumber: 4, priceTicks: 80, timeMs: 20 });
    expect(kinds(events)).toEqual([
      ...['phase_changed', 'uncrossed', 'trade', 'ended filled ', 'ended filled '],
      ...['triggered', 'opened', 'opened'],
    ]);
    expect(triggered(events)).toEqual([[4, events[2]?.sequence]]);
  });

  test('by the uncrossing of a configuration have them in its step', () => {
    example.tradeAt(100);
    place({ userNumber: 3, side: 'sell', priceTicks: 300, trigger: trailing(500) });
    become('pre_open');
    place({ priceTicks: 95, quantityLots: 1 });
    place({ userNumber: 2, side: 'sell', priceTicks: 95, quantityLots: 1 });
    const events = become('trading');
    expect(kinds(events)).toEqual([
      ...['configured', 'uncrossed', 'trade', 'ended filled ', 'ended filled '],
      ...['triggered', 'opened'],
    ]);
  });
});
