// Switches that end all orders of a user: the dead-man deadline that the user sets, and the kill
// switch of the operator.
import type { BlockUserCommand, CancelAllAfterCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { cancelAllOf } from './cancel-orders.ts';
import { reasonCode } from './codes.ts';
import { BY_FORMULA } from './event-rows.ts';

const MARKET_NOT_FOUND = reasonCode('MARKET_NOT_FOUND');
const DEADLINE_PAST = reasonCode('DEADMAN_DEADLINE_PAST');
const BY_DEADMAN = reasonCode('ORDER_CANCELLED_BY_DEADMAN');
const BY_OPERATOR = reasonCode('ORDER_CANCELLED_BY_OPERATOR');
const NO_DEADLINE = -1;

export function cancelAllAfter(book: BookState, command: CancelAllAfterCommand): void {
  const { number, userNumber, deadlineMs } = command;
  if (book.rules === null) {
    book.events.refused(number, userNumber, 0, MARKET_NOT_FOUND, BY_FORMULA);
  } else if (deadlineMs === null) {
    book.deadmen.remove(userNumber);
    book.events.deadmanSet(number, userNumber, NO_DEADLINE);
  } else if (deadlineMs <= book.nowMs) {
    book.events.refused(number, userNumber, 0, DEADLINE_PAST, BY_FORMULA);
  } else {
    book.deadmen.set(userNumber, deadlineMs);
    book.events.deadmanSet(number, userNumber, deadlineMs);
  }
}

/** Ends the orders of users whose deadline has passed. */
export function fireDeadmen(book: BookState): void {
  for (const [userNumber, deadlineMs] of book.deadmen.takeDue(book.nowMs)) {
    book.events.deadmanFired(userNumber, deadlineMs);
    cancelAllOf(book, userNumber, BY_DEADMAN);
  }
}

export function blockUser(book: BookState, command: BlockUserCommand): void {
  const { number, userNumber, isBlocked } = command;
  if (book.rules === null) {
    book.events.refused(number, userNumber, 0, MARKET_NOT_FOUND, BY_FORMULA);
    return;
  }
  book.events.userBlocked(number, userNumber, isBlocked);
  if (isBlocked) {
    book.blocked.add(userNumber);
    cancelAllOf(book, userNumber, BY_OPERATOR);
  } else {
    book.blocked.delete(userNumber);
  }
}
