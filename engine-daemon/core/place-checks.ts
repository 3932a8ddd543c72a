// The checks of the command `place`, in the order of docs/engine.md: the first that fails is the
// reason of the refusal.
import { ICEBERG_PARTS_MAX } from '../../shared/domain/order.ts';
import type { MarketStatus } from '../../shared/domain/market.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { SELF_TRADE, reasonCode } from './codes.ts';
import type { MarketRules } from './market-rules.ts';
import { isBeyond, isFillableWhole } from './matching.ts';
import { canRest } from './order-kind.ts';
import {
  findBandRefusal,
  findLeastNotionalRefusal,
  findNotionalRefusal,
  isInBand,
} from './price-limits.ts';
import type { Taker } from './taker.ts';
import { isReached, isRising, type TriggerOrder } from './waiting-order.ts';

const NO_REASON = reasonCode('NONE');
const ACCOUNT_BLOCKED = reasonCode('ACCOUNT_BLOCKED');
const MARKET_AUCTION = reasonCode('MARKET_AUCTION');
const MARKET_CLOSING = reasonCode('MARKET_CLOSING');
const MARKET_DELISTED = reasonCode('MARKET_DELISTED');
const REFERENCE_STALE = reasonCode('MARKET_REFERENCE_STALE');
const OPEN_TOO_MANY = reasonCode('ORDERS_OPEN_TOO_MANY');
const WAITING_TOO_MANY = reasonCode('ORDERS_WAITING_TOO_MANY');
const DISPLAY_TOO_SMALL = reasonCode('ORDER_DISPLAY_QUANTITY_TOO_SMALL');
const TRIGGER_REFERENCE_STALE = reasonCode('ORDER_TRIGGER_REFERENCE_STALE');
const MARKET_HALTED = reasonCode('MARKET_HALTED');
const MARKET_CANCEL_ONLY = reasonCode('MARKET_CANCEL_ONLY');
const MARKET_POST_ONLY = reasonCode('MARKET_POST_ONLY');
const MARKET_LIMIT_ONLY = reasonCode('MARKET_LIMIT_ONLY');
const QUANTITY_TOO_LARGE = reasonCode('ORDER_QUANTITY_TOO_LARGE');
const QUANTITY_TOO_SMALL = reasonCode('ORDER_QUANTITY_TOO_SMALL');
const PRICE_OUT_OF_BAND = reasonCode('ORDER_PRICE_OUT_OF_BAND');
const MODE_NOT_ALLOWED = reasonCode('ORDER_SELF_TRADE_MODE_NOT_ALLOWED');
const ORDER_EXPIRED = reasonCode('ORDER_EXPIRED');
const PEG_REFERENCE_NONE = reasonCode('ORDER_PEG_REFERENCE_NONE');
const POST_ONLY_WOULD_TAKE = reasonCode('ORDER_POST_ONLY_WOULD_TAKE');
const FOK_NOT_FILLABLE = reasonCode('ORDER_FOK_NOT_FILLABLE');
const TRIGGER_PRICE_REACHED = reasonCode('ORDER_TRIGGER_PRICE_REACHED');
const TRIGGER_REFERENCE_NONE = reasonCode('ORDER_TRIGGER_REFERENCE_NONE');

/** Checks of an order with a trigger, in the documented order. */
export function findWaitingRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  order: TriggerOrder,
): number {
  return (
    findCommonRefusal(book, rules, taker, order) ||
    (rules.hasLimits
      ? findWaitingLimitRefusal(book, rules, taker, order)
      : findLeastNotionalRefusal(rules, order)) ||
    findTermsRefusal(book, rules, taker, order) ||
    findTriggerRefusal(book, rules, order)
  );
}

/** Checks of an order that takes part at once, in the documented order. */
export function findPlaceRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
  isTriggered: boolean,
): number {
  const reason =
    findCommonRefusal(book, rules, taker, command) ||
    (rules.hasLimits
      ? findLimitRefusal(book, rules, taker, command, isTriggered)
      : findLeastNotionalRefusal(rules, command)) ||
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

/** From the first check to the price limits of the market. */
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
  const { displayLots } = taker;
  if (displayLots > 0) {
    const isTooSmall = displayLots < scale.minQuantityLots;
    if (isTooSmall || taker.original > displayLots * ICEBERG_PARTS_MAX) return DISPLAY_TOO_SMALL;
  }
  const isLimit = command.type === 'limit';
  // A pegged order for which the book has no level.
  if (command.priceTicks === 0) return PEG_REFERENCE_NONE;
  return isLimit && !isInBand(rules, command.priceTicks) ? PRICE_OUT_OF_BAND : NO_REASON;
}

/** From the static band to the count of waiting orders. */
function findWaitingLimitRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
): number {
  const reason =
    findBandRefusal(book, rules, command) ||
    // What a market order will be worth, nobody knows before it is triggered.
    (command.type === 'limit' ? findNotionalRefusal(rules, command, 0) : NO_REASON);
  if (reason !== NO_REASON) return reason;
  const { maxWaitingOrders } = rules.config;
  if (maxWaitingOrders === undefined) return NO_REASON;
  return book.waiting.countOf(taker.user) >= maxWaitingOrders ? WAITING_TOO_MANY : NO_REASON;
}

/** From the static band to the count of open orders. */
function findLimitRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
  isTriggered: boolean,
): number {
  return (
    findBandRefusal(book, rules, command) ||
    findNotionalRefusal(rules, command, bestAgainst(book, taker)) ||
    (isTriggered ? NO_REASON : findFreshRefusal(book, rules, taker, command))
  );
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

function findTriggerRefusal(book: BookState, rules: MarketRules, order: TriggerOrder): number {
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
export function bestAgainst(book: BookState, taker: Taker): number {
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
