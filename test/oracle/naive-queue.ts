// What follows from events: the orders that trades reach, what lists ask for, and the turns of
// those in the queue. "Following" and "The queue moves" in docs/engine.md.
import { orderIdOf, userIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { Trade } from './naive-events.ts';
import { decideByTrigger, dropOverLists, followInLists } from './naive-lists.ts';
import type { Waiting } from './naive-orders.ts';
import { isContinuous } from './naive-phases.ts';
import { placePending, placeTriggered } from './naive-placing.ts';
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

/** Turns after which the queue stands until events are followed again. */
export const CASCADE_MAX = 10_000;

/**
 * Takes the events since this was done last, in sequence, and lets the queue have its turns as long
 * as the market is continuous, with what their events bring.
 */
export function followEvents(book: NaiveBook): void {
  for (book.turns = 0; ; book.turns += 1) {
    for (let event = book.takeEvent(); event !== null; event = book.takeEvent()) {
      if (event.kind === 'trade') reach(book, event);
      followInLists(book, event);
    }
    dropOverLists(book);
    const next = book.queue[0];
    if (next === undefined || !isContinuous(book.status)) return;
    if (book.turns === CASCADE_MAX) return;
    takeTurn(book, next);
  }
}

function takeTurn(book: NaiveBook, waiting: Waiting): void {
  const { order, command, trigger, reachedBy } = waiting;
  if (reachedBy === null) throw new Error(`order ${order.number} is queued but not reached`);
  book.stopWaiting(waiting);
  book.emit({
    kind: 'triggered',
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    tradeSequence: reachedBy,
  });
  if (trigger.kind === 'working_order') {
    placePending(book, command);
  } else {
    decideByTrigger(book, order.number);
    placeTriggered(book, command);
  }
}
