// The command `place`: checks in the documented order, matching, and what becomes of the rest.
import { assert } from '../../shared/domain/failure.ts';
import { mulPpmRoundUp } from '../../shared/money/rounding.ts';
import { isCollecting, type MarketStatus } from '../../shared/domain/market.ts';
import { ICEBERG_PARTS_MAX, TRIGGER_KINDS } from '../../shared/domain/order.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { NEVER_MS, type BookState } from './book-state.ts';
import { endOwnOrder } from './cancel-orders.ts';
import {
  BUY,
  EXPIRED,
  FILLED,
  REJECTED,
  SELF_TRADE,
  modeCode,
  reasonCode,
  sideCode,
} from './codes.ts';
import type { MarketRules } from './market-rules.ts';
import { findBandRefusal, findNotionalRefusal, isInBand } from './price-limits.ts';
import { isBeyond, isFillableWhole, takeLiquidity } from './matching.ts';
import { canRest, displayLotsOf } from './order-kind.ts';
import { packTerms } from './order-terms.ts';
import {
  QuoteBudget,
  STOP_BUDGET,
  STOP_ENDED,
  STOP_FILLED,
  STOP_INTERRUPTED,
  STOP_NO_LIQUIDITY,
  type Taker,
} from './taker.ts';
import { isReached, isRising, waitingOrder, type WaitingOrder } from './waiting-order.ts';

const BPS = 10_000;

const NO_REASON = reasonCode('NONE');
const ACCOUNT_BLOCKED = reasonCode('ACCOUNT_BLOCKED');
const MARKET_AUCTION = reasonCode('MARKET_AUCTION');
const MARKET_CLOSING = reasonCode('MARKET_CLOSING');
const MARKET_DELISTED = reasonCode('MARKET_DELISTED');
const MARKET_INTERRUPTED = reasonCode('MARKET_INTERRUPTED');
const REFERENCE_STALE = reasonCode('MARKET_REFERENCE_STALE');
const OPEN_TOO_MANY = reasonCode('ORDERS_OPEN_TOO_MANY');
const WAITING_TOO_MANY = reasonCode('ORDERS_WAITING_TOO_MANY');
const DISPLAY_TOO_SMALL = reasonCode('ORDER_DISPLAY_QUANTITY_TOO_SMALL');
const REPLACED = reasonCode('ORDER_REPLACED');
const REPLACE_CANCEL_FAILED = reasonCode('ORDER_REPLACE_CANCEL_FAILED');
const TRIGGER_REFERENCE_STALE = reasonCode('ORDER_TRIGGER_REFERENCE_STALE');
const MARKET_NOT_FOUND = reasonCode('MARKET_NOT_FOUND');
const MARKET_HALTED = reasonCode('MARKET_HALTED');
const MARKET_CANCEL_ONLY = reasonCode('MARKET_CANCEL_ONLY');
const MARKET_POST_ONLY = reasonCode('MARKET_POST_ONLY');
const MARKET_LIMIT_ONLY = reasonCode('MARKET_LIMIT_ONLY');
const QUANTITY_TOO_LARGE = reasonCode('ORDER_QUANTITY_TOO_LARGE');
const QUANTITY_TOO_SMALL = reasonCode('ORDER_QUANTITY_TOO_SMALL');
const PRICE_OUT_OF_BAND = reasonCode('ORDER_PRICE_OUT_OF_BAND');
const MODE_NOT_ALLOWED = reasonCode('ORDER_SELF_TRADE_MODE_NOT_ALLOWED');
const ORDER_EXPIRED = reasonCode('ORDER_EXPIRED');
const POST_ONLY_WOULD_TAKE = reasonCode('ORDER_POST_ONLY_WOULD_TAKE');
const FOK_NOT_FILLABLE = reasonCode('ORDER_FOK_NOT_FILLABLE');
const QUOTE_AMOUNT_REACHED = reasonCode('ORDER_QUOTE_AMOUNT_REACHED');
const LIQUIDITY_NONE = reasonCode('ORDER_LIQUIDITY_NONE');
const PRICE_PROTECTED = reasonCode('ORDER_PRICE_PROTECTED');
const IOC_REMAINDER = reasonCode('ORDER_IOC_REMAINDER');
const TRIGGER_PRICE_REACHED = reasonCode('ORDER_TRIGGER_PRICE_REACHED');
const TRIGGER_REFERENCE_NONE = reasonCode('ORDER_TRIGGER_REFERENCE_NONE');

