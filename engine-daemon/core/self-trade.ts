// What happens when an order meets another of its own owner.
import type { BookState } from './book-state.ts';
import {
  CANCELLED,
  CANCEL_BOTH,
  CANCEL_MAKER,
  CANCEL_TAKER,
  reasonCode,
  type SideCode,
} from './codes.ts';
import { LEVEL, ORDER_DOUBLES, ORDER_WORDS, REMAINING, TERMS } from './order-pool.ts';
import { sideOf } from './order-terms.ts';
import type { Taker } from './taker.ts';

const PREVENTED = reasonCode('ORDER_SELF_TRADE_PREVENTED');

/** Applies the taker's mode to its own resting order. Answers false when the taker has ended. */
export function preventSelfTrade(book: BookState, taker: Taker, maker: number): boolean {
  if (taker.mode === CANCEL_TAKER) {
    book.events.endedTaker(taker, CANCELLED, PREVENTED);
    return false;
  }
  if (taker.mode === CANCEL_MAKER) {
    book.end(maker, CANCELLED, PREVENTED);
    return true;
  }
  if (taker.mode === CANCEL_BOTH) {
    book.end(maker, CANCELLED, PREVENTED);
    book.events.endedTaker(taker, CANCELLED, PREVENTED);
    return false;
  }
  return decrement(book, taker, maker);
}

/** Takes the smaller quantity off both orders without a trade. */
function decrement(book: BookState, taker: Taker, maker: number): boolean {
  const { orders, owners, events } = book;
  const words = orders.words;
  const terms = words[maker * ORDER_WORDS + TERMS] as number;
  const side: SideCode = sideOf(terms);
  const level = words[maker * ORDER_WORDS + LEVEL] as number;
  const makerRemaining = orders.remainingOf(maker);
  const lots = Math.min(taker.remaining, makerRemaining);
  orders.doubles[maker * ORDER_DOUBLES + REMAINING] = makerRemaining - lots;
  book.levels.takeLots(level, side, lots);
  taker.remaining -= lots;
  const price = book.levels.priceOf(level);
  events.reducedMaker(orders, owners, maker, side, lots, price, book.reserveOf(terms));
  events.reducedTaker(taker, lots);
  if (makerRemaining === lots) book.end(maker, CANCELLED, PREVENTED);
  if (taker.remaining > 0) return true;
  events.endedTaker(taker, CANCELLED, PREVENTED);
  return false;
}
