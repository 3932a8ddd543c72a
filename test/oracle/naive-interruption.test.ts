// A market that moves too fast stops and goes on by itself, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { Example, kinds, linesOf, MARKET_ORDER, matchesOf } from './naive-example.ts';
import type { InterruptionRule, MarketStatus, Place } from './naive-types.ts';

/** 10 % in a minute of slots of a second; then 50 ms of halt and 200 ms of auction. */
const RULE: InterruptionRule = { moveBps: 1_000, windowMs: 60_000, haltMs: 50, auctionMs: 200 };

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
  ruled();
});

const ruled = (
  changes: Partial<InterruptionRule> = {},
  status: MarketStatus = 'trading',
  schedule: readonly (readonly [number, MarketStatus])[] = [],
): void => {
  const version = (book.config?.version ?? 0) + 1;
  example.configure({ version, interruption: { ...RULE, ...changes } }, status, schedule);
};
const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const sell = (priceTicks: number, quantityLots = 1): void => {
  example.rest('sell', priceTicks, quantityLots);
};
/** Of user 9, far enough to reach every sell. */
const buy = (quantityLots: number, more: Partial<Place> = {}): readonly Execution[] =>
  place({ userNumber: 9, priceTicks: 500, quantityLots, holdMinor: '99999', ...more });
const lines = (begin: string): string[] => linesOf(book, begin);
const halted = (referenceTicks: number, untilMs = 55) =>
  ({
    kind: 'phase_changed',
    status: 'halted',
    cause: 'interruption',
    untilMs,
    referenceTicks,
  }) as const;

/** Trades at 100, then at 111: the buy of 5 lots at 120 stops there. */
const interrupt = (): readonly Execution[] => {
  example.tradeAt(100);
  sell(111, 3);
  return place({ priceTicks: 120, holdMinor: '1804' });
};

describe('a trade', () => {
  test.each([
    [[100], 110, null],
    [[100], 111, 100],
    [[100, 105], 110, null],
    [[100, 105], 111, 100],
    [[105, 100], 111, 100],
    [[99], 108, null],
    [[99], 109, 99],
  ])('after trades at %j is in the range at %i, or is not for %j', (before, price, reference) => {
    for (const each of before) example.tradeAt(each);
    sell(price);
    const events = buy(1, { timeInForce: 'IOC' });
    if (reference === null) expect(kinds(events)[0]).toBe('trade');
    else expect(events[0]).toMatchObject(halted(reference));
  });

  test.each([
    [[100], 90, null],
    [[100], 89, 100],
    [[95, 100], 89, 100],
  ])('falling after trades at %j to %i: %j', (before, price, reference) => {
    for (const each of before) example.tradeAt(each);
    example.rest('buy', price);
    const events = place({ side: 'sell', priceTicks: 50, quantityLots: 1 });
    if (reference === null) expect(kinds(events)[0]).toBe('trade');
    else expect(events[0]).toMatchObject(halted(reference));
  });

  test('is in no range where nothing has traded yet', () => {
    expect(lines('reference')).toEqual([]);
    expect(matchesOf(example.tradeAt(100)).length).toBe(1);
    example = new Example();
    book = example.book;
    expect(matchesOf(example.tradeAt(100)).length).toBe(1);
    expect(lines('slot')).toEqual([]);
    expect(matchesOf(example.tradeAt(900)).length).toBe(1);
  });

  test('is compared with those of the slot of now and of 59 before it', () => {
    example.tradeAt(100);
    expect(lines('slot')).toEqual(['slot 0 100 100']);
    example.tick(1_999);
    sell(105);
    buy(1);
    example.tick(2_500);
    sell(103);
    buy(1);
    expect(lines('slot')).toEqual(['slot 0 100 100', 'slot 1 105 105', 'slot 2 103 103']);
    sell(112);
    example.tick(59_999);
    expect(lines('slot').length).toBe(3);
    example.tick(60_000);
    expect(lines('slot').length).toBe(2);
    // 10 % above 103 is 113.3.
    expect(kinds(buy(1))[0]).toBe('trade');
    expect(lines('slot')).toEqual(['slot 1 105 105', 'slot 2 103 103', 'slot 60 112 112']);
  });

  test('is compared with the last one where there is none so recent', () => {
    example.tradeAt(100);
    example.tradeAt(105);
    expect(lines('slot')).toEqual(['slot 0 100 105']);
    example.tick(60_000);
    expect(lines('slot')).toEqual([]);
    expect(lines('reference')).toEqual(['reference 105']);
    sell(115);
    sell(116);
    expect(matchesOf(buy(1)).length).toBe(1);
    expect(lines('slot')).toEqual(['slot 60 115 115']);
    expect(matchesOf(buy(1)).length).toBe(1);
  });

  test('is compared with those before it of the same taker', () => {
    example.tradeAt(100);
    example.rest('buy', 98);
    example.rest('buy', 90);
    example.rest('buy', 88);
    const events = place({ userNumber: 3, side: 'sell', priceTicks: 50, quantityLots: 3 });
    expect(matchesOf(events).length).toBe(2);
    expect(events[4]).toMatchObject({ ...halted(100), sequence: 14 });
  });

  test('is compared with the last one after a configuration, which empties the range', () => {
    example.tradeAt(100);
    example.tradeAt(108);
    ruled({});
    expect(lines('slot')).toEqual([]);
    expect(lines('reference')).toEqual(['reference 108']);
    sell(118);
    expect(matchesOf(buy(1)).length).toBe(1);
  });
});