export function placeOrder(book: BookState, command: PlaceCommand): void {
  const { replaces, trigger } = command;
  if (book.rules === null) {
    refuse(book, command, MARKET_NOT_FOUND);
    return;
  }
  if (replaces !== undefined && !replaceOrder(book, command.userNumber, replaces)) {
    refuse(book, command, REPLACE_CANCEL_FAILED);
    return;
  }
  if (trigger === undefined) place(book, book.rules, command, false);
  else placeWaiting(book, book.rules, command, waitingOrder(command, trigger));
}

/** Places an order that has waited until now. */
export function placeTriggered(book: BookState, order: WaitingOrder): void {
  assert(book.rules !== null, 'an order has waited in a market without configuration');
  place(book, book.rules, order, true);
}

function placeWaiting(
  book: BookState,
  rules: MarketRules,
  command: PlaceCommand,
  order: WaitingOrder,
): void {
  const { taker } = book;
  loadTaker(book, rules, taker, command);
  const reason = findWaitingRefusal(book, rules, taker, command, order);
  if (reason !== NO_REASON) {
    refuse(book, command, reason);
    return;
  }
  book.waiting.add(order, book.lastTicks);
  const code = TRIGGER_KINDS.indexOf(order.trigger.kind);
  book.events.armed(taker, code, book.waiting.triggerTicksOf(order));
}

function place(
  book: BookState,
  rules: MarketRules,
  command: PlaceCommand,
  isTriggered: boolean,
): void {
  const { taker } = book;
  loadTaker(book, rules, taker, command);
  const reason = findPlaceRefusal(book, rules, taker, command, isTriggered);
  if (reason !== NO_REASON) {
    refuse(book, command, reason);
    return;
  }
  if (isCollecting(rules.status)) {
    restRemainder(book, taker, command);
    return;
  }
  const stop = takeLiquidity(book, taker);
  if (stop === STOP_ENDED) return;
  if (stop === STOP_FILLED) {
    book.events.endedTaker(taker, FILLED, NO_REASON);
  } else if (command.type === 'market') {
    endMarketOrder(book, taker, stop);
  } else if (canRest(command)) {
    restRemainder(book, taker, command);
  } else {
    const reason = stop === STOP_INTERRUPTED ? MARKET_INTERRUPTED : IOC_REMAINDER;
    book.events.endedTaker(taker, EXPIRED, reason);
  }
}

/** Answers false when the new order must not be placed. */
function replaceOrder(
  book: BookState,
  userNumber: number,
  { orderNumber, onFailure, onlyIf }: NonNullable<PlaceCommand['replaces']>,
): boolean {
  const reason = endOwnOrder(book, userNumber, orderNumber, onlyIf, REPLACED);
  return reason === NO_REASON || onFailure === 'proceed';
}

function refuse(book: BookState, command: PlaceCommand, reason: number): void {
  const { number, userNumber, quantityLots } = command;
  const status = reason === ORDER_EXPIRED || reason === FOK_NOT_FILLABLE ? EXPIRED : REJECTED;
  const release = book.events.keepText(command.holdMinor);
  book.events.endedUnplaced(number, userNumber, status, reason, quantityLots, release);
}

function loadTaker(book: BookState, rules: MarketRules, taker: Taker, command: PlaceCommand): void {
  const side = sideCode(command.side);
  taker.number = command.number;
  taker.user = command.userNumber;
  taker.owner = book.owners.find(command.userNumber);
  taker.side = side;
  taker.mode = modeCode(command.selfTradePrevention);
  taker.group = command.tradeGroup ?? 0;
  taker.original = command.quantityLots;
  taker.remaining = command.quantityLots;
  taker.holdTicks = command.priceTicks;
  taker.makerPpm = command.makerFeePpm;
  taker.takerPpm = command.takerFeePpm;
  taker.reservePpm = book.reserveFor(side, command.makerFeePpm, command.takerFeePpm);
  taker.budget = null;
  taker.limitTicks = command.priceTicks;
  if (command.type === 'market') {
    taker.limitTicks = protectionTicks(book, rules, taker);
    if (command.quoteBudgetMinor !== null) {
      taker.budget = openBudget(rules, taker, command.quoteBudgetMinor, command.holdMinor);
    }
  }
}

