// The command `place`: checks in the documented order, matching, and what becomes of the rest.
import { assert } from '../../shared/domain/failure.ts';
import { mulPpmRoundUp } from '../../shared/money/rounding.ts';
import { isCollecting } from '../../shared/domain/market.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { NEVER_MS, type BookState } from './book-state.ts';
import { endOwnOrder } from './cancel-orders.ts';
import {
  BUY,
  EXPIRED,
  FILLED,
  REJECTED,
  armedCode,
  modeCode,
  reasonCode,
  sideCode,
} from './codes.ts';
import { decidePair } from './list-steps.ts';
import type { MarketRules } from './market-rules.ts';
import { bestAgainst, findPlaceRefusal, findWaitingRefusal } from './place-checks.ts';
import { takeLiquidity } from './matching.ts';
import { canRest, displayLotsOf } from './order-kind.ts';
import { packTerms } from './order-terms.ts';
import { pegTicks } from './pegs.ts';
import {
  QuoteBudget,
  STOP_BUDGET,
  STOP_ENDED,
  STOP_FILLED,
  STOP_INTERRUPTED,
  STOP_NO_LIQUIDITY,
  type Taker,
} from './taker.ts';
import { hasTrigger, waitingOrder, type TriggerOrder, type WaitingOrder } from './waiting-order.ts';

const BPS = 10_000;

const NO_REASON = reasonCode('NONE');
const MARKET_INTERRUPTED = reasonCode('MARKET_INTERRUPTED');
const REPLACED = reasonCode('ORDER_REPLACED');
const REPLACE_CANCEL_FAILED = reasonCode('ORDER_REPLACE_CANCEL_FAILED');
const TRIGGER_PRICE_REACHED = reasonCode('ORDER_TRIGGER_PRICE_REACHED');
const MARKET_NOT_FOUND = reasonCode('MARKET_NOT_FOUND');
const ORDER_EXPIRED = reasonCode('ORDER_EXPIRED');
const FOK_NOT_FILLABLE = reasonCode('ORDER_FOK_NOT_FILLABLE');
const QUOTE_AMOUNT_REACHED = reasonCode('ORDER_QUOTE_AMOUNT_REACHED');
const LIQUIDITY_NONE = reasonCode('ORDER_LIQUIDITY_NONE');
const PRICE_PROTECTED = reasonCode('ORDER_PRICE_PROTECTED');
const IOC_REMAINDER = reasonCode('ORDER_IOC_REMAINDER');

export function placeOrder(book: BookState, command: PlaceCommand): void {
  const { replaces } = command;
  if (book.rules === null) {
    refuse(book, command, MARKET_NOT_FOUND);
    return;
  }
  if (replaces !== undefined && !replaceOrder(book, command.userNumber, replaces)) {
    refuse(book, command, REPLACE_CANCEL_FAILED);
    return;
  }
  if (command.trigger === undefined) {
    place(book, book.rules, command, false);
    return;
  }
  const order = waitingOrder(command);
  assert(hasTrigger(order), `order ${order.number} has lost its trigger`);
  const reason = findArmingRefusal(book, book.rules, order);
  if (reason === NO_REASON) arm(book, order);
  else refuse(book, command, reason);
}

/** Places an order that has waited until now. */
export function placeTriggered(book: BookState, order: WaitingOrder): void {
  place(book, rulesOf(book), order, true);
}

/**
 * Places a pending order that has a trigger of its own. One that is reached already is triggered,
 * and decides its pair by that.
 */
export function placePending(book: BookState, order: TriggerOrder): void {
  const reason = findArmingRefusal(book, rulesOf(book), order);
  if (reason === NO_REASON) {
    arm(book, order);
  } else if (reason === TRIGGER_PRICE_REACHED) {
    decidePair(book, order.number);
    placeTriggered(book, order);
  } else {
    refuse(book, order, reason);
  }
}

function rulesOf({ rules }: BookState): MarketRules {
  assert(rules !== null, 'an order has waited in a market without configuration');
  return rules;
}

function findArmingRefusal(book: BookState, rules: MarketRules, order: TriggerOrder): number {
  loadTaker(book, rules, book.taker, order);
  return findWaitingRefusal(book, rules, book.taker, order);
}

function arm(book: BookState, order: TriggerOrder): void {
  book.waiting.add(order, book.lastTicks);
  book.events.armed(order, armedCode(order.trigger.kind), book.waiting.triggerTicksOf(order));
}

function place(
  book: BookState,
  rules: MarketRules,
  placed: PlaceCommand,
  isTriggered: boolean,
): void {
  const { taker } = book;
  const command = placed.peg === undefined ? placed : takePrice(book, placed, placed.peg);
  loadTaker(book, rules, taker, command);
  const reason = findPlaceRefusal(book, rules, taker, command, isTriggered);
  if (reason !== NO_REASON) {
    refuse(book, command, reason);
    return;
  }
  if (command !== placed) book.events.pegged(taker, placed.priceTicks);
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

/** The order with the price that the book gives it, 0 if it gives none. */
function takePrice(
  book: BookState,
  order: PlaceCommand,
  peg: NonNullable<PlaceCommand['peg']>,
): PlaceCommand {
  return order.type === 'limit' ? { ...order, priceTicks: pegTicks(book, order, peg) } : order;
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
  taker.displayLots = command.displayLots === undefined ? 0 : displayLotsOf(command);
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
  book.rest(taker, terms, expiresAtMs ?? NEVER_MS, taker.displayLots);
  book.events.opened(taker);
}