describe('the taker that would move the market too far', () => {
  test('rests if it can, with the market stopped before it', () => {
    const events = interrupt();
    expect(events).toEqual([
      { ...halted(100), sequence: 8, timeMs: 5 },
      {
        kind: 'opened',
        sequence: 9,
        timeMs: 5,
        orderId: 'ord_0000000000000006',
        userId: 'usr_0000000000000001',
        side: 'buy',
        priceTicks: 120,
        remainingLots: 5,
      },
    ]);
    expect(book.depth()).toEqual([
      ['buy', 120, 5],
      ['sell', 111, 3],
    ]);
    expect(lines('interrupted')).toEqual(['interrupted trading 55']);
    expect([...lines('slot'), ...lines('reference')]).toEqual([]);
    expect(book.stateText()).toContain('\nlast 100 5\n');
  });

  test.each<Partial<Place>>([
    { timeInForce: 'IOC' },
    MARKET_ORDER,
    { ...MARKET_ORDER, quoteBudgetMinor: '99000' },
  ])('ends if it cannot rest: %j', (order) => {
    example.tradeAt(105);
    sell(105, 2);
    sell(116, 3);
    example.configure({ version: 9, protectionBps: 9_999, interruption: RULE });
    const events = buy(5, order);
    expect(kinds(events)).toEqual([
      ...['trade', 'ended filled ', 'phase_changed', 'ended expired MARKET_INTERRUPTED'],
    ]);
    expect(events.at(-1)).toMatchObject({ cancelledLots: 3 });
  });

  test('is stopped by its budget first, and by prevention', () => {
    example.tradeAt(100);
    sell(111);
    const byAmount = { ...MARKET_ORDER, quoteBudgetMinor: '9', holdMinor: '10' };
    expect(kinds(buy(5, byAmount))).toEqual(['ended expired ORDER_QUOTE_AMOUNT_REACHED']);
    expect(kinds(buy(1, { userNumber: 8 }))[0]).toBe('prevented');
    expect(book.status).toBe('trading');
  });

  test('cannot be filled whole, if it must be', () => {
    example.tradeAt(100);
    sell(105, 2);
    sell(110, 2);
    sell(111, 2);
    const fok = { timeInForce: 'FOK' } as const;
    expect(kinds(buy(5, fok))).toEqual(['ended expired ORDER_FOK_NOT_FILLABLE']);
    expect(book.status).toBe('trading');
    expect(kinds(buy(4, fok)).at(-1)).toBe('ended filled ');
    // Down from 110: 99 at least.
    example.rest('buy', 100, 2);
    example.rest('buy', 98, 2);
    const down = { ...fok, side: 'sell', priceTicks: 50 } as const;
    expect(kinds(buy(3, down))).toEqual(['ended expired ORDER_FOK_NOT_FILLABLE']);
    expect(kinds(buy(2, down)).at(-1)).toBe('ended filled ');
  });

  test('cannot be filled whole by trades that are too far from each other', () => {
    sell(100, 2);
    sell(111, 2);
    const fok = { timeInForce: 'FOK' } as const;
    expect(kinds(buy(3, fok))).toEqual(['ended expired ORDER_FOK_NOT_FILLABLE']);
    expect(kinds(buy(2, fok)).at(-1)).toBe('ended filled ');
  });

  test('may be an amended order', () => {
    example.tradeAt(100);
    sell(111);
    place({ userNumber: 2, priceTicks: 99 });
    const terms = { orderNumber: 6, priceTicks: 111, quantityLots: 5, holdIncreaseMinor: '999' };
    expect(kinds(example.amend(terms))).toEqual(['amended', 'phase_changed', 'opened']);
  });
});

