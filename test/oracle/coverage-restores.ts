// What a market must have been in the midst of when it was restored from a snapshot.
import type { Hit } from './coverage-acts.ts';
import { isCrossed } from './naive-auction.ts';
import type { NaiveBook } from './naive-book.ts';

/** States of a market, by what is in the midst of it. */
const STATES: Readonly<Record<string, (book: NaiveBook) => boolean>> = {
  'orders wait': ({ waiting }) => waiting.length > 0,
  'a trailing stop is active': ({ waiting }) => waiting.some(({ extreme }) => extreme !== null),
  'an iceberg rests': ({ buys, sells }) => [...buys, ...sells].some((order) => order.iceberg),
  'a user is blocked': ({ blocked }) => blocked.size > 0,
  'a deadline is set': ({ deadlines }) => deadlines.size > 0,
  'the book is crossed': (book) => isCrossed(book),
  'statuses are scheduled': ({ schedule }) => schedule.length > 0,
  'the market is interrupted': ({ interruption }) => interruption !== null,
  'orders stand in the queue': ({ queue }) => queue.length > 0,
  'recent trades are known': ({ slots }) => slots.size > 0,
  'an auction has told something': ({ indicated }) => (indicated?.ticks ?? 0) > 0,
  'the market is closing': ({ status }) => status === 'closing',
};

export const RESTORE_OUTCOMES: readonly string[] = Object.keys(STATES).map(
  (state) => `restored while ${state}`,
);

export function noteRestored(book: NaiveBook, hit: Hit): void {
  for (const [state, isIn] of Object.entries(STATES)) {
    if (isIn(book)) hit(`restored while ${state}`);
  }
}
