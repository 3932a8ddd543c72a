// A resting order that takes: one that is amended to cross, or the newer one of an uncrossing.
import type { BookState } from './book-state.ts';
import { GROUP, OWNER, TERMS } from './order-pool.ts';
import { modeOf, ratesOf, sideOf } from './order-terms.ts';
import type { Taker } from './taker.ts';

/** Fills the taker from an order that rests, as it is there. */
export function loadResting(book: BookState, taker: Taker, slot: number): void {
  const { orders, rates } = book;
  const terms = orders.wordOf(slot, TERMS);
  taker.number = orders.numberOf(slot);
  taker.user = book.userOf(slot);
  taker.owner = orders.wordOf(slot, OWNER);
  taker.side = sideOf(terms);
  taker.mode = modeOf(terms);
  taker.group = orders.wordOf(slot, GROUP);
  taker.original = orders.originalOf(slot);
  taker.remaining = orders.leftOf(slot);
  taker.limitTicks = book.priceOf(slot);
  taker.holdTicks = taker.limitTicks;
  taker.makerPpm = rates.makerPpm[ratesOf(terms)] as number;
  taker.takerPpm = rates.takerPpm[ratesOf(terms)] as number;
  taker.reservePpm = book.reserveOf(terms);
  taker.budget = null;
}
