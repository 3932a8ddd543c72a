// What a market must have been in the midst of when it was restored from a snapshot.
import type { Hit } from './coverage-acts.ts';
import { isCrossed } from './naive-auction.ts';
import type { NaiveBook } from './naive-book.ts';
import { isWorkingOver, type OrderList } from './naive-lists.ts';
import type { Waiting } from './naive-orders.ts';
import { isPegged } from './naive-pegs.ts';

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
  'a pair is undecided': ({ lists }) => pairsOf(lists).some((list) => list.decision === null),
  'a pair is decided': ({ lists }) => pairsOf(lists).some((list) => list.decision !== null),
  'a working order is open': ({ lists }) =>
    [...lists.values()].some((list) => list.orders.length === 1 && !isWorkingOver(list)),
  'the working order of a pair is open': ({ lists }) =>
    pairsOf(lists).some((list) => !isWorkingOver(list)),
  'a pending order has a trigger': ({ waiting }) =>
    waiting.some((each) => isPending(each) && each.command.trigger?.kind === 'stop_loss'),
  'a pending order has a trailing trigger': ({ waiting }) =>
    waiting.some((each) => isPending(each) && each.command.trigger?.kind === 'trailing_stop'),
  'pending orders stand in the queue': ({ queue }) => queue.some(isPending),
  'an order of a pair stands in the queue': ({ queue, lists }) =>
    pairsOf(lists).some(({ orders }) =>
      queue.some(({ order }) => orders.some(({ number }) => number === order.number)),
    ),
  'a pegged order waits': ({ waiting }) => waiting.some(({ command }) => isPegged(command)),
  'the market is closing': ({ status }) => status === 'closing',
};

function pairsOf(lists: NaiveBook['lists']): OrderList[] {
  return [...lists.values()].filter(({ orders }) => orders.length === 2);
}

function isPending({ trigger }: Waiting): boolean {
  return trigger.kind === 'working_order';
}

export const RESTORE_OUTCOMES: readonly string[] = Object.keys(STATES).map(
  (state) => `restored while ${state}`,
);

export function noteRestored(book: NaiveBook, hit: Hit): void {
  for (const [state, isIn] of Object.entries(STATES)) {
    if (isIn(book)) hit(`restored while ${state}`);
  }
}
