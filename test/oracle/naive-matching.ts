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
import { interrupt } from './naive-interruption.ts';
import { pairHoldOf } from './naive-lists.ts';
import { hasSameOwner, openOf, type Order } from './naive-orders.ts';
import { farFrom, tradedRangeOf } from './naive-range.ts';
import type { Place, Side } from './naive-types.ts';

/**
 * Why taking stopped: the taker ended on the way, its budget is spent, a trade would have moved the
 * market too far, or nothing is in reach.
 */
type Stop = 'ended' | 'budget' | 'interrupted' | 'out_of_reach';

export function reaches(side: Side, limit: bigint, price: bigint): boolean {
  return side === 'buy' ? price <= limit : price >= limit;
}

export function wouldTake(book: NaiveBook, side: Side, limit: bigint): boolean {
  const best = book.opposite(side)[0];
  return best !== undefined && reaches(side, limit, best.limit);
}

/** The furthest price an order takes at, or null for a market order that finds no other side. */
export function takingLimit(book: NaiveBook, command: Place): bigint | null {
  const limit = BigInt(command.priceTicks);
  if (command.type === 'limit') return limit;
  const best = book.opposite(command.side)[0]?.limit;
  if (best === undefined) return null;
  const bps = BigInt(book.rules.config.protectionBps);
  if (command.side === 'buy') return least(limit, (best * (10_000n + bps)) / 10_000n);
  const floor = (best * (10_000n - bps) + 9_999n) / 10_000n;
  return limit > floor ? limit : floor;
}

export function take(book: NaiveBook, taker: Order, limit: bigint): Stop {
  while (taker.remaining > 0n) {
    const maker = book.opposite(taker.side)[0];
    if (maker === undefined || !reaches(taker.side, limit, maker.limit)) return 'out_of_reach';
    if (!hasSameOwner(maker, taker) || taker.mode === 'none') {
      const stop = trade(book, taker, maker);
      if (stop !== null) return stop;
    } else if (preventSelfTrade(book, taker, maker)) {
      return 'ended';
    }
  }
  return 'out_of_reach';
}

/** Trades with the first maker, or says why not. */
function trade(book: NaiveBook, taker: Order, maker: Order): 'budget' | 'interrupted' | null {
  const perLot = maker.limit * book.rules.scale.tickLotMinor;
  let lots = least(taker.remaining, openOf(maker));
  if (taker.byQuote !== null) lots = least(lots, taker.byQuote.budgetLeft / perLot);
  if (lots === 0n) return 'budget';
  const reference = farFrom(book, tradedRangeOf(book), Number(maker.limit));
  if (reference !== null) {
    interrupt(book, reference);
    return 'interrupted';
  }
  emitTrade(book, taker, maker, { lots, ticks: maker.limit });
  loseShown(book, maker, lots);
  if (maker.remaining === 0n) {
    book.remove(maker);
    book.emitEnd(maker, 'filled', null, 0n);
  }
  return null;
}

/** Takes the lots off both orders and out of their holds, and tells of it. */
export function emitTrade(
  book: NaiveBook,
  taker: Order,
  maker: Order,
  { lots, ticks }: { readonly lots: bigint; readonly ticks: bigint },
): void {
  const { scale } = book.rules;
  const quote = lots * ticks * scale.tickLotMinor;
  const makerHold = takeFromHold(book, maker, lots, quote);
  const takerHold = takeFromHold(book, taker, lots, quote);
  if (taker.byQuote !== null) taker.byQuote.budgetLeft -= quote;
  book.emit({
    kind: 'trade',
    tradeId: tradeIdOf(book.market, book.sequence + 1),
    priceTicks: Number(ticks),
    quantityLots: Number(lots),
    baseMinor: String(lots * scale.lotMinor),
    quoteMinor: String(quote),
    takerSide: taker.side,
    taker: party(book, taker, taker.takerFeePpm, takerHold),
    maker: party(book, maker, maker.makerFeePpm, makerHold),
  });
}

