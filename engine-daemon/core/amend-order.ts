// The command `amend`: a new limit price and total quantity for a resting order.
import { holdMinor } from '../../shared/domain/hold.ts';
import { isCollecting, type MarketStatus } from '../../shared/domain/market.ts';
import { ICEBERG_PARTS_MAX } from '../../shared/domain/order.ts';
import type { AmendCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { FILLED, BUY, reasonCode, sideName } from './codes.ts';
import { findOwn, findOwnWaiting } from './cancel-orders.ts';
import type { MarketRules } from './market-rules.ts';
import { takeLiquidity } from './matching.ts';
import { ORDER_DOUBLES, ORIGINAL, TERMS } from './order-pool.ts';
import { isPostOnly } from './order-terms.ts';
import { wouldTake } from './place-checks.ts';
import { findPriceBandRefusal, isInBand, isNotionalAbove } from './price-limits.ts';
import { loadResting } from './resting-taker.ts';
import { STOP_ENDED, STOP_FILLED, STOP_NO_LIQUIDITY, type Taker } from './taker.ts';

const NO_REASON = reasonCode('NONE');
const MARKET_NOT_FOUND = reasonCode('MARKET_NOT_FOUND');
const ORDER_NOT_FOUND = reasonCode('ORDER_NOT_FOUND');
const AMEND_NOT_ALLOWED = reasonCode('ORDER_AMEND_NOT_ALLOWED');
const MARKET_HALTED = reasonCode('MARKET_HALTED');
const MARKET_CANCEL_ONLY = reasonCode('MARKET_CANCEL_ONLY');
const MARKET_CLOSING = reasonCode('MARKET_CLOSING');
const MARKET_DELISTED = reasonCode('MARKET_DELISTED');
const NOTIONAL_TOO_LARGE = reasonCode('ORDER_NOTIONAL_TOO_LARGE');
const MARKET_POST_ONLY = reasonCode('MARKET_POST_ONLY');
const QUANTITY_BELOW_FILLED = reasonCode('ORDER_QUANTITY_BELOW_FILLED');
const DISPLAY_TOO_SMALL = reasonCode('ORDER_DISPLAY_QUANTITY_TOO_SMALL');
const QUANTITY_TOO_LARGE = reasonCode('ORDER_QUANTITY_TOO_LARGE');
const PRICE_OUT_OF_BAND = reasonCode('ORDER_PRICE_OUT_OF_BAND');
const POST_ONLY_WOULD_TAKE = reasonCode('ORDER_POST_ONLY_WOULD_TAKE');
const FUNDS_INSUFFICIENT = reasonCode('ORDER_FUNDS_INSUFFICIENT');

export function amendOrder(book: BookState, command: AmendCommand): void {
  if (book.rules === null) {
    refuse(book, command, MARKET_NOT_FOUND);
    return;
  }
  const slot = findOwn(book, command.userNumber, command.orderNumber);
  if (slot === 0) {
    const waits = findOwnWaiting(book, command.userNumber, command.orderNumber) !== null;
    refuse(book, command, waits ? AMEND_NOT_ALLOWED : ORDER_NOT_FOUND);
    return;
  }
  if (book.events.sharedHolds.listOf(command.orderNumber) !== 0) {
    refuse(book, command, AMEND_NOT_ALLOWED);
    return;
  }
  const taker = book.taker;
  loadTaker(book, taker, slot, command);
  const reason = findRefusal(book, book.rules, taker, slot, command);
  if (reason !== NO_REASON) {
    refuse(book, command, reason);
    return;
  }
  const keepsPlace =
    taker.holdTicks === book.priceOf(slot) && taker.original <= book.orders.originalOf(slot);
  if (keepsPlace) amendInPlace(book, taker, slot, command);
  else amendAndMatch(book, book.rules, taker, slot, command);
}

function refuse(book: BookState, command: AmendCommand, reason: number): void {
  const { number, userNumber, orderNumber } = command;
  const release = book.events.keepText(command.holdIncreaseMinor);
  book.events.refused(number, userNumber, orderNumber, reason, release);
}

/** The order as it would be after the amend. */
function loadTaker(book: BookState, taker: Taker, slot: number, command: AmendCommand): void {
  loadResting(book, taker, slot);
  taker.remaining += command.quantityLots - taker.original;
  taker.original = command.quantityLots;
  taker.limitTicks = command.priceTicks;
  taker.holdTicks = command.priceTicks;
}

function findRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  slot: number,
  command: AmendCommand,
): number {
  const price = book.priceOf(slot);
  const grows = taker.original > book.orders.originalOf(slot);
  const moves = taker.holdTicks !== price;
  const reason = findStatusRefusal(rules.status, moves || grows);
  if (reason !== NO_REASON) return reason;
  if (taker.remaining <= 0) return QUANTITY_BELOW_FILLED;
  if (grows) {
    if (taker.original > rules.scale.maxQuantityLots) return QUANTITY_TOO_LARGE;
    const displayLots = book.orders.displayOf(slot);
    if (displayLots > 0 && taker.original > displayLots * ICEBERG_PARTS_MAX) {
      return DISPLAY_TOO_SMALL;
    }
  }
  if (moves) {
    if (!isInBand(rules, taker.holdTicks)) return PRICE_OUT_OF_BAND;
    const outOfBand = rules.hasLimits
      ? findPriceBandRefusal(book, rules, taker.holdTicks)
      : NO_REASON;
    if (outOfBand !== NO_REASON) return outOfBand;
  }
  if ((moves || grows) && isNotionalAbove(rules, taker.holdTicks, taker.original)) {
    return NOTIONAL_TOO_LARGE;
  }
  if (rules.status === 'post_only' && wouldTake(book, taker)) return MARKET_POST_ONLY;
  if (isPostOnly(book.orders.wordOf(slot, TERMS)) && wouldTake(book, taker)) {
    return POST_ONLY_WOULD_TAKE;
  }
  // Only these can need a greater hold; the usual reduction spares the big integers.
  const needsMore = grows || (taker.side === BUY && taker.holdTicks > price);
  if (needsMore && !coversHold(rules, taker, price, book.orders.leftOf(slot), command)) {
    return FUNDS_INSUFFICIENT;
  }
  return NO_REASON;
}

