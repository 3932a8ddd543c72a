// Worked examples for the oracle, computed by hand from docs/engine.md: it must be right by itself.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import { Example, kinds } from './naive-example.ts';
import type { Execution } from './naive-events.ts';
import type { Amend, Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);

test('a market without configuration answers an order with MARKET_NOT_FOUND', () => {
  example = new Example({ isConfigured: false });
  const [event] = place({ holdMinor: '77' });
  expect(event).toMatchObject({
    status: 'rejected',
    reason: 'MARKET_NOT_FOUND',
    releaseMinor: '77',
  });
  expect(example.book.stateText()).toBe(
    'market ABC-XYZ\nversion 0 status none\nnow 5\nsequence 1\nhighest 2\nlast 0 0\n',
  );
});

test('a command with a known number does nothing, and one too old is refused', () => {
  const order = { number: 9, timeMs: 8 };
  expect(kinds(place(order))).toEqual(['opened']);
  expect(place({ ...order, timeMs: 99 })).toEqual([]);
  expect(book.nowMs).toBe(8);
  place({ number: 1_048_576 + 20, priceTicks: 1 });
  expect(place({ number: 20 })).toMatchObject([
    { kind: 'refused', reason: 'COMMAND_TOO_OLD', orderId: 'ord_0000000000000020' },
  ]);
  expect(kinds(place({ number: 21, priceTicks: 1 }))).toEqual(['opened']);
});

test('a trade takes the difference of two holds out of each order, rounded up on the whole', () => {
  // Sell 5 lots at 99; the buyer of 7 at 100 holds 2100 + 0.2 % = 2105 (4.2 rounded up).
  place({ side: 'sell', priceTicks: 99, holdMinor: '50', userNumber: 2 });
  const events = place({ quantityLots: 7, holdMinor: '2105' });
  expect(kinds(events)).toEqual(['trade', 'ended filled ', 'opened']);
  // Left to the buyer: 2 lots at 100 = 600 + 1.2 rounded up = 602; taken 2105 - 602.
  expect(events[0]).toEqual({
    kind: 'trade',
    sequence: 3,
    timeMs: 5,
    tradeId: 'trd_ABC-XYZ_0000000000000003',
    priceTicks: 99,
    quantityLots: 5,
    baseMinor: '50',
    quoteMinor: '1485',
    takerSide: 'buy',
    taker: {
      orderId: 'ord_0000000000000003',
      userId: 'usr_0000000000000001',
      feePpm: 2_000,
      remainingLots: 2,
      holdMinor: '1503',
    },
    maker: {
      orderId: 'ord_0000000000000002',
      userId: 'usr_0000000000000002',
      feePpm: 1_000,
      remainingLots: 0,
      holdMinor: '50',
    },
  });
});

test('at one price the earlier order trades first, and a better price before it', () => {
  place({ side: 'sell', priceTicks: 101, userNumber: 2, quantityLots: 1 });
  place({ side: 'sell', priceTicks: 100, userNumber: 3, quantityLots: 1 });
  place({ side: 'sell', priceTicks: 100, userNumber: 4, quantityLots: 1 });
  const events = place({ priceTicks: 101, quantityLots: 3 });
  const makers = events.flatMap((e) => (e.kind === 'trade' ? [e.maker.userId.slice(-1)] : []));
  expect(makers).toEqual(['3', '4', '2']);
});

test('a market buy stops at its protection and a buy by amount at the last whole lot', () => {
  place({ side: 'sell', priceTicks: 100, userNumber: 2, quantityLots: 1 });
  place({ side: 'sell', priceTicks: 111, userNumber: 2, quantityLots: 1 });
  const market = { type: 'market', timeInForce: 'IOC', priceTicks: 500 } as const;
  // 10 % above 100 is 110: the sell at 111 is out of reach.
  expect(kinds(place(market))).toEqual([
    'trade',
    'ended filled ',
    'ended expired ORDER_PRICE_PROTECTED',
  ]);
  // Budget 700 at 111 x 3 = 333 a lot, one lot there: 333 spent with a fee of 0.666 up to 1.
  place({ side: 'sell', priceTicks: 112, userNumber: 2, quantityLots: 9 });
  const events = place({ ...market, quoteBudgetMinor: '700', holdMinor: '702', quantityLots: 90 });
  expect(kinds(events)).toEqual([
    'trade',
    'ended filled ',
    'trade',
    'ended filled ORDER_QUOTE_AMOUNT_REACHED',
  ]);
  // Then one lot at 336: 669 spent, fee 1.338 up to 2; so 702 - 669 - 2 = 31 come back.
  expect(events[2]).toMatchObject({ quantityLots: 1, taker: { holdMinor: '337' } });
  expect(events[3]).toMatchObject({ cancelledLots: 88, releaseMinor: '31' });
});

