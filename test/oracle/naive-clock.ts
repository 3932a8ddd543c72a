// What happens when the clock of a market moves: step 2 of "Each command" in docs/engine.md.
import { userIdOf } from './naive-amounts.ts';
import { indicate } from './naive-auction.ts';
import type { NaiveBook } from './naive-book.ts';
import { changePhases } from './naive-phases.ts';
import { followEvents } from './naive-queue.ts';

export function passTime(book: NaiveBook, timeMs: number): void {
  book.nowMs = Math.max(book.nowMs, timeMs);
  expireOrders(book);
  fireDeadlines(book);
  changePhases(book);
  followEvents(book);
  indicate(book);
}

function expireOrders(book: NaiveBook): void {
  const due = book.expired();
  due.sort((a, b) => (a.expiresAtMs ?? 0) - (b.expiresAtMs ?? 0) || a.number - b.number);
  for (const order of due) book.end(order, 'expired', 'ORDER_EXPIRED');
}

function fireDeadlines(book: NaiveBook): void {
  const due = [...book.deadlines].filter(([, deadlineMs]) => deadlineMs <= book.nowMs);
  due.sort(([userA, deadlineA], [userB, deadlineB]) => deadlineA - deadlineB || userA - userB);
  for (const [user, deadlineMs] of due) {
    book.deadlines.delete(user);
    book.emit({ kind: 'deadman_fired', userId: userIdOf(user), deadlineMs });
    book.endAll(book.ordersOf(user), 'ORDER_CANCELLED_BY_DEADMAN');
  }
}
