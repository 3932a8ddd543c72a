// How the naive book places, matches and amends, in the order of the tables of docs/engine.md.
import {
  holdOf,
  least,
  orderIdOf,
  partsPerMillionUp,
  reservePpm,
  tradeIdOf,
  userIdOf,
} from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { hasReached } from './naive-triggers.ts';
import type { Amend, EndStatus, Order, Place, Side, TradeParty, Trigger } from './naive-types.ts';

/** Why taking stopped: the taker ended on the way, its budget is spent, or nothing is in reach. */
type Stop = 'ended' | 'budget' | 'out_of_reach';

/** A triggered order is placed again, with null for its trigger. */
export function place(
  book: NaiveBook,
  command: Place,
  trigger: Trigger | null = command.trigger ?? null,
): void {
  const taker = takerOf(command);
  const refusal = findRefusal(book, command, taker, trigger);
  if (refusal !== null) {
    book.emit({
      kind: 'ended',
      orderId: orderIdOf(taker.number),
      userId: userIdOf(taker.user),
      status: refusal.status,
      reason: refusal.reason,
      cancelledLots: command.quantityLots,
      releaseMinor: command.holdMinor,
    });
    return;
  }
  if (trigger !== null) {
    book.wait({ order: taker, command, trigger });
    return;
  }
  const limit = takingLimit(book, command);
  const stop = limit === null ? 'out_of_reach' : take(book, taker, limit);
  finish(book, taker, command.type, stop);
}

function takerOf(command: Place): Order {
  const isMarket = command.type === 'market';
  const budget = isMarket ? command.quoteBudgetMinor : null;
  const isTreatedAsIoc = isMarket && (command.timeInForce !== 'FOK' || budget !== null);
  return {
    number: command.number,
    user: command.userNumber,
    side: command.side,
    timeInForce: isTreatedAsIoc ? 'IOC' : command.timeInForce,
    postOnly: command.postOnly && !isMarket,
    mode: command.selfTradePrevention,
    expiresAtMs: isTreatedAsIoc ? null : command.expiresAtMs,
    makerFeePpm: command.makerFeePpm,
    takerFeePpm: command.takerFeePpm,
    limit: BigInt(command.priceTicks),
    original: BigInt(command.quantityLots),
    remaining: BigInt(command.quantityLots),
    byQuote:
      budget === null
        ? null
        : {
            hold: BigInt(command.holdMinor),
            budgetLeft: BigInt(budget),
            spent: 0n,
            taken: 0n,
          },
  };
}

function findRefusal(
  book: NaiveBook,
  command: Place,
  taker: Order,
  trigger: Trigger | null,
): { readonly status: EndStatus; readonly reason: string } | null {
  const { config, scale } = book.rules;
  const lots = taker.original;
  const rejected = (reason: string) => ({ status: 'rejected', reason }) as const;
  if (book.status === 'halted') return rejected('MARKET_HALTED');
  if (book.status === 'cancel_only') return rejected('MARKET_CANCEL_ONLY');
  if (book.status === 'post_only' && !taker.postOnly) return rejected('MARKET_POST_ONLY');
  if (book.status === 'limit_only' && command.type === 'market') {
    return rejected('MARKET_LIMIT_ONLY');
  }
  if (lots > scale.maxLots) return rejected('ORDER_QUANTITY_TOO_LARGE');
  if (lots < scale.minLots && taker.byQuote === null) return rejected('ORDER_QUANTITY_TOO_SMALL');
  if (command.type === 'limit' && !isInBand(book, taker.limit)) {
    return rejected('ORDER_PRICE_OUT_OF_BAND');
  }
  if (taker.mode === 'none' && !config.selfTradeAllowed) {
    return rejected('ORDER_SELF_TRADE_MODE_NOT_ALLOWED');
  }
  if (taker.timeInForce === 'GTD' && (taker.expiresAtMs ?? Infinity) <= book.nowMs) {
    return { status: 'expired', reason: 'ORDER_EXPIRED' };
  }
  if (trigger !== null) {
    if (!isInBand(book, BigInt(trigger.priceTicks))) return rejected('ORDER_PRICE_OUT_OF_BAND');
    if (book.lastTicks === null) return rejected('ORDER_TRIGGER_REFERENCE_NONE');
    const isReached = hasReached(taker.side, trigger, book.lastTicks);
    return isReached ? rejected('ORDER_TRIGGER_PRICE_REACHED') : null;
  }
  if (taker.postOnly && wouldTake(book, taker.side, taker.limit)) {
    return rejected('ORDER_POST_ONLY_WOULD_TAKE');
  }
  if (taker.timeInForce === 'FOK' && !isFillable(book, taker, takingLimit(book, command))) {
    return { status: 'expired', reason: 'ORDER_FOK_NOT_FILLABLE' };
  }
  return null;
}

