// How the naive book places an order, now or when it is triggered: "place" in docs/engine.md.
import { orderIdOf, userIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { decideByTrigger } from './naive-lists.ts';
import { finish, open, take, takingLimit } from './naive-matching.ts';
import { conditionOf, orderOf, type Order } from './naive-orders.ts';
import { isPegged, pegTicksOf } from './naive-pegs.ts';
import { isCollecting } from './naive-phases.ts';
import { findRefusal, rejected, type Placing, type Refusal } from './naive-refusals.ts';
import { makeWaiting } from './naive-triggers.ts';
import type { Place, Replaces, Trigger } from './naive-types.ts';

export function place(book: NaiveBook, command: Place): void {
  const { replaces, trigger = null } = command;
  const failure = replaces === undefined ? null : replace(book, replaces, command);
  const placing = placingOf(book, command, { trigger, isTriggered: false });
  goOn(book, placing, failure ?? findRefusal(book, placing));
}

/** A triggered order is placed again, without its trigger, and replaces nothing again. */
export function placeTriggered(book: NaiveBook, command: Place): void {
  const placing = placingOf(book, command, { trigger: null, isTriggered: true });
  goOn(book, placing, findRefusal(book, placing));
}

/** A pending order has its turn, with a trigger of its own or none. */
export function placePending(book: NaiveBook, command: Place): void {
  const { trigger = null } = command;
  const placing = placingOf(book, command, { trigger, isTriggered: true });
  const refusal = findRefusal(book, placing);
  if (refusal?.reason === 'ORDER_TRIGGER_PRICE_REACHED') {
    decideByTrigger(book, command.number);
    placeTriggered(book, command);
  } else {
    goOn(book, placing, refusal);
  }
}

function placingOf(
  book: NaiveBook,
  command: Place,
  manner: { readonly trigger: Trigger | null; readonly isTriggered: boolean },
): Placing {
  const takesPrice = manner.trigger === null && isPegged(command);
  const ticks = takesPrice ? pegTicksOf(book, command) : null;
  const priced = ticks === null ? command : { ...command, priceTicks: ticks };
  const peg = takesPrice ? (ticks === null ? 'no such level' : 'has its price') : 'none';
  return { command: priced, taker: orderOf(priced), peg, ...manner };
}

function goOn(book: NaiveBook, placing: Placing, refusal: Refusal | null): void {
  const { command, taker, trigger, peg } = placing;
  if (refusal !== null) {
    const { status, reason } = refusal;
    book.emitEnd(taker, status, reason, BigInt(command.holdMinor));
    return;
  }
  if (peg === 'has its price') tellPrice(book, placing);
  if (trigger !== null) {
    book.wait(makeWaiting(taker, command, trigger, book.lastTicks));
  } else if (isCollecting(book.status)) {
    open(book, taker);
  } else {
    const limit = takingLimit(book, command);
    const stop = limit === null ? 'out_of_reach' : take(book, taker, limit);
    finish(book, taker, command.type, stop);
  }
}

function tellPrice(book: NaiveBook, { command, taker }: Placing): void {
  book.emit({
    kind: 'pegged',
    orderId: orderIdOf(taker.number),
    userId: userIdOf(taker.user),
    priceTicks: Number(taker.limit),
    remainingLots: Number(taker.remaining),
    releaseMinor: String(BigInt(command.holdMinor) - book.holdLeft(taker)),
  });
}

/** Ends the order that a new one takes the place of, or says why the new one must not go on. */
function replace(book: NaiveBook, replaces: Replaces, { userNumber }: Place): Refusal | null {
  const { orderNumber, onlyIf, onFailure } = replaces;
  const old: Order | null = book.findOwn(orderNumber, userNumber);
  if (old !== null && (onlyIf === undefined || onlyIf === conditionOf(old))) {
    book.end(old, 'cancelled', 'ORDER_REPLACED');
    return null;
  }
  return onFailure === 'stop' ? rejected('ORDER_REPLACE_CANCEL_FAILED') : null;
}
