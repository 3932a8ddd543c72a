// What must hold of a naive book whatever was done to it: the oracle is judged, too.
import type { NaiveBook } from './naive-book.ts';
import { isWorkingOver, type OrderList } from './naive-lists.ts';
import { isContinuous } from './naive-phases.ts';
import { CASCADE_MAX } from './naive-queue.ts';
import { openOf, type Order, type Waiting } from './naive-orders.ts';
import { activates, hasReached, triggerTicksOf } from './naive-triggers.ts';

/**
 * Says what is wrong with the book, if anything: crossed though continuous, out of order, an empty
 * order, one that shows too much or nothing, one that waits for a price that has been reached, or a
 * list whose orders are not where they belong.
 */
export function findUnsound(book: NaiveBook): string | null {
  const [buy, sell] = [book.buys[0], book.sells[0]];
  const isOpen = isContinuous(book.status);
  if (isOpen && buy !== undefined && sell !== undefined && buy.limit >= sell.limit) {
    return `crossed: buy ${buy.number} at ${buy.limit}, sell ${sell.number} at ${sell.limit}`;
  }
  for (const orders of [book.buys, book.sells]) {
    for (const [at, order] of orders.entries()) {
      const problem = orderProblem(book, order) ?? neighbourProblem(order, orders[at + 1]);
      if (problem !== null) return problem;
    }
  }
  for (const waiting of book.waiting) {
    const problem = waitingProblem(book, waiting);
    if (problem !== null) return `order ${waiting.order.number} ${problem}`;
  }
  for (const list of book.lists.values()) {
    const problem = listProblem(book, list);
    if (problem !== null) return `list ${list.number} ${problem}`;
  }
  const isMoving = isOpen && book.turns < CASCADE_MAX;
  if (isMoving && book.queue.length > 0) return 'the queue stands although the market is open';
  const queued = book.waiting.filter(({ reachedBy }) => reachedBy !== null);
  if (queued.length !== book.queue.length) return 'who was reached is not who stands in the queue';
  const isOver = book.interruption !== null && book.interruption.untilMs <= book.nowMs;
  if (isOver) return 'the interruption is over, but the market does not go on';
  const overdue = [...book.deadlines].find(([, deadlineMs]) => deadlineMs <= book.nowMs);
  return overdue === undefined ? null : `user ${overdue[0]} has a deadline that has passed`;
}

function orderProblem(book: NaiveBook, order: Order): string | null {
  const { number, remaining, original, iceberg } = order;
  if (remaining <= 0n) return `order ${number} rests with nothing left`;
  if (remaining > original) return `order ${number} grew by itself`;
  if (book.blocked.has(order.user)) return `order ${number} of a blocked user rests`;
  const open = openOf(order);
  const isShownRight = open > 0n && open <= remaining;
  if (!isShownRight) return `order ${number} shows ${open} lots`;
  const isTooOpen = iceberg !== null && open > iceberg.displayLots;
  return isTooOpen ? `order ${number} shows more than its display quantity` : null;
}

function neighbourProblem(order: Order, next: Order | undefined): string | null {
  if (next === undefined) return null;
  const isSorted = order.side === 'buy' ? order.limit >= next.limit : order.limit <= next.limit;
  return isSorted ? null : `orders ${order.number} and ${next.number} are out of order`;
}

function waitingProblem(book: NaiveBook, waiting: Waiting): string | null {
  const { order, trigger, extreme } = waiting;
  const { lastTicks } = book;
  if (book.blocked.has(order.user)) return 'of a blocked user waits';
  if (waiting.reachedBy !== null) return null;
  if (trigger.kind === 'working_order') {
    const lists = [...book.lists.values()].filter((list) => !isWorkingOver(list));
    const hasList = lists.some(({ orders }) => orders.some((o) => o.number === order.number));
    return hasList ? null : 'waits for a working order that is no more';
  }
  if (lastTicks === null) return 'waits in a market without trades';
  if (trigger.kind === 'trailing_stop') {
    const isMissed = extreme === null && activates(order.side, trigger, lastTicks);
    if (isMissed) return 'is not active although its activation price is reached';
    // The trade that is its extreme does not reach it, even where the trail is rounded to nothing.
    if (extreme === lastTicks) return null;
    const isBehind = extreme !== null && (order.side === 'sell') === lastTicks > extreme;
    if (isBehind) return 'did not follow the last trade';
  }
  const isReached = hasReached(order.side, trigger.kind, triggerTicksOf(waiting), lastTicks);
  return isReached ? 'waits although its trigger price is reached' : null;
}

function listProblem(book: NaiveBook, list: OrderList): string | null {
  const { working, orders, decision } = list;
  const isThere = (number: number): boolean =>
    book.find(number) !== null || book.findWaiting(number) !== null;
  const isWorking = !isWorkingOver(list);
  const there = orders.filter(({ number }) => isThere(number)).length;
  if (isWorking) {
    if (working === null || book.find(working.number) === null) return 'works without its order';
    const isAllPending = orders.every(
      ({ number }) => book.findWaiting(number)?.trigger.kind === 'working_order',
    );
    return isAllPending ? null : 'has an order that is not pending';
  }
  if (orders.length !== 2) return 'is known although it is over';
  if (decision === null) return there === 2 ? null : 'is undecided with one order';
  return there === 1 ? null : `is decided with ${there} orders`;
}
