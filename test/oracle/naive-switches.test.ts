// The dead-man switch of users and the kill switch on them, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { endsOf, Example, kinds, MARKET_ORDER, stop } from './naive-example.ts';
import type { Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const setDeadline = (deadlineMs: number | null, userNumber = 1): readonly Execution[] =>
  example.send({ kind: 'cancel_all_after', userNumber, deadlineMs });
const block = (isBlocked = true, userNumber = 1): readonly Execution[] =>
  example.send({ kind: 'block_user', userNumber, isBlocked });
const STATUSES = ['halted', 'cancel_only', 'post_only', 'limit_only'] as const;

/** Commands 2 and 3 trade at 100. Then 4 and 7 rest, 5 waits, and 6 is of user 2. */
function placeSome(): void {
  example.tradeAt(100);
  place({ priceTicks: 90 });
  place({ trigger: stop(101), holdMinor: '3000' });
  place({ userNumber: 2, priceTicks: 91 });
  place({ side: 'sell', priceTicks: 110, holdMinor: '50' });
}

describe('both switches', () => {
  test('are refused where the market is not configured, and when they are too old', () => {
    example = new Example({ isConfigured: false });
    const refused = { kind: 'refused', orderId: null, releaseMinor: '0' };
    const notFound = [{ ...refused, reason: 'MARKET_NOT_FOUND' }];
    expect(setDeadline(4)).toMatchObject(notFound);
    expect(block()).toMatchObject(notFound);
    expect(example.book.stateText()).not.toMatch(/deadman|blocked/);
    example = new Example();
    place({ number: 1_048_576 + 20 });
    const tooOld = [{ ...refused, commandNumber: 20, reason: 'COMMAND_TOO_OLD' }];
    const user = { number: 20, timeMs: 5, userNumber: 1 };
    const deadline = { kind: 'cancel_all_after', ...user, deadlineMs: 9 } as const;
    expect(example.book.apply(deadline)).toMatchObject(tooOld);
    const kill = { kind: 'block_user', ...user, isBlocked: true } as const;
    expect(example.book.apply(kill)).toMatchObject(tooOld);
  });

  test.each(STATUSES)('work in a market that is %s', (status) => {
    place({});
    place({ userNumber: 2 });
    example.configure({ version: 2 }, status);
    expect(kinds(setDeadline(9, 2))).toEqual(['deadman_set']);
    expect(endsOf(block())).toEqual(['2 ORDER_CANCELLED_BY_OPERATOR']);
    expect(endsOf(example.tick(9))).toEqual(['3 ORDER_CANCELLED_BY_DEADMAN']);
  });
});

describe('a dead-man deadline', () => {
  const refused = [{ kind: 'refused', reason: 'DEADMAN_DEADLINE_PAST', orderId: null }];

  test('that has passed is refused, and the one before stays', () => {
    expect(setDeadline(5)).toMatchObject(refused);
    expect(setDeadline(4)).toMatchObject(refused);
    expect(setDeadline(6)).toEqual([
      {
        kind: 'deadman_set',
        sequence: 4,
        timeMs: 5,
        commandNumber: 4,
        userId: 'usr_0000000000000001',
        deadlineMs: 6,
      },
    ]);
    expect(setDeadline(5)).toMatchObject(refused);
    expect(book.stateText()).toMatch(/\ndeadman 1 6\n$/);
  });

  test('is moved, and taken away whether there is one or not', () => {
    setDeadline(9);
    expect(setDeadline(8)).toMatchObject([{ kind: 'deadman_set', deadlineMs: 8 }]);
    expect(setDeadline(20)).toMatchObject([{ kind: 'deadman_set', deadlineMs: 20 }]);
    expect(book.stateText()).toMatch(/\ndeadman 1 20\n$/);
    expect(setDeadline(null)).toMatchObject([{ kind: 'deadman_set', deadlineMs: null }]);
    expect(setDeadline(null)).toMatchObject([{ kind: 'deadman_set', deadlineMs: null }]);
    expect(book.stateText()).not.toContain('deadman');
    expect(example.tick(99)).toEqual([]);
  });

  test('fires once, by a tick, and ends all orders of the user by number', () => {
    placeSome();
    setDeadline(9);
    expect(example.tick(8)).toEqual([]);
    const events = example.tick(9);
    expect(events[0]).toEqual({
      kind: 'deadman_fired',
      sequence: 11,
      timeMs: 9,
      userId: 'usr_0000000000000001',
      deadlineMs: 9,
    });
    expect(endsOf(events)).toEqual([
      '4 ORDER_CANCELLED_BY_DEADMAN',
      '5 ORDER_CANCELLED_BY_DEADMAN',
      '7 ORDER_CANCELLED_BY_DEADMAN',
    ]);
    expect(events[2]).toMatchObject({ status: 'cancelled', releaseMinor: '3000' });
    expect(book.ordersOf(2).length).toBe(1);
    expect(book.stateText()).not.toContain('deadman');
    expect(example.tick(99)).toEqual([]);
  });

  test('fires without any orders, and is gone by that', () => {
    setDeadline(9);
    expect(kinds(example.tick(20))).toEqual(['deadman_fired']);
    place({ timeMs: 20 });
    expect(example.tick(30)).toEqual([]);
  });

  test('fires before the command that brings the time, and after what expires then', () => {
    place({ timeInForce: 'GTD', expiresAtMs: 9 });
    place({ priceTicks: 99 });
    place({ timeInForce: 'GTD', expiresAtMs: 10, priceTicks: 98 });
    setDeadline(9);
    const events = place({ userNumber: 2, side: 'sell', priceTicks: 90, timeMs: 9 });
    expect(kinds(events)).toEqual([
      'ended expired ORDER_EXPIRED',
      'deadman_fired',
      'ended cancelled ORDER_CANCELLED_BY_DEADMAN',
      'ended cancelled ORDER_CANCELLED_BY_DEADMAN',
      'opened',
    ]);
  });

  test('that the command would move has fired before', () => {
    place({});
    setDeadline(9);
    const move = { kind: 'cancel_all_after', userNumber: 1, deadlineMs: 30 } as const;
    expect(kinds(example.send(move, 9))).toEqual([
      'deadman_fired',
      'ended cancelled ORDER_CANCELLED_BY_DEADMAN',
      'deadman_set',
    ]);
  });

  test('is compared with the clock, not with the time of the command', () => {
    example.tick(20);
    expect(setDeadline(20)).toMatchObject(refused);
    expect(kinds(setDeadline(21))).toEqual(['deadman_set']);
  });

  test('of several users fire by time, then by user', () => {
    for (const userNumber of [3, 2, 1]) place({ userNumber });
    setDeadline(9, 3);
    setDeadline(9, 2);
    setDeadline(8, 1);
    expect(book.stateText()).toMatch(/\ndeadman 1 8\ndeadman 2 9\ndeadman 3 9\n$/);
    const events = example.tick(9);
    expect(events.flatMap((e) => ('userId' in e ? [Number(e.userId.slice(4))] : []))).toEqual([
      ...[1, 1, 2, 2, 3, 3],
    ]);
  });
});

describe('a blocked user', () => {
  test('may not place, whatever else is wrong with the order, and others may', () => {
    example.tradeAt(100);
    block();
    const blocked = ['ended rejected ACCOUNT_BLOCKED'];
    expect(kinds(place({}))).toEqual(blocked);
    expect(kinds(place(MARKET_ORDER))).toEqual(blocked);
    expect(kinds(place({ trigger: stop(101) }))).toEqual(blocked);
    example.configure({ version: 2 }, 'halted');
    expect(place({ quantityLots: 10_001 })).toMatchObject([
      { reason: 'ACCOUNT_BLOCKED', cancelledLots: 10_001, releaseMinor: '1503' },
    ]);
    example.configure({ version: 3 });
    expect(kinds(place({ userNumber: 2 }))).toEqual(['opened']);
  });

  test('loses all orders by number, resting and waiting', () => {
    placeSome();
    const events = block();
    expect(events[0]).toEqual({
      kind: 'user_blocked',
      sequence: 10,
      timeMs: 5,
      commandNumber: 8,
      userId: 'usr_0000000000000001',
      isBlocked: true,
    });
    expect(endsOf(events)).toEqual([
      '4 ORDER_CANCELLED_BY_OPERATOR',
      '5 ORDER_CANCELLED_BY_OPERATOR',
      '7 ORDER_CANCELLED_BY_OPERATOR',
    ]);
    expect(events[2]).toMatchObject({ status: 'cancelled', releaseMinor: '3000' });
    expect(book.ordersOf(2).length).toBe(1);
  });

  test('is blocked anew, and freed, with an event also when nothing changes', () => {
    const blocked = (isBlocked: boolean) => [{ kind: 'user_blocked', isBlocked }];
    expect(block(false)).toMatchObject(blocked(false));
    expect(block()).toMatchObject(blocked(true));
    expect(block()).toMatchObject(blocked(true));
    block(true, 12);
    block(true, 2);
    setDeadline(9, 4);
    expect(book.stateText()).toMatch(/\nblocked 1\nblocked 2\nblocked 12\ndeadman 4 9\n$/);
    expect(block(false)).toMatchObject(blocked(false));
    expect(kinds(place({}))).toEqual(['opened']);
  });

  test('may cancel, set deadlines, and has nothing to amend', () => {
    place({});
    block();
    const refused = [{ kind: 'refused', reason: 'ORDER_NOT_FOUND' }];
    expect(example.send({ kind: 'cancel', userNumber: 1, orderNumber: 2 })).toMatchObject(refused);
    expect(example.send({ kind: 'cancel_all', userNumber: 1 })).toMatchObject(refused);
    expect(example.amend({ userNumber: 1 })).toMatchObject(refused);
    expect(kinds(setDeadline(9))).toEqual(['deadman_set']);
    expect(kinds(example.tick(9))).toEqual(['deadman_fired']);
  });

  test('cannot replace an order either, and loses none by it that is not there', () => {
    block();
    const replaces = { orderNumber: 2, onFailure: 'proceed' } as const;
    expect(kinds(place({ replaces }))).toEqual(['ended rejected ACCOUNT_BLOCKED']);
  });
});
