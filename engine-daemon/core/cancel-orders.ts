// The commands `cancel` and `cancel_all`, and the end of orders whose time has come.
import type { CancelAllCommand, CancelCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { CANCELLED, EXPIRED, reasonCode } from './codes.ts';
import { BY_FORMULA } from './event-buffer.ts';
import { OWNER, OWNER_NEXT } from './order-pool.ts';

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
  const reason = book.rules === null ? MARKET_NOT_FOUND : ORDER_NOT_FOUND;
  const { number, userNumber, orderNumber } = command;
  book.events.refused(number, userNumber, orderNumber, reason, BY_FORMULA);
}

/** Cancels all resting orders of a user, in rising order number. */
export function cancelAllOrders(book: BookState, command: CancelAllCommand): void {
  const { number, userNumber } = command;
  const owner = book.owners.find(userNumber);
  if (owner === 0) {
    const reason = book.rules === null ? MARKET_NOT_FOUND : ORDER_NOT_FOUND;
    book.events.refused(number, userNumber, 0, reason, BY_FORMULA);
    return;
  }
  const numbers: number[] = [];
  for (let slot = book.owners.firstOrderOf(owner); slot !== 0;) {
    numbers.push(book.orders.numberOf(slot));
    slot = book.orders.wordOf(slot, OWNER_NEXT);
  }
  for (const orderNumber of Float64Array.from(numbers).sort()) {
    book.end(book.ids.find(orderNumber), CANCELLED, CANCELLED_BY_USER);
  }
}

/** Ends every resting order whose time has come, soonest first. */
export function expireOrders(book: BookState): void {
  while (book.expiry.firstTimeMs() <= book.nowMs) {
    book.end(book.expiry.first(), EXPIRED, ORDER_EXPIRED);
  }
}

/** The slot of a user's own resting order, or 0. */
export function findOwn(book: BookState, userNumber: number, orderNumber: number): number {
  const slot = book.ids.find(orderNumber);
  if (slot === 0) return 0;
  const owner = book.orders.wordOf(slot, OWNER);
  return book.owners.userOf(owner) === userNumber ? slot : 0;
}
