// Whether the book would fill a fill-or-kill order whole: "FOK is fillable" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import { reaches } from './naive-matching.ts';
import { hasSameOwner, openOf, type Order } from './naive-orders.ts';
import { farFrom, tradedRangeOf, widened } from './naive-range.ts';

/** Price by price: first what the orders show, in priority order, then all that they hide. */
export function isFillable(book: NaiveBook, taker: Order, limit: bigint | null): boolean {
  if (limit === null) return false;
  const inReach = book.opposite(taker.side).filter((o) => reaches(taker.side, limit, o.limit));
  const prices = [...new Set(inReach.map((maker) => maker.limit))];
  const isPrevented = (maker: Order): boolean =>
    hasSameOwner(maker, taker) && taker.mode !== 'none';
  let missing = taker.remaining;
  let range = tradedRangeOf(book);
  for (const price of prices) {
    const level = inReach.filter((maker) => maker.limit === price);
    for (const maker of level) {
      if (missing <= 0n) return true;
      if (isPrevented(maker)) {
        if (taker.mode !== 'cancel_maker') return false;
        continue;
      }
      if (farFrom(book, range, Number(price)) !== null) return false;
      range = widened(range, Number(price));
      missing -= openOf(maker);
    }
    for (const maker of level) {
      if (!isPrevented(maker)) missing -= maker.remaining - openOf(maker);
    }
  }
  return missing <= 0n;
}
