// The commands `cancel` and `cancel_all`, and the end of orders whose time has come.
import type {
  CancelAllCommand,
  CancelCommand,
  PlaceCommand,
} from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { CANCELLED, EXPIRED, reasonCode, sideCode } from './codes.ts';
import { BY_FORMULA } from './event-rows.ts';
import { OWNER, TERMS } from './order-pool.ts';
import { sideOf } from './order-terms.ts';
import type { WaitingOrder } from './waiting-order.ts';

const NO_REASON = reasonCode('NONE');
const MARKET_NOT_FOUND = reasonCode('MARKET_NOT_FOUND');
const ORDER_NOT_FOUND = reasonCode('ORDER_NOT_FOUND');
const CONDITION_UNMET = reasonCode('ORDER_CANCEL_CONDITION_UNMET');
const CANCELLED_BY_USER = reasonCode('ORDER_CANCELLED_BY_USER');
const ORDER_EXPIRED = reasonCode('ORDER_EXPIRED');

export function cancelOrder(book: BookState, command: CancelCommand): void {
  const { userNumber, orderNumber, onlyIf } = command;
  const reason = endOwnOrder(book, userNumber, orderNumber, onlyIf, CANCELLED_BY_USER);
  if (reason !== NO_REASON) refuse(book, command, orderNumber, reason);
}

/**
 * Cancels a user's own resting or waiting order, for the reason `why`. Answers `NONE`, or why it
 * was not cancelled.
 */
export function endOwnOrder(
  book: BookState,
  userNumber: number,
  orderNumber: number,
  onlyIf: CancelCommand['onlyIf'],
  why: number,
): number {
  const slot = findOwn(book, userNumber, orderNumber);
  const waiting = slot === 0 ? findOwnWaiting(book, userNumber, orderNumber) : null;
  if (slot === 0 && waiting === null) {
    return book.rules === null ? MARKET_NOT_FOUND : ORDER_NOT_FOUND;
  }
  if (!isAsAsked(book, onlyIf, slot)) return CONDITION_UNMET;
  if (waiting === null) book.end(slot, CANCELLED, why);
  else endWaiting(book, waiting, CANCELLED, why);
  return NO_REASON;
}

/** `slot` is 0 for a waiting order: nothing of that is gone. */
function isAsAsked(book: BookState, onlyIf: CancelCommand['onlyIf'], slot: number): boolean {
  if (onlyIf === undefined) return true;
  const { orders } = book;
  const isNew = slot === 0 || orders.leftOf(slot) === orders.originalOf(slot);
  return (onlyIf === 'new') === isNew;
}

function refuse(
  book: BookState,
  { number, userNumber }: CancelCommand | CancelAllCommand,
  orderNumber: number,
  reason: number,
): void {
  book.events.refused(number, userNumber, orderNumber, reason, BY_FORMULA);
}

/** Cancels all resting and waiting orders of a user, or of one side, in rising order number. */
export function cancelAllOrders(book: BookState, command: CancelAllCommand): void {
  const numbers = numbersOf(book, command);
  if (numbers.length === 0) {
    refuse(book, command, 0, book.rules === null ? MARKET_NOT_FOUND : ORDER_NOT_FOUND);
    return;
  }
  cancelNumbers(book, numbers, CANCELLED_BY_USER);
}

/** Cancels every resting and waiting order of a user, in rising order number. */
export function cancelAllOf(book: BookState, userNumber: number, reason: number): void {
  cancelNumbers(book, numbersOf(book, { userNumber }), reason);
}

/** Cancels every resting and waiting order of the market, in rising order number. */
export function cancelEvery(book: BookState, reason: number): void {
  const users = new Set([...book.owners.all()].map((owner) => book.owners.userOf(owner)));
  for (const { userNumber } of book.waiting.sorted()) users.add(userNumber);
  const numbers = [...users].flatMap((userNumber) => numbersOf(book, { userNumber }));
  cancelNumbers(book, numbers, reason);
}

function cancelNumbers(book: BookState, numbers: readonly number[], reason: number): void {
  for (const number of Float64Array.from(numbers).sort()) endNumbered(book, number, reason);
}

/** Cancels an order that rests or waits; does nothing when there is none of this number. */
export function endNumbered(book: BookState, orderNumber: number, reason: number): void {
  const waiting = book.waiting.find(orderNumber);
  const slot = book.ids.find(orderNumber);
  if (waiting !== null) endWaiting(book, waiting, CANCELLED, reason);
  else if (slot !== 0) book.end(slot, CANCELLED, reason);
}

function numbersOf(
  book: BookState,
  { userNumber, side }: Pick<CancelAllCommand, 'userNumber' | 'side'>,
): number[] {
  const { orders, owners, waiting } = book;
  const code = side === undefined ? null : sideCode(side);
  const resting = owners
    .slotsOf(userNumber)
    .filter((slot) => code === null || sideOf(orders.wordOf(slot, TERMS)) === code);
  const waits = waiting
    .ordersOf(userNumber)
    .filter((order) => side === undefined || order.side === side);
  return [...resting.map((slot) => orders.numberOf(slot)), ...waits.map(({ number }) => number)];
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
  endUnplaced(book, order, status, reason);
  book.waiting.remove(order);
}

/** Tells the end of an order that never took part: it releases its whole hold. */
export function endUnplaced(
  book: BookState,
  { number, userNumber, quantityLots, holdMinor }: PlaceCommand,
  status: number,
  reason: number,
): void {
  const release = book.events.keepText(holdMinor);
  book.events.endedUnplaced(number, userNumber, status, reason, quantityLots, release);
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