/** `asksMore` when the price changes or the quantity grows. */
function findStatusRefusal(status: MarketStatus, asksMore: boolean): number {
  if (status === 'trading') return NO_REASON;
  if (status === 'halted') return MARKET_HALTED;
  if (status === 'delisted') return MARKET_DELISTED;
  if (!asksMore) return NO_REASON;
  if (status === 'cancel_only') return MARKET_CANCEL_ONLY;
  return status === 'closing' ? MARKET_CLOSING : NO_REASON;
}

function coversHold(
  rules: MarketRules,
  taker: Taker,
  oldTicks: number,
  oldRemaining: number,
  command: AmendCommand,
): boolean {
  const side = sideName(taker.side);
  const feeReservePpm = taker.reservePpm;
  const oldTerms = { side, limitPriceTicks: oldTicks, feeReservePpm };
  const newTerms = { side, limitPriceTicks: taker.holdTicks, feeReservePpm };
  const held = holdMinor(rules.scale, oldTerms, oldRemaining) + BigInt(command.holdIncreaseMinor);
  return held >= holdMinor(rules.scale, newTerms, taker.remaining);
}

function amendInPlace(book: BookState, taker: Taker, slot: number, command: AmendCommand): void {
  const { orders } = book;
  const remaining = orders.leftOf(slot);
  orders.doubles[slot * ORDER_DOUBLES + ORIGINAL] = taker.original;
  book.setLeft(slot, taker.remaining, orders.shownOf(slot));
  const increase = book.events.keepText(command.holdIncreaseMinor);
  book.events.amended(taker, command.number, taker.holdTicks, remaining, true, increase);
}

/** The order leaves its place, takes what its new limit reaches, and rests or ends. */
function amendAndMatch(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  slot: number,
  command: AmendCommand,
): void {
  const { orders, events } = book;
  const levels = book.levelsOf(taker.side);
  const price = book.priceOf(slot);
  const remaining = orders.leftOf(slot);
  levels.remove(slot);
  const increase = events.keepText(command.holdIncreaseMinor);
  events.amended(taker, command.number, price, remaining, false, increase);
  const stop = isCollecting(rules.status) ? STOP_NO_LIQUIDITY : takeLiquidity(book, taker);
  if (stop === STOP_ENDED || stop === STOP_FILLED) {
    if (stop === STOP_FILLED) events.endedTaker(taker, FILLED, NO_REASON);
    book.forget(slot);
    return;
  }
  orders.doubles[slot * ORDER_DOUBLES + ORIGINAL] = taker.original;
  orders.setLeft(slot, taker.remaining, orders.displayOf(slot));
  levels.add(slot, taker.holdTicks);
  events.opened(taker);
}
