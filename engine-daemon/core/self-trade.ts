// What happens when an order meets another of its own owner.
import type { BookState } from './book-state.ts';
import { CANCELLED, CANCEL_MAKER, CANCEL_TAKER, DECREMENT, reasonCode } from './codes.ts';
import { LEVEL, ORDER_DOUBLES, REMAINING, TERMS } from './order-pool.ts';
import type { Taker } from './taker.ts';

const PREVENTED = reasonCode('ORDER_SELF_TRADE_PREVENTED');

/** Applies the taker's mode to its own resting order. Answers false when the taker has ended. */
export function preventSelfTrade(book: BookState, taker: Taker, maker: number): boolean {
  if (taker.mode === DECREMENT) return decrement(book, taker, maker);
  const { orders, events } = book;
  const endsTaker = taker.mode !== CANCEL_MAKER;
  const endsMaker = taker.mode !== CANCEL_TAKER;
  const takerLots = endsTaker ? taker.remaining : 0;
  const makerLots = endsMaker ? orders.leftOf(maker) : 0;
  const price = book.priceOf(maker);
  const number = orders.numberOf(maker);
  events.prevented(taker, takerLots, number, book.userOf(maker), makerLots, price);
  if (endsMaker) book.end(maker, CANCELLED, PREVENTED);
  if (endsTaker) events.endedTaker(taker, CANCELLED, PREVENTED);
  return !endsTaker;
}

/** Takes the smaller quantity off both orders without a trade. */
function decrement(book: BookState, taker: Taker, maker: number): boolean {
  const { orders, owners, events } = book;
  const terms = orders.wordOf(maker, TERMS);
  const levels = book.levelsAgainst(taker.side);
  const shown = orders.shownOf(maker);
  const lots = Math.min(taker.remaining, shown);
  const price = book.priceOf(maker);
  events.prevented(taker, lots, orders.numberOf(maker), book.userOf(maker), lots, price);
  orders.doubles[maker * ORDER_DOUBLES + REMAINING] = shown - lots;
  levels.takeLots(orders.wordOf(maker, LEVEL), lots);
  taker.remaining -= lots;
  events.reducedMaker(orders, owners, maker, levels.side, lots, price, book.reserveOf(terms));
  events.reducedTaker(taker, lots);
  if (shown === lots && !book.refill(maker)) book.end(maker, CANCELLED, PREVENTED);
  if (taker.remaining > 0) return true;
  events.endedTaker(taker, CANCELLED, PREVENTED);
  return false;
}
