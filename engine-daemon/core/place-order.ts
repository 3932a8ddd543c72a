// The command `place`: checks in the documented order, matching, and what becomes of the rest.
import { assert } from '../../shared/domain/failure.ts';
import { mulPpmRoundUp } from '../../shared/money/rounding.ts';
import type { MarketStatus } from '../../shared/domain/market.ts';
import { TRIGGER_KINDS } from '../../shared/domain/order.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { NEVER_MS, type BookState } from './book-state.ts';
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
import { isBeyond, isFillableWhole, takeLiquidity } from './matching.ts';
import { packTerms } from './order-terms.ts';
import {
  QuoteBudget,
  STOP_BUDGET,
  STOP_ENDED,
  STOP_FILLED,
  STOP_NO_LIQUIDITY,
  type Taker,
} from './taker.ts';
import { isReached, waitingOrder, type WaitingOrder } from './waiting-orders.ts';

const BPS = 10_000;

const NO_REASON = reasonCode('NONE');
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
  const { trigger } = command;
  place(book, command, trigger === undefined ? null : waitingOrder(command, trigger));
}

/** Places an order that has waited until now. */
export function placeTriggered(book: BookState, order: WaitingOrder): void {
  place(book, order, null);
}

/** `waiting` is the order as it waits, while its trigger counts. */
function place(book: BookState, command: PlaceCommand, waiting: WaitingOrder | null): void {
  const rules = book.rules;
  if (rules === null) {
    refuse(book, command, MARKET_NOT_FOUND);
    return;
  }
  const taker = book.taker;
  loadTaker(book, rules, taker, command);
  const reason = findRefusal(book, rules, taker, command, waiting);
  if (reason !== NO_REASON) {
    refuse(book, command, reason);
    return;
  }
  if (waiting !== null) {
    const { kind, priceTicks } = waiting.trigger;
    book.waiting.add(waiting);
    book.events.armed(taker, TRIGGER_KINDS.indexOf(kind), priceTicks);
    return;
  }
  const stop = takeLiquidity(book, taker);
  if (stop === STOP_ENDED) return;
  if (stop === STOP_FILLED) {
    book.events.endedTaker(taker, FILLED, NO_REASON);
  } else if (command.type === 'market') {
    endMarketOrder(book, taker, stop);
  } else if (command.timeInForce === 'GTC' || command.timeInForce === 'GTD') {
    restRemainder(book, taker, command);
  } else {
    book.events.endedTaker(taker, EXPIRED, IOC_REMAINDER);
  }
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
  const level = book.levels.bestFor(taker.side);
  if (level === 0) return taker.holdTicks;
  // At most 2^32 x 19,999: exact in a double.
  const best = book.levels.priceOf(level);
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

function findRefusal(
  book: BookState,
  rules: MarketRules,
  taker: Taker,
  command: PlaceCommand,
  waiting: WaitingOrder | null,
): number {
  const isLimit = command.type === 'limit';
  if (rules.status !== 'trading') {
    const reason = findStatusRefusal(rules.status, command);
    if (reason !== NO_REASON) return reason;
  }
  if (taker.original > rules.scale.maxQuantityLots) return QUANTITY_TOO_LARGE;
  if (taker.original < rules.scale.minQuantityLots && taker.budget === null) {
    return QUANTITY_TOO_SMALL;
  }
  if (isLimit && !isInBand(rules, command.priceTicks)) return PRICE_OUT_OF_BAND;
  if (taker.mode === SELF_TRADE && !rules.config.selfTradeAllowed) return MODE_NOT_ALLOWED;
  if (isLimit && command.timeInForce === 'GTD' && isPast(book, command.expiresAtMs)) {
    return ORDER_EXPIRED;
  }
  if (waiting !== null) return findTriggerRefusal(book, rules, waiting);
  if (isLimit && command.postOnly && wouldTake(book, taker)) return POST_ONLY_WOULD_TAKE;
  if (command.timeInForce === 'FOK' && taker.budget === null && !isFillableWhole(book, taker)) {
    return FOK_NOT_FILLABLE;
  }
  return NO_REASON;
}

function findStatusRefusal(
  status: Exclude<MarketStatus, 'trading'>,
  { type, postOnly }: PlaceCommand,
): number {
  switch (status) {
    case 'halted':
      return MARKET_HALTED;
    case 'cancel_only':
      return MARKET_CANCEL_ONLY;
    case 'post_only':
      return type === 'limit' && postOnly ? NO_REASON : MARKET_POST_ONLY;
    case 'limit_only':
      return type === 'limit' ? NO_REASON : MARKET_LIMIT_ONLY;
  }
}

function findTriggerRefusal(book: BookState, rules: MarketRules, order: WaitingOrder): number {
  if (!isInBand(rules, order.trigger.priceTicks)) return PRICE_OUT_OF_BAND;
  if (book.lastTicks === 0) return TRIGGER_REFERENCE_NONE;
  return isReached(order, book.lastTicks) ? TRIGGER_PRICE_REACHED : NO_REASON;
}

export function isInBand(rules: MarketRules, priceTicks: number): boolean {
  return priceTicks >= rules.scale.minPriceTicks && priceTicks <= rules.scale.maxPriceTicks;
}

/** True when the best opposite price is within the taker's limit, whoever owns it. */
export function wouldTake(book: BookState, taker: Taker): boolean {
  const level = book.levels.bestFor(taker.side);
  return level !== 0 && !isBeyond(taker, book.levels.priceOf(level));
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
  const reason = stop === STOP_NO_LIQUIDITY ? LIQUIDITY_NONE : PRICE_PROTECTED;
  book.events.endedTaker(taker, EXPIRED, reason);
}

function restRemainder(book: BookState, taker: Taker, command: PlaceCommand): void {
  const { timeInForce, postOnly, expiresAtMs } = command;
  const rates = book.rates.intern(taker.makerPpm, taker.takerPpm);
  const isGtd = timeInForce === 'GTD';
  const doesExpire = expiresAtMs !== null;
  const terms = packTerms(taker.side, isGtd, postOnly, doesExpire, taker.mode, rates);
  book.rest(taker, terms, expiresAtMs ?? NEVER_MS);
  book.events.opened(taker);
}