/** The worst price a market order takes, fixed once from the best opposite price. */
function protectionTicks(book: BookState, rules: MarketRules, taker: Taker): number {
  const best = bestAgainst(book, taker);
  if (best === 0) return taker.holdTicks;
  // At most 2^32 x 19,999: exact in a double.
  const bps = rules.config.protectionBps;
  return taker.side === BUY
    ? Math.min(taker.holdTicks, Math.floor((best * (BPS + bps)) / BPS))
    : Math.max(taker.holdTicks, Math.ceil((best * (BPS - bps)) / BPS));
}

function openBudget(
  rules: MarketRules,
  taker: Taker,
  budgetText: string,
  holdText: string,
): QuoteBudget {
  const budget = BigInt(budgetText);
  const hold = BigInt(holdText);
  if (taker.side === BUY) {
    const worst = budget + mulPpmRoundUp(budget, taker.reservePpm);
    assert(worst <= hold, `hold of order ${taker.number} does not cover its budget and fee`);
  }
  return new QuoteBudget(budget, hold, taker.reservePpm, rules.scale.tickLotMinor);
}

/** Checks of an order with a trigger, in the documented order. */
function findWaitingRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
  order: WaitingOrder,
): number {
  const reason = findCommonRefusal(book, rules, taker, command);
  if (reason !== NO_REASON) return reason;
  const { maxWaitingOrders } = rules.config;
  if (maxWaitingOrders !== undefined && book.waiting.countOf(taker.user) >= maxWaitingOrders) {
    return WAITING_TOO_MANY;
  }
  return findTermsRefusal(book, rules, taker, command) || findTriggerRefusal(book, rules, order);
}

/** Checks of an order that takes part at once, in the documented order. */
function findPlaceRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
  isTriggered: boolean,
): number {
  const reason =
    findCommonRefusal(book, rules, taker, command) ||
    findNotionalRefusal(rules, command, bestAgainst(book, taker)) ||
    (isTriggered ? NO_REASON : findFreshRefusal(book, rules, taker, command)) ||
    findTermsRefusal(book, rules, taker, command);
  if (reason !== NO_REASON) return reason;
  if (command.type === 'limit' && command.postOnly && wouldTake(book, taker)) {
    return POST_ONLY_WOULD_TAKE;
  }
  if (command.timeInForce === 'FOK' && taker.budget === null && !isFillableWhole(book, taker)) {
    return FOK_NOT_FILLABLE;
  }
  return NO_REASON;
}

/** From the first check to the bands. */
function findCommonRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
): number {
  if (book.blocked.size > 0 && book.blocked.has(taker.user)) return ACCOUNT_BLOCKED;
  if (rules.status !== 'trading') {
    const reason = findStatusRefusal(rules.status, command);
    if (reason !== NO_REASON) return reason;
  }
  const { scale } = rules;
  if (taker.original > scale.maxQuantityLots) return QUANTITY_TOO_LARGE;
  if (taker.original < scale.minQuantityLots && taker.budget === null) return QUANTITY_TOO_SMALL;
  const displayLots = displayLotsOf(command);
  if (displayLots > 0) {
    const isTooSmall = displayLots < scale.minQuantityLots;
    if (isTooSmall || taker.original > displayLots * ICEBERG_PARTS_MAX) return DISPLAY_TOO_SMALL;
  }
  if (command.type !== 'limit') return NO_REASON;
  if (!isInBand(rules, command.priceTicks)) return PRICE_OUT_OF_BAND;
  return rules.config.priceBand === undefined
    ? NO_REASON
    : findBandRefusal(book, rules, command.priceTicks);
}

/** What only a newly placed order must fulfil, not one that was triggered. */
function findFreshRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
): number {
  if (command.type === 'market' && book.isReferenceStale()) return REFERENCE_STALE;
  const { maxOpenOrders } = rules.config;
  if (maxOpenOrders === undefined || !canRest(command)) return NO_REASON;
  return book.owners.countOf(taker.user) >= maxOpenOrders ? OPEN_TOO_MANY : NO_REASON;
}

