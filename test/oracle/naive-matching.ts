// How the naive book matches a taker with what rests: "Matching" and "After matching" in
// docs/engine.md.
import {
  least,
  orderIdOf,
  partsPerMillionUp,
  reservePpm,
  tradeIdOf,
  userIdOf,
} from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { PreventedParty, TradeParty } from './naive-events.ts';
import { hasSameOwner, openOf, type Order } from './naive-orders.ts';
import type { Side } from './naive-types.ts';

/** Why taking stopped: the taker ended on the way, its budget is spent, or nothing is in reach. */
type Stop = 'ended' | 'budget' | 'out_of_reach';

export function reaches(side: Side, limit: bigint, price: bigint): boolean {
  return side === 'buy' ? price <= limit : price >= limit;
}

export function wouldTake(book: NaiveBook, side: Side, limit: bigint): boolean {
  const best = book.opposite(side)[0];
  return best !== undefined && reaches(side, limit, best.limit);
}

export function take(book: NaiveBook, taker: Order, limit: bigint): Stop {
  while (taker.remaining > 0n) {
    const maker = book.opposite(taker.side)[0];
    if (maker === undefined || !reaches(taker.side, limit, maker.limit)) return 'out_of_reach';
    if (!hasSameOwner(maker, taker) || taker.mode === 'none') {
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
  let lots = least(taker.remaining, openOf(maker));
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
  showAnew(book, maker, lots);
  if (maker.remaining === 0n) {
    book.remove(maker);
    book.emitEnd(maker, 'filled', null, 0n);
  }
  return true;
}

/** An iceberg of which all that it showed is gone goes to the back and shows more. */
function showAnew(book: NaiveBook, maker: Order, lots: bigint): void {
  if (maker.iceberg === null) return;
  maker.iceberg.shown -= lots;
  if (maker.iceberg.shown > 0n || maker.remaining === 0n) return;
  book.remove(maker);
  book.rest(maker);
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
  const { mode } = taker;
  const reason = 'ORDER_SELF_TRADE_PREVENTED';
  const lots = least(taker.remaining, openOf(maker));
  const endsMaker = mode === 'cancel_maker' || mode === 'cancel_both';
  const endsTaker = mode === 'cancel_taker' || mode === 'cancel_both';
  const shared = mode === 'decrement' ? lots : 0n;
  book.emit({
    kind: 'prevented',
    priceTicks: Number(maker.limit),
    mode,
    takerSide: taker.side,
    taker: preventedParty(taker, endsTaker ? taker.remaining : shared),
    maker: preventedParty(maker, endsMaker ? maker.remaining : shared),
  });
  if (mode === 'decrement') return decrement(book, taker, maker, lots);
  if (endsMaker) book.end(maker, 'cancelled', reason);
  if (endsTaker) book.emitEnd(taker, 'cancelled', reason, book.holdLeft(taker));
  return endsTaker;
}

function preventedParty(order: Order, lots: bigint): PreventedParty {
  return { orderId: orderIdOf(order.number), userId: userIdOf(order.user), lots: Number(lots) };
}

function decrement(book: NaiveBook, taker: Order, maker: Order, lots: bigint): boolean {
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
  showAnew(book, maker, lots);
  if (maker.remaining === 0n) book.end(maker, 'cancelled', 'ORDER_SELF_TRADE_PREVENTED');
  if (taker.remaining > 0n) return false;
  book.emitEnd(taker, 'cancelled', 'ORDER_SELF_TRADE_PREVENTED', book.holdLeft(taker));
  return true;
}

/** What becomes of a taker after matching. */
export function finish(book: NaiveBook, taker: Order, type: 'limit' | 'market', stop: Stop): void {
  if (stop === 'ended') return;
  const release = book.holdLeft(taker);
  if (taker.remaining === 0n) {
    book.emitEnd(taker, 'filled', null, release);
  } else if (stop === 'budget') {
    const hasTraded = taker.byQuote !== null && taker.byQuote.spent > 0n;
    const status = hasTraded ? 'filled' : 'expired';
    book.emitEnd(taker, status, 'ORDER_QUOTE_AMOUNT_REACHED', release);
  } else if (type === 'market') {
    const isEmpty = book.opposite(taker.side).length === 0;
    const reason = isEmpty ? 'ORDER_LIQUIDITY_NONE' : 'ORDER_PRICE_PROTECTED';
    book.emitEnd(taker, 'expired', reason, release);
  } else if (taker.timeInForce === 'IOC') {
    book.emitEnd(taker, 'expired', 'ORDER_IOC_REMAINDER', release);
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