describe('an interruption', () => {
  test('halts, then collects, then is over and the book uncrossed', () => {
    interrupt();
    expect(kinds(place({}))).toEqual(['ended rejected MARKET_HALTED']);
    expect(example.tick(54)).toEqual([]);
    const auction = { kind: 'phase_changed', status: 'auction', referenceTicks: 0 };
    const events = example.tick(55);
    expect(events[0]).toMatchObject({ ...auction, cause: 'interruption', untilMs: 255 });
    expect(kinds(events)).toEqual(['phase_changed', 'indicative']);
    expect(lines('interrupted')).toEqual(['interrupted trading 255']);
    expect(kinds(place({ userNumber: 2, side: 'sell', priceTicks: 112 }))).toEqual(['opened']);
    expect(kinds(place(MARKET_ORDER))).toEqual(['ended rejected MARKET_AUCTION']);
    expect(example.tick(254)).toEqual([]);
    const over = example.tick(255);
    expect(over[0]).toMatchObject({
      kind: 'phase_changed',
      status: 'trading',
      cause: 'resumption',
      untilMs: null,
      referenceTicks: 0,
    });
    // 5 lots to buy at 120, 3 + 5 to sell from 111: 5 trade at 112 to 120, the last one is below.
    expect(matchesOf(over)).toEqual(['6 takes 3 of 5 at 112', '8 takes 2 of 6 at 112']);
    expect(lines('interrupted')).toEqual([]);
    expect(lines('slot')).toEqual(['slot 0 112 112']);
    expect(lines('reference')).toEqual(['reference 112']);
  });

  test('collects at once where there is no halt, and goes on with the status before', () => {
    ruled({ haltMs: 0 }, 'limit_only');
    expect(interrupt()[0]).toMatchObject({
      kind: 'phase_changed',
      status: 'auction',
      untilMs: 205,
      referenceTicks: 100,
    });
    expect(lines('interrupted')).toEqual(['interrupted limit_only 205']);
    expect(example.tick(205)[0]).toMatchObject({ status: 'limit_only', cause: 'resumption' });
  });

  test('passes at once where the clock jumps, each phase at its time', () => {
    interrupt();
    const events = place({ userNumber: 4, priceTicks: 50, timeMs: 9_000 });
    expect(events.slice(0, 2)).toMatchObject([
      { status: 'auction', untilMs: 255 },
      { status: 'trading', untilMs: null },
    ]);
    expect(kinds(events).slice(2)).toEqual(['uncrossed', 'trade', 'ended filled ', 'opened']);
  });

  test('leaves no range: the first trade after it is free', () => {
    interrupt();
    example.send({ kind: 'cancel_all', userNumber: 1 });
    example.send({ kind: 'cancel_all', userNumber: 8 });
    expect(kinds(example.tick(300))).toEqual(['phase_changed', 'phase_changed']);
    sell(400);
    expect(matchesOf(buy(1)).length).toBe(1);
  });

  test('of 111 and 400 comes again between them', () => {
    interrupt();
    example.send({ kind: 'cancel_all', userNumber: 1 });
    example.tick(300);
    sell(400);
    expect(kinds(buy(3)).at(-1)).toBe('ended filled ');
    expect(buy(1)[0]).toMatchObject(halted(111, 350));
  });

  test('is ended by a configuration, and by the schedule', () => {
    interrupt();
    const version = { version: 3, interruption: RULE };
    expect(kinds(example.configure(version)).slice(0, 2)).toEqual(['configured', 'uncrossed']);
    expect(lines('interrupted')).toEqual([]);
    expect(example.tick(1_000)).toEqual([]);
  });

  test.each([
    // The status of the schedule comes first at the same time, and the interruption is over.
    [55, 'halted', ['schedule halted']],
    [54, 'pre_open', ['schedule pre_open']],
    [56, 'pre_open', ['interruption auction', 'schedule pre_open']],
    [255, 'pre_open', ['interruption auction', 'schedule pre_open']],
    [256, 'pre_open', ['interruption auction', 'resumption trading', 'schedule pre_open']],
    // It may not follow, and ends nothing.
    [55, 'delisted', ['interruption auction', 'resumption trading']],
  ] as const)('meets the schedule at %i: %s', (atMs, status, expected) => {
    ruled({}, 'trading', [[atMs, status]]);
    interrupt();
    const events = example.tick(1_000);
    const phases = events.flatMap((e) =>
      e.kind === 'phase_changed' ? [`${e.cause} ${e.status}`] : [],
    );
    expect(phases).toEqual(expected);
  });
});
