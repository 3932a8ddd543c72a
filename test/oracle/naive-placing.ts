// How the naive book places an order: "place" in docs/engine.md, check by check.
import { least } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { finish, reaches, take, wouldTake } from './naive-matching.ts';
import { conditionOf, hasSameOwner, openOf, orderOf, type Order } from './naive-orders.ts';
import { hasReached, makeWaiting } from './naive-triggers.ts';
import type { EndStatus, Place, Replaces, Trigger } from './naive-types.ts';

/** An iceberg has at most so many parts of its display quantity. */
const ICEBERG_PARTS_MAX = 100n;

interface Refusal {
  readonly status: EndStatus;
  readonly reason: string;
}

/** A triggered order is placed again, without its trigger, and replaces nothing again. */
export function place(book: NaiveBook, command: Place, { isTriggered = false } = {}): void {
  const trigger = isTriggered ? null : (command.trigger ?? null);
  const replaces = isTriggered ? null : (command.replaces ?? null);
  const taker = orderOf(command);
  const refusal =
    (replaces === null ? null : replace(book, replaces, taker)) ??
    findRefusal(book, command, taker) ??
    (trigger === null
      ? findTakerRefusal(book, command, taker)
      : findTriggerRefusal(book, taker, trigger));
  if (refusal !== null) {
    const { status, reason } = refusal;
    book.emitEnd(taker, status, reason, BigInt(command.holdMinor));
    return;
  }
  if (trigger !== null) {
    book.wait(makeWaiting(taker, command, trigger, book.lastTicks));
    return;
  }
  const limit = takingLimit(book, command);
  const stop = limit === null ? 'out_of_reach' : take(book, taker, limit);
  finish(book, taker, command.type, stop);
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

function rejected(reason: string): Refusal {
  return { status: 'rejected', reason };
}

/** What is checked of every order. */
function findRefusal(book: NaiveBook, command: Place, taker: Order): Refusal | null {
  const { config, scale } = book.rules;
  const lots = taker.original;
  if (book.blocked.has(taker.user)) return rejected('ACCOUNT_BLOCKED');
  if (book.status === 'halted') return rejected('MARKET_HALTED');
  if (book.status === 'cancel_only') return rejected('MARKET_CANCEL_ONLY');
  if (book.status === 'post_only' && !taker.postOnly) return rejected('MARKET_POST_ONLY');
  if (book.status === 'limit_only' && command.type === 'market') {
    return rejected('MARKET_LIMIT_ONLY');
  }
  if (lots > scale.maxLots) return rejected('ORDER_QUANTITY_TOO_LARGE');
  if (lots < scale.minLots && taker.byQuote === null) return rejected('ORDER_QUANTITY_TOO_SMALL');
  if (taker.iceberg !== null) {
    const { displayLots } = taker.iceberg;
    const isTooSmall = displayLots < scale.minLots || lots > ICEBERG_PARTS_MAX * displayLots;
    if (isTooSmall) return rejected('ORDER_DISPLAY_QUANTITY_TOO_SMALL');
  }
  if (command.type === 'limit' && !isInBand(book, taker.limit)) {
    return rejected('ORDER_PRICE_OUT_OF_BAND');
  }
  if (taker.mode === 'none' && !config.selfTradeAllowed) {
    return rejected('ORDER_SELF_TRADE_MODE_NOT_ALLOWED');
  }
  if (taker.timeInForce === 'GTD' && (taker.expiresAtMs ?? Infinity) <= book.nowMs) {
    return { status: 'expired', reason: 'ORDER_EXPIRED' };
  }
  return null;
}

/** What is checked of an order that would wait. */
function findTriggerRefusal(book: NaiveBook, taker: Order, trigger: Trigger): Refusal | null {
  const isTrailing = trigger.kind === 'trailing_stop';
  const ticks = isTrailing ? trigger.activationPriceTicks : trigger.priceTicks;
  if (ticks !== undefined && !isInBand(book, BigInt(ticks))) {
    return rejected('ORDER_PRICE_OUT_OF_BAND');
  }
  if (book.lastTicks === null) return rejected('ORDER_TRIGGER_REFERENCE_NONE');
  const isReached =
    !isTrailing && hasReached(taker.side, trigger.kind, trigger.priceTicks, book.lastTicks);
  return isReached ? rejected('ORDER_TRIGGER_PRICE_REACHED') : null;
}

/** What is checked of an order that would take part at once. */
function findTakerRefusal(book: NaiveBook, command: Place, taker: Order): Refusal | null {
  if (taker.postOnly && wouldTake(book, taker.side, taker.limit)) {
    return rejected('ORDER_POST_ONLY_WOULD_TAKE');
  }
  if (taker.timeInForce === 'FOK' && !isFillable(book, taker, takingLimit(book, command))) {
    return { status: 'expired', reason: 'ORDER_FOK_NOT_FILLABLE' };
  }
  return null;
}

export function isInBand(book: NaiveBook, ticks: bigint): boolean {
  const { scale } = book.rules;
  return ticks >= scale.minTicks && ticks <= scale.maxTicks;
}

/** The furthest price an order takes at, or null for a market order that finds no other side. */
function takingLimit(book: NaiveBook, command: Place): bigint | null {
  const limit = BigInt(command.priceTicks);
  if (command.type === 'limit') return limit;
  const best = book.opposite(command.side)[0]?.limit;
  if (best === undefined) return null;
  const bps = BigInt(book.rules.config.protectionBps);
  if (command.side === 'buy') return least(limit, (best * (10_000n + bps)) / 10_000n);
  const floor = (best * (10_000n - bps) + 9_999n) / 10_000n;
  return limit > floor ? limit : floor;
}

/** Price by price: first what the orders show, in priority order, then all that they hide. */
function isFillable(book: NaiveBook, taker: Order, limit: bigint | null): boolean {
  if (limit === null) return false;
  const inReach = book.opposite(taker.side).filter((o) => reaches(taker.side, limit, o.limit));
  const prices = [...new Set(inReach.map((maker) => maker.limit))];
  let missing = taker.remaining;
  for (const price of prices) {
    const level = inReach.filter((maker) => maker.limit === price);
    for (const maker of level) {
      if (missing <= 0n) return true;
      const isOwn = hasSameOwner(maker, taker) && taker.mode !== 'none';
      if (isOwn && taker.mode !== 'cancel_maker') return false;
      if (!isOwn) missing -= openOf(maker);
    }
    for (const maker of level) {
      const isOwn = hasSameOwner(maker, taker) && taker.mode !== 'none';
      if (!isOwn) missing -= maker.remaining - openOf(maker);
    }
  }
  return missing <= 0n;
}