function isInBand(book: NaiveBook, ticks: bigint): boolean {
  const { scale } = book.rules;
  return ticks >= scale.minTicks && ticks <= scale.maxTicks;
}

function reaches(side: Side, limit: bigint, price: bigint): boolean {
  return side === 'buy' ? price <= limit : price >= limit;
}

function wouldTake(book: NaiveBook, side: Side, limit: bigint): boolean {
  const best = book.opposite(side)[0];
  return best !== undefined && reaches(side, limit, best.limit);
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

function isFillable(book: NaiveBook, taker: Order, limit: bigint | null): boolean {
  if (limit === null) return false;
  let missing = taker.remaining;
  for (const maker of book.opposite(taker.side)) {
    if (missing <= 0n || !reaches(taker.side, limit, maker.limit)) break;
    const isOwn = maker.user === taker.user && taker.mode !== 'none';
    if (isOwn && taker.mode !== 'cancel_maker') return false;
    if (!isOwn) missing -= maker.remaining;
  }
  return missing <= 0n;
}

function take(book: NaiveBook, taker: Order, limit: bigint): Stop {
  while (taker.remaining > 0n) {
    const maker = book.opposite(taker.side)[0];
    if (maker === undefined || !reaches(taker.side, limit, maker.limit)) return 'out_of_reach';
    if (maker.user !== taker.user || taker.mode === 'none') {
      if (!trade(book, taker, maker)) return 'budget';
    } else if (preventSelfTrade(book, taker, maker)) {
      return 'ended';
    }
  }
  return 'out_of_reach';
}

/** Trades with the first maker; false when less than one lot of the budget is left. */
function trade(book: NaiveBook, taker: Order, maker: Order): boolean {
  const { scale } = book.rules;
  const perLot = maker.limit * scale.tickLotMinor;
  let lots = least(taker.remaining, maker.remaining);
  if (taker.byQuote !== null) lots = least(lots, taker.byQuote.budgetLeft / perLot);
  if (lots === 0n) return false;
  const quote = lots * perLot;
  const makerHold = takeFromHold(book, maker, lots, quote);
  book.touch(maker);
  const takerHold = takeFromHold(book, taker, lots, quote);
  if (taker.byQuote !== null) taker.byQuote.budgetLeft -= quote;
  book.emit({
    kind: 'trade',
    tradeId: tradeIdOf(book.market, book.sequence + 1),
    priceTicks: Number(maker.limit),
    quantityLots: Number(lots),
    baseMinor: String(lots * scale.lotMinor),
    quoteMinor: String(quote),
    takerSide: taker.side,
    taker: party(taker, taker.takerFeePpm, takerHold),
    maker: party(maker, maker.makerFeePpm, makerHold),
  });
  if (maker.remaining === 0n) {
    book.remove(maker);
    emitEnd(book, maker, 'filled', null, 0n);
  }
  return true;
}

/** Takes `lots` off the order and answers what that takes out of its hold. */
function takeFromHold(book: NaiveBook, order: Order, lots: bigint, quote: bigint): bigint {
  const heldBefore = book.holdLeft(order);
  order.remaining -= lots;
  if (order.byQuote !== null) {
    const ppm = reservePpm(book.rules.config, order);
    const feeBefore = partsPerMillionUp(order.byQuote.spent, ppm);
    order.byQuote.spent += quote;
    order.byQuote.taken += quote + partsPerMillionUp(order.byQuote.spent, ppm) - feeBefore;
  }
  return heldBefore - book.holdLeft(order);
}

function party(order: Order, feePpm: number, hold: bigint): TradeParty {
  return {
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    feePpm,
    remainingLots: Number(order.remaining),
    holdMinor: String(hold),
  };
}

/** Handles a first maker of the same owner; true when the taker ended by it. */
function preventSelfTrade(book: NaiveBook, taker: Order, maker: Order): boolean {
  const reason = 'ORDER_SELF_TRADE_PREVENTED';
  if (taker.mode === 'decrement') return decrement(book, taker, maker);
  if (taker.mode !== 'cancel_taker') book.end(maker, 'cancelled', reason);
  if (taker.mode === 'cancel_maker') return false;
  emitEnd(book, taker, 'cancelled', reason, book.holdLeft(taker));
  return true;
}

function decrement(book: NaiveBook, taker: Order, maker: Order): boolean {
  const lots = least(taker.remaining, maker.remaining);
  book.touch(maker);
  for (const order of [maker, taker]) {
    const heldBefore = book.holdLeft(order);
    order.remaining -= lots;
    book.emit({
      kind: 'reduced',
      orderId: orderIdOf(order.number),
      userId: userIdOf(order.user),
      preventedLots: Number(lots),
      remainingLots: Number(order.remaining),
      releaseMinor: String(heldBefore - book.holdLeft(order)),
    });
  }
  if (maker.remaining === 0n) book.end(maker, 'cancelled', 'ORDER_SELF_TRADE_PREVENTED');
  if (taker.remaining > 0n) return false;
  emitEnd(book, taker, 'cancelled', 'ORDER_SELF_TRADE_PREVENTED', book.holdLeft(taker));
  return true;
}

/** What becomes of a taker after matching. */
function finish(book: NaiveBook, taker: Order, type: 'limit' | 'market', stop: Stop): void {
  if (stop === 'ended') return;
  const release = book.holdLeft(taker);
  if (taker.remaining === 0n) {
    emitEnd(book, taker, 'filled', null, release);
  } else if (stop === 'budget') {
    const hasTraded = taker.byQuote !== null && taker.byQuote.spent > 0n;
    const status = hasTraded ? 'filled' : 'expired';
    emitEnd(book, taker, status, 'ORDER_QUOTE_AMOUNT_REACHED', release);
  } else if (type === 'market') {
    const isEmpty = book.opposite(taker.side).length === 0;
    const reason = isEmpty ? 'ORDER_LIQUIDITY_NONE' : 'ORDER_PRICE_PROTECTED';
    emitEnd(book, taker, 'expired', reason, release);
  } else if (taker.timeInForce === 'IOC') {
    emitEnd(book, taker, 'expired', 'ORDER_IOC_REMAINDER', release);
  } else {
    if (taker.timeInForce === 'FOK') throw new Error('a fillable FOK order was not filled');
    book.rest(taker);
    book.emit({
      kind: 'opened',
      orderId: orderIdOf(taker.number),
      userId: userIdOf(taker.user),
      side: taker.side,
      priceTicks: Number(taker.limit),
      remainingLots: Number(taker.remaining),
    });
  }
}

function emitEnd(
  book: NaiveBook,
  order: Order,
  status: EndStatus,
  reason: string | null,
  release: bigint,
): void {
  book.emit({
    kind: 'ended',
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    status,
    reason,
    cancelledLots: Number(order.remaining),
    releaseMinor: String(release),
  });
}

/** Amends a resting order, or answers why not. A waiting one is found but cannot be amended. */
export function amend(book: NaiveBook, command: Amend): string | null {
  const { scale } = book.rules;
  const waiting = book.findWaiting(command.orderNumber);
  if (waiting?.order.user === command.userNumber) return 'ORDER_AMEND_NOT_ALLOWED';
  const order = book.find(command.orderNumber);
  if (order?.user !== command.userNumber) return 'ORDER_NOT_FOUND';
  const limit = BigInt(command.priceTicks);
  const quantity = BigInt(command.quantityLots);
  const gone = order.original - order.remaining;
  const isRepriced = limit !== order.limit;
  const isGrown = quantity > order.original;
  if (book.status === 'halted') return 'MARKET_HALTED';
  if (book.status === 'cancel_only' && (isRepriced || isGrown)) return 'MARKET_CANCEL_ONLY';
  if (quantity <= gone) return 'ORDER_QUANTITY_BELOW_FILLED';
  if (isGrown && quantity > scale.maxLots) return 'ORDER_QUANTITY_TOO_LARGE';
  if (isRepriced && !isInBand(book, limit)) return 'ORDER_PRICE_OUT_OF_BAND';
  const isTaking = wouldTake(book, order.side, limit);
  if (book.status === 'post_only' && isTaking) return 'MARKET_POST_ONLY';
  if (order.postOnly && isTaking) return 'ORDER_POST_ONLY_WOULD_TAKE';
  const remaining = quantity - gone;
  const release =
    book.holdLeft(order) +
    BigInt(command.holdIncreaseMinor) -
    holdOf(book.rules, order, limit, remaining);
  if (release < 0n) return 'ORDER_FUNDS_INSUFFICIENT';

  const isKept = !isRepriced && !isGrown;
  if (!isKept) book.remove(order);
  else if (remaining < order.remaining) book.touch(order);
  order.limit = limit;
  order.original = quantity;
  order.remaining = remaining;
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
  if (!isKept) finish(book, order, 'limit', take(book, order, limit));
  return null;
}