/** A maker shows less; an iceberg that shows nothing any more goes to the back and shows anew. */
function loseShown(book: NaiveBook, maker: Order, lots: bigint): void {
  book.touch(maker);
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

function party(book: NaiveBook, order: Order, feePpm: number, hold: bigint): TradeParty {
  return {
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    feePpm,
    remainingLots: Number(order.remaining),
    holdMinor: String(hold),
    ...pairHoldOf(book, order),
  };
}

/** Handles a first maker of the same owner; true when the taker ended by it. */
function preventSelfTrade(book: NaiveBook, taker: Order, maker: Order): boolean {
  const reason = 'ORDER_SELF_TRADE_PREVENTED';
  const open = least(taker.remaining, openOf(maker));
  const terms = { ticks: maker.limit, open };
  const { isMakerOver, isTakerOver } = prevent(book, taker, maker, terms);
  if (taker.mode === 'decrement') loseShown(book, maker, open);
  if (isMakerOver) book.end(maker, 'cancelled', reason);
  if (isTakerOver) book.emitEnd(taker, 'cancelled', reason, book.holdLeft(taker));
  return isTakerOver;
}

/** Tells that two orders of one owner do not trade, and says who of them ends by that. */
export function prevent(
  book: NaiveBook,
  taker: Order,
  maker: Order,
  { ticks, open }: { readonly ticks: bigint; readonly open: bigint },
): { readonly isMakerOver: boolean; readonly isTakerOver: boolean } {
  const { mode } = taker;
  const endsMaker = mode === 'cancel_maker' || mode === 'cancel_both';
  const endsTaker = mode === 'cancel_taker' || mode === 'cancel_both';
  const shared = mode === 'decrement' ? open : 0n;
  book.emit({
    kind: 'prevented',
    priceTicks: Number(ticks),
    mode,
    takerSide: taker.side,
    taker: preventedParty(taker, endsTaker ? taker.remaining : shared),
    maker: preventedParty(maker, endsMaker ? maker.remaining : shared),
  });
  if (mode !== 'decrement') return { isMakerOver: endsMaker, isTakerOver: endsTaker };
  for (const order of [maker, taker]) reduce(book, order, open);
  return { isMakerOver: maker.remaining === 0n, isTakerOver: taker.remaining === 0n };
}

function preventedParty(order: Order, lots: bigint): PreventedParty {
  return { orderId: orderIdOf(order.number), userId: userIdOf(order.user), lots: Number(lots) };
}

function reduce(book: NaiveBook, order: Order, lots: bigint): void {
  const heldBefore = book.holdLeft(order);
  order.remaining -= lots;
  book.emit({
    kind: 'reduced',
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    preventedLots: Number(lots),
    remainingLots: Number(order.remaining),
    releaseMinor: String(heldBefore - book.holdLeft(order)),
    ...pairHoldOf(book, order),
  });
}

/** What becomes of a taker after matching. */
export function finish(book: NaiveBook, taker: Order, type: 'limit' | 'market', stop: Stop): void {
  if (stop === 'ended') return;
  const release = book.holdLeft(taker);
  const canRest = type === 'limit' && taker.timeInForce !== 'IOC';
  if (stop === 'interrupted' && !canRest) {
    book.emitEnd(taker, 'expired', 'MARKET_INTERRUPTED', release);
  } else if (taker.remaining === 0n) {
    book.emitEnd(taker, 'filled', null, release);
  } else if (stop === 'budget') {
    const hasTraded = taker.byQuote !== null && taker.byQuote.spent > 0n;
    const status = hasTraded ? 'filled' : 'expired';
    book.emitEnd(taker, status, 'ORDER_QUOTE_AMOUNT_REACHED', release);
  } else if (type === 'market') {
    const isEmpty = book.opposite(taker.side).length === 0;
    const reason = isEmpty ? 'ORDER_LIQUIDITY_NONE' : 'ORDER_PRICE_PROTECTED';
    book.emitEnd(taker, 'expired', reason, release);
  } else if (!canRest) {
    book.emitEnd(taker, 'expired', 'ORDER_IOC_REMAINDER', release);
  } else {
    if (taker.timeInForce === 'FOK') throw new Error('a fillable FOK order was not filled');
    open(book, taker);
  }
}

/** Rests an order and tells of it. */
export function open(book: NaiveBook, order: Order): void {
  book.rest(order);
  book.emit({
    kind: 'opened',
    orderId: orderIdOf(order.number),
    userId: userIdOf(order.user),
    side: order.side,
    priceTicks: Number(order.limit),
    remainingLots: Number(order.remaining),
  });
}
