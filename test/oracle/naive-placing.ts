// How the naive book places an order, now or when it is triggered: "place" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import { finish, open, take, takingLimit } from './naive-matching.ts';
import { conditionOf, orderOf, type Order } from './naive-orders.ts';
import { isCollecting } from './naive-phases.ts';
import { findRefusal, rejected, type Refusal } from './naive-refusals.ts';
import { makeWaiting } from './naive-triggers.ts';
import type { Place, Replaces } from './naive-types.ts';

/** A triggered order is placed again, without its trigger, and replaces nothing again. */
export function place(book: NaiveBook, command: Place, { isTriggered = false } = {}): void {
  const trigger = isTriggered ? null : (command.trigger ?? null);
  const replaces = isTriggered ? null : (command.replaces ?? null);
  const taker = orderOf(command);
  const refusal =
    (replaces === null ? null : replace(book, replaces, taker)) ??
    findRefusal(book, { command, taker, trigger, isTriggered });
  if (refusal !== null) {
    const { status, reason } = refusal;
    book.emitEnd(taker, status, reason, BigInt(command.holdMinor));
  } else if (trigger !== null) {
    book.wait(makeWaiting(taker, command, trigger, book.lastTicks));
  } else if (isCollecting(book.status)) {
    open(book, taker);
  } else {
    const limit = takingLimit(book, command);
    const stop = limit === null ? 'out_of_reach' : take(book, taker, limit);
    finish(book, taker, command.type, stop);
  }
}

/** Ends the order that a new one takes the place of, or says why the new one must not go on. */
function replace(book: NaiveBook, replaces: Replaces, taker: Order): Refusal | null {
  const { orderNumber, onlyIf, onFailure } = replaces;
  const old = book.findOwn(orderNumber, taker.user);
  if (old !== null && (onlyIf === undefined || onlyIf === conditionOf(old))) {
    book.end(old, 'cancelled', 'ORDER_REPLACED');
    return null;
  }
  return onFailure === 'stop' ? rejected('ORDER_REPLACE_CANCEL_FAILED') : null;
}
