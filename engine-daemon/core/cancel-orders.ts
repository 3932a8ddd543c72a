// The commands `cancel` and `cancel_all`, and the end of orders whose time has come.
import type { CancelAllCommand, CancelCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { CANCELLED, EXPIRED, reasonCode } from './codes.ts';
import { BY_FORMULA } from './event-buffer.ts';
import { OWNER, OWNER_NEXT } from './order-pool.ts';
import type { WaitingOrder } from './waiting-orders.ts';

const MARKET_NOT_FOUND = reasonCode('MARKET_NOT_FOUND');
const ORDER_NOT_FOUND = reasonCode('ORDER_NOT_FOUND');
const CANCELLED_BY_USER = reasonCode('ORDER_CANCELLED_BY_USER');
const ORDER_EXPIRED = reasonCode('ORDER_EXPIRED');

export function cancelOrder(book: BookState, command: CancelCommand): void {
  const slot = findOwn(book, command.userNumber, command.orderNumber);
  if (slot !== 0) {
    book.end(slot, CANCELLED, CANCELLED_BY_USER);
    return;
  }
  const waiting = findOwnWaiting(book, command.userNumber, command.orderNumber);
  if (waiting !== null) {
    endWaiting(book, waiting, CANCELLED, CANCELLED_BY_USER);
    return;
  }
  const reason = book.rules === null ? MARKET_NOT_FOUND : ORDER_NOT_FOUND;
  const { number, userNumber, orderNumber } = command;
  book.events.refused(number, userNumber, orderNumber, reason, BY_FORMULA);
}

/** Cancels all resting and waiting orders of a user, in rising order number. */
export function cancelAllOrders(book: BookState, command: CancelAllCommand): void {
  const { number, userNumber } = command;
  const owner = book.owners.find(userNumber);
  const numbers = book.waiting.numbersOf(userNumber);
  if (owner === 0 && numbers.length === 0) {
    const reason = book.rules === null ? MARKET_NOT_FOUND : ORDER_NOT_FOUND;
    book.events.refused(number, userNumber, 0, reason, BY_FORMULA);
    return;
  }
  for (let slot = owner === 0 ? 0 : book.owners.firstOrderOf(owner); slot !== 0;) {
    numbers.push(book.orders.numberOf(slot));
    slot = book.orders.wordOf(slot, OWNER_NEXT);
  }
  for (const orderNumber of Float64Array.from(numbers).sort()) {
    const waiting = book.waiting.find(orderNumber);
    if (waiting === null) book.end(book.ids.find(orderNumber), CANCELLED, CANCELLED_BY_USER);
    else endWaiting(book, waiting, CANCELLED, CANCELLED_BY_USER);
  }
}

/** Ends every resting and waiting order whose time has come, by (expiry, order number). */
export function expireOrders(book: BookState): void {
  const { expiry, orders, waiting } = book;
  for (;;) {
    const restingMs = expiry.firstKey();
    const waitingMs = waiting.firstExpiryMs();
    if (Math.min(restingMs, waitingMs) > book.nowMs) return;
    const isResting =
      restingMs === waitingMs
        ? orders.numberOf(expiry.first()) < waiting.firstToExpire().number
        : restingMs < waitingMs;
    if (isResting) book.end(expiry.first(), EXPIRED, ORDER_EXPIRED);
    else endWaiting(book, waiting.firstToExpire(), EXPIRED, ORDER_EXPIRED);
  }
}

/** Ends a waiting order: the event, then it is gone. Its hold was never touched. */
function endWaiting(book: BookState, order: WaitingOrder, status: number, reason: number): void {
  const { number, userNumber, quantityLots } = order;
  const release = book.events.keepText(order.holdMinor);
  book.events.endedUnplaced(number, userNumber, status, reason, quantityLots, release);
  book.waiting.remove(order);
}

/** A user's own waiting order, or null. */
export function findOwnWaiting(
  book: BookState,
  userNumber: number,
  orderNumber: number,
): WaitingOrder | null {
  const order = book.waiting.find(orderNumber);
  return order?.userNumber === userNumber ? order : null;
}

/** The slot of a user's own resting order, or 0. */
export function findOwn(book: BookState, userNumber: number, orderNumber: number): number {
  const slot = book.ids.find(orderNumber);
  if (slot === 0) return 0;
  const owner = book.orders.wordOf(slot, OWNER);
  return book.owners.userOf(owner) === userNumber ? slot : 0;
}
