// Orders that were reached in a cascade which an interruption stops: they stand in the queue
// until the market goes on. Computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { endsOf, Example, kinds, linesOf, stop, triggered } from './naive-example.ts';
import type { InterruptionRule, Place } from './naive-types.ts';

const RULE: InterruptionRule = { moveBps: 1_000, windowMs: 60_000, haltMs: 50, auctionMs: 200 };

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
  example.configure({ version: 2, interruption: RULE });
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const lines = (begin: string): string[] => linesOf(book, begin);

describe('a cascade that is interrupted', () => {
  /** 6 and 7 are reached by the trade at 105. 6 would trade at 116; 7 stays in the queue. */
  const cascade = (): readonly Execution[] => {
    example.tradeAt(100);
    place({ userNumber: 3, priceTicks: 120, quantityLots: 1, trigger: stop(104) });
    const gtd = { timeInForce: 'GTD', expiresAtMs: 5_000 } as const;
    place({ ...gtd, userNumber: 4, priceTicks: 80, trigger: stop(105), holdMinor: '777' });
    place({ userNumber: 5, priceTicks: 81, trigger: stop(116), quantityLots: 1 });
    example.rest('sell', 105);
    example.rest('sell', 116);
    return place({ userNumber: 9, priceTicks: 105, quantityLots: 1 });
  };

  test('keeps its queue, whose orders still wait, in the state', () => {
    const events = cascade();
    expect(kinds(events)).toEqual([
      ...['trade', 'ended filled ', 'ended filled ', 'triggered', 'phase_changed', 'opened'],
    ]);
    expect(lines('queued')).toEqual([`queued 6 ${events[0]?.sequence ?? 0}`]);
    expect(lines('waiting').map((line) => line.split(' ')[1])).toEqual(['6', '7']);
    expect(book.depth().map(([, price]) => price)).toEqual([120, 116]);
  });

  test('goes on with the queue, and behind it what the uncrossing reaches', () => {
    const [first] = cascade();
    const events = example.tick(300);
    const trade = events.find(({ kind }) => kind === 'trade');
    expect(kinds(events)).toEqual([
      ...['phase_changed', 'phase_changed', 'uncrossed', 'trade', 'ended filled ', 'ended filled '],
      ...['triggered', 'opened', 'triggered', 'opened'],
    ]);
    expect(triggered(events)).toEqual([
      [6, first?.sequence],
      [7, trade?.sequence],
    ]);
  });

  test('goes on in the step of a configuration, too, unless that stops the market as well', () => {
    cascade();
    const interruption = RULE;
    expect(kinds(example.configure({ version: 3, interruption }, 'cancel_only'))).toEqual([
      'configured',
    ]);
    expect(lines('queued').length).toBe(1);
    expect(triggered(example.configure({ version: 4, interruption })).length).toBe(2);
  });

  test('gives up those that are cancelled, expire or are replaced', () => {
    cascade();
    const cancelled = [{ kind: 'ended', reason: 'ORDER_CANCELLED_BY_USER', releaseMinor: '777' }];
    const cancel = { kind: 'cancel', userNumber: 4, orderNumber: 6, onlyIf: 'new' } as const;
    expect(example.send(cancel)).toMatchObject(cancelled);
    expect(lines('queued')).toEqual([]);
    expect(triggered(example.tick(300)).map(([number]) => number)).toEqual([7]);
  });

  test('gives up those that expire', () => {
    cascade();
    example.configure({ version: 3, interruption: RULE }, 'halted');
    expect(endsOf(example.tick(5_000))).toEqual(['6 ORDER_EXPIRED']);
    expect(lines('queued')).toEqual([]);
  });

  test('counts the queue among those that wait', () => {
    cascade();
    example.configure({ version: 3, maxWaitingOrders: 1 }, 'pre_open');
    expect(kinds(place({ userNumber: 4, trigger: stop(200) }))).toEqual([
      'ended rejected ORDERS_WAITING_TOO_MANY',
    ]);
    expect(kinds(place({ userNumber: 6, trigger: stop(200) }))).toEqual(['armed']);
  });
});
