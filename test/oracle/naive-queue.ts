// The queue of orders that trades have reached, and the turns they have: "The queue moves" and what
// follows it in docs/engine.md.
import { orderIdOf, userIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { Trade } from './naive-events.ts';
import type { Waiting } from './naive-orders.ts';
import { isContinuous } from './naive-phases.ts';
import { place } from './naive-placing.ts';
import { follow, hasReached, queueOrder, triggerTicksOf } from './naive-triggers.ts';

/** Puts the orders that a trade reaches into the queue. Those in it have been reached already. */
function reach(book: NaiveBook, { priceTicks, sequence }: Trade): void {
  const isReached = (waiting: Waiting): boolean => {
    if (waiting.reachedBy !== null || follow(waiting, priceTicks)) return false;
    const { order, trigger } = waiting;
    return hasReached(order.side, trigger.kind, triggerTicksOf(waiting), priceTicks);
  };
  const reached = book.waiting.filter(isReached).sort(queueOrder);
  for (const waiting of reached) waiting.reachedBy = sequence;
  book.queue.push(...reached);
}

/**
 * Queues the orders that trades have reached since this was done last, and lets the queue have its
 * turns as long as the market is continuous, with what their trades reach.
 */
export function runTriggers(book: NaiveBook): void {
  for (;;) {
    for (const trade of book.takeTrades()) reach(book, trade);
    const next = book.queue[0];
    if (next === undefined || !isContinuous(book.status)) return;
    const { order, command, reachedBy } = next;
    if (reachedBy === null) throw new Error(`order ${order.number} is queued but not reached`);
    book.stopWaiting(next);
    book.emit({
      kind: 'triggered',
      orderId: orderIdOf(order.number),
      userId: userIdOf(order.user),
      tradeSequence: reachedBy,
    });
    place(book, command, { isTriggered: true });
  }
}