describe('an order that meets its owner', () => {
  const meet = (mode: Place['selfTradePrevention'], lots: number): readonly Execution[] => {
    place({ side: 'sell', quantityLots: 2, holdMinor: '20' });
    return place({ selfTradePrevention: mode, quantityLots: lots });
  };
  const prevented = 'ended cancelled ORDER_SELF_TRADE_PREVENTED';

  test.each([
    ['cancel_taker', ['prevented', prevented], 1],
    ['cancel_maker', ['prevented', prevented, 'opened'], 1],
    ['cancel_both', ['prevented', prevented, prevented], 0],
    ['none', ['trade', 'ended filled ', 'opened'], 1],
    ['decrement', ['prevented', 'reduced', 'reduced', prevented, 'opened'], 1],
  ] as const)('is handled by %s', (mode, expected, resting) => {
    expect(kinds(meet(mode, 5))).toEqual(expected);
    expect(book.buys.length + book.sells.length).toBe(resting);
  });

  test('loses what is decremented, and both end when nothing is left', () => {
    const events = meet('decrement', 2);
    const reduced = ['prevented', 'reduced', 'reduced'];
    expect(kinds(events)).toEqual([...reduced, prevented, prevented]);
    // 2 lots at 100 = 600 + 1.2 rounded up.
    expect(events[2]).toMatchObject({ preventedLots: 2, remainingLots: 0, releaseMinor: '602' });
    expect(events[4]).toMatchObject({ cancelledLots: 0, releaseMinor: '0' });
  });

  test('by amount gives back all of its hold when it is decremented to nothing', () => {
    place({ side: 'sell', quantityLots: 2, holdMinor: '20' });
    const events = place({
      type: 'market',
      timeInForce: 'IOC',
      selfTradePrevention: 'decrement',
      quantityLots: 2,
      quoteBudgetMinor: '700',
      holdMinor: '702',
    });
    expect(events.map((e) => ('releaseMinor' in e ? e.releaseMinor : ''))).toEqual([
      '',
      '20',
      '0',
      '0',
      '702',
    ]);
  });
});

test('an amend keeps its place when smaller, loses it when larger, and trades when it crosses', () => {
  place({ userNumber: 2, quantityLots: 5 });
  place({ userNumber: 3, quantityLots: 5 });
  const amend = (changes: Partial<Amend>): readonly Execution[] => example.amend(changes);
  // 5 lots hold 1503, 4 hold 1200 + 2.4 rounded up = 1203.
  expect(amend({})).toMatchObject([{ priorityKept: true, releaseMinor: '300' }]);
  expect(book.buys.map((o) => o.user)).toEqual([2, 3]);
  expect(amend({ quantityLots: 5 })).toMatchObject([
    { kind: 'refused', reason: 'ORDER_FUNDS_INSUFFICIENT' },
  ]);
  expect(kinds(amend({ quantityLots: 5, holdIncreaseMinor: '300' }))).toEqual([
    'amended',
    'opened',
  ]);
  expect(book.buys.map((o) => o.user)).toEqual([3, 2]);
  place({ side: 'sell', priceTicks: 101, userNumber: 4, quantityLots: 5 });
  // 5 lots at 101 hold 1515 + 3.03 rounded up = 1519: 16 more.
  const crossing = amend({ priceTicks: 101, quantityLots: 5, holdIncreaseMinor: '16' });
  expect(kinds(crossing)).toEqual(['amended', 'trade', 'ended filled ', 'ended filled ']);
  expect(crossing[1]).toMatchObject({ taker: { feePpm: 2_000 }, maker: { feePpm: 1_000 } });
});

test('orders expire by time and number before the command that brings the time', () => {
  const gtd = { timeInForce: 'GTD', quantityLots: 1 } as const;
  place({ ...gtd, expiresAtMs: 9, priceTicks: 1 });
  place({ ...gtd, expiresAtMs: 8, priceTicks: 2 });
  place({ ...gtd, expiresAtMs: 8, priceTicks: 3 });
  const events = book.apply({ kind: 'tick', timeMs: 9 });
  expect(events.map((e) => ('orderId' in e ? e.orderId?.slice(-1) : ''))).toEqual(['3', '4', '2']);
  expect(kinds(place({ ...gtd, expiresAtMs: 9 }))).toEqual(['ended expired ORDER_EXPIRED']);
});
