// How the naive book places the orders of a list: "place_list" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import { keepList, type Listed } from './naive-lists.ts';
import { orderOf } from './naive-orders.ts';
import { place } from './naive-placing.ts';
import { isWaitingFull } from './naive-refusals.ts';
import { makePending } from './naive-triggers.ts';
import type { PlaceList } from './naive-types.ts';

export function placeList(book: NaiveBook, command: PlaceList): void {
  const { working, orders } = keepList(book, command);
  if (working !== null) {
    if (orders.every((each) => placePending(book, each))) place(book, working.command);
    return;
  }
  const [first, second] = orders;
  if (first === undefined || second === undefined) throw new Error('an order has no other');
  place(book, first.command);
  const isThere = book.find(first.number) ?? book.findWaiting(first.number);
  if (isThere !== null) place(book, second.command);
}

/** Lets an order wait for its working order; false when it may not. */
function placePending(book: NaiveBook, { command }: Listed): boolean {
  const order = orderOf(command);
  if (isWaitingFull(book, order)) {
    book.emitEnd(order, 'rejected', 'ORDERS_WAITING_TOO_MANY', BigInt(command.holdMinor));
    return false;
  }
  book.wait(makePending(order, command));
  return true;
}