/** Self-trade prevention and expiry. */
function findTermsRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
): number {
  const { selfTradeAllowed, selfTradeModes } = rules.config;
  if (taker.mode === SELF_TRADE) {
    if (!selfTradeAllowed) return MODE_NOT_ALLOWED;
  } else if (selfTradeModes?.includes(command.selfTradePrevention) === false) {
    return MODE_NOT_ALLOWED;
  }
  const isGtd = command.type === 'limit' && command.timeInForce === 'GTD';
  return isGtd && isPast(book, command.expiresAtMs) ? ORDER_EXPIRED : NO_REASON;
}

function findStatusRefusal(
  status: Exclude<MarketStatus, 'trading'>,
  command: PlaceCommand,
): number {
  const { type, postOnly, trigger } = command;
  switch (status) {
    case 'halted':
      return MARKET_HALTED;
    case 'cancel_only':
      return MARKET_CANCEL_ONLY;
    case 'post_only':
      return type === 'limit' && postOnly ? NO_REASON : MARKET_POST_ONLY;
    case 'limit_only':
      return type === 'limit' ? NO_REASON : MARKET_LIMIT_ONLY;
    case 'closing':
      return MARKET_CLOSING;
    case 'delisted':
      return MARKET_DELISTED;
    case 'pre_open':
    case 'auction':
      return trigger !== undefined || (canRest(command) && !postOnly) ? NO_REASON : MARKET_AUCTION;
  }
}

function findTriggerRefusal(book: BookState, rules: MarketRules, order: WaitingOrder): number {
  const { trigger } = order;
  const ticks =
    trigger.kind === 'trailing_stop' ? trigger.activationPriceTicks : trigger.priceTicks;
  if (ticks !== undefined && !isInBand(rules, ticks)) return PRICE_OUT_OF_BAND;
  if (book.lastTicks === 0) return TRIGGER_REFERENCE_NONE;
  if (book.isReferenceStale()) return TRIGGER_REFERENCE_STALE;
  if (trigger.kind === 'trailing_stop') return NO_REASON;
  return isReached(isRising(order), trigger.priceTicks, book.lastTicks)
    ? TRIGGER_PRICE_REACHED
    : NO_REASON;
}

/** Price of the best opposite order, or 0. */
function bestAgainst(book: BookState, taker: Taker): number {
  const levels = book.levelsAgainst(taker.side);
  return levels.best === 0 ? 0 : levels.priceOf(levels.best);
}

/** True when the best opposite price is within the taker's limit, whoever owns it. */
export function wouldTake(book: BookState, taker: Taker): boolean {
  const best = bestAgainst(book, taker);
  return best !== 0 && !isBeyond(taker, best);
}

function isPast(book: BookState, expiresAtMs: number | null): boolean {
  return expiresAtMs !== null && expiresAtMs <= book.nowMs;
}

function endMarketOrder(book: BookState, taker: Taker, stop: number): void {
  if (stop === STOP_BUDGET) {
    const status = taker.budget?.hasSpent() === true ? FILLED : EXPIRED;
    book.events.endedTaker(taker, status, QUOTE_AMOUNT_REACHED);
    return;
  }
  book.events.endedTaker(taker, EXPIRED, marketEndReason(stop));
}

function marketEndReason(stop: number): number {
  if (stop === STOP_INTERRUPTED) return MARKET_INTERRUPTED;
  return stop === STOP_NO_LIQUIDITY ? LIQUIDITY_NONE : PRICE_PROTECTED;
}

function restRemainder(book: BookState, taker: Taker, command: PlaceCommand): void {
  const { timeInForce, postOnly, expiresAtMs } = command;
  const rates = book.rates.intern(taker.makerPpm, taker.takerPpm);
  const isGtd = timeInForce === 'GTD';
  const doesExpire = expiresAtMs !== null;
  const terms = packTerms(taker.side, isGtd, postOnly, doesExpire, taker.mode, rates);
  const displayLots = displayLotsOf(command);
  book.rest(taker, terms, expiresAtMs ?? NEVER_MS, displayLots);
  book.events.opened(taker);
}
