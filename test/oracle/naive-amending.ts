// How the naive book amends a resting order: "amend" in docs/engine.md.
import { holdOf, least, orderIdOf, userIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { finish, open, take, wouldTake } from './naive-matching.ts';
import { findOutOfBand, isTooLarge } from './naive-limits.ts';
import { pairOf } from './naive-lists.ts';
import { openOf } from './naive-orders.ts';
import { isCollecting } from './naive-phases.ts';
import type { Amend } from './naive-types.ts';

/**
 * Amends a resting order, or answers why not. A waiting one, or one of a pair, is found but cannot
 * be amended.
 */
export function amend(book: NaiveBook, command: Amend): string | null {
  const { scale } = book.rules;
  const waiting = book.findWaiting(command.orderNumber);
  if (waiting?.order.user === command.userNumber) return 'ORDER_AMEND_NOT_ALLOWED';
  const order = book.find(command.orderNumber);
  if (order?.user !== command.userNumber) return 'ORDER_NOT_FOUND';
  if (pairOf(book, order.number) !== null) return 'ORDER_AMEND_NOT_ALLOWED';
  const limit = BigInt(command.priceTicks);
  const quantity = BigInt(command.quantityLots);
  const gone = order.original - order.remaining;
  const isRepriced = limit !== order.limit;
  const isGrown = quantity > order.original;
  if (book.status === 'halted') return 'MARKET_HALTED';
  if (book.status === 'delisted') return 'MARKET_DELISTED';
  const isMore = isRepriced || isGrown;
  if (book.status === 'closing' && isMore) return 'MARKET_CLOSING';
  if (book.status === 'cancel_only' && isMore) return 'MARKET_CANCEL_ONLY';
  if (quantity <= gone) return 'ORDER_QUANTITY_BELOW_FILLED';
  if (isGrown && quantity > scale.maxLots) return 'ORDER_QUANTITY_TOO_LARGE';
  if (isGrown && order.iceberg !== null && quantity > 100n * order.iceberg.displayLots) {
    return 'ORDER_DISPLAY_QUANTITY_TOO_SMALL';
  }
  const outOfBand = isRepriced ? findOutOfBand(book, limit) : null;
  if (outOfBand !== null) return outOfBand;
  if (isMore && isTooLarge(book, limit * quantity * scale.tickLotMinor)) {
    return 'ORDER_NOTIONAL_TOO_LARGE';
  }
  const isTaking = wouldTake(book, order.side, limit);
  if (book.status === 'post_only' && isTaking) return 'MARKET_POST_ONLY';
  if (order.postOnly && isTaking) return 'ORDER_POST_ONLY_WOULD_TAKE';
  const remaining = quantity - gone;
  const release =
    book.holdLeft(order) +
    BigInt(command.holdIncreaseMinor) -
    holdOf(book.rules, order, limit, remaining);
  if (release < 0n) return 'ORDER_FUNDS_INSUFFICIENT';

  const isKept = !isMore;
  if (!isKept) book.remove(order);
  const shownBefore = openOf(order);
  order.limit = limit;
  order.original = quantity;
  order.remaining = remaining;
  if (order.iceberg !== null) order.iceberg.shown = least(order.iceberg.shown, remaining);
  if (isKept && openOf(order) !== shownBefore) book.touch(order);
  book.emit({
    kind: 'amended',
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    commandNumber: command.number,
    priceTicks: Number(limit),
    quantityLots: Number(quantity),
    remainingLots: Number(remaining),
    priorityKept: isKept,
    releaseMinor: String(release),
  });
  if (isKept) return null;
  if (isCollecting(book.status)) open(book, order);
  else finish(book, order, 'limit', take(book, order, limit));
  return null;
}
