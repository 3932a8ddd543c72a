// Price-time matching: the taker against the best opposite orders, one trade at a time.
import type { BookState } from './book-state.ts';
import { BUY, CANCEL_MAKER, FILLED, SELF_TRADE, SELL, reasonCode } from './codes.ts';
import { BY_FORMULA } from './event-buffer.ts';
import { NEXT, ORDER_DOUBLES, ORDER_WORDS, OWNER, REMAINING, TERMS } from './order-pool.ts';
import { ratesOf } from './order-terms.ts';
import { preventSelfTrade } from './self-trade.ts';
import {
  STOP_BUDGET,
  STOP_ENDED,
  STOP_FILLED,
  STOP_NO_LIQUIDITY,
  STOP_PRICE,
  type Taker,
} from './taker.ts';

const NO_REASON = reasonCode('NONE');

/** True when a taker with this limit does not trade at `priceTicks`. */
export function isBeyond(taker: Taker, priceTicks: number): boolean {
  return taker.side === BUY ? priceTicks > taker.limitTicks : priceTicks < taker.limitTicks;
}

/** Trades until the taker is done or nothing is within its limit; answers why it stopped. */
export function takeLiquidity(book: BookState, taker: Taker): number {
  const { levels, orders } = book;
  const words = orders.words;
  while (taker.remaining > 0) {
    const level = levels.bestFor(taker.side);
    if (level === 0) return STOP_NO_LIQUIDITY;
    const price = levels.priceOf(level);
    if (isBeyond(taker, price)) return STOP_PRICE;
    const maker = levels.firstOrder(level);
    const owner = words[maker * ORDER_WORDS + OWNER] as number;
    if (owner === taker.owner && taker.mode !== SELF_TRADE) {
      if (!preventSelfTrade(book, taker, maker)) return STOP_ENDED;
    } else if (!trade(book, taker, maker, level, price)) {
      return STOP_BUDGET;
    }
  }
  return STOP_FILLED;
}

/** One trade at the maker's price. Answers false when the taker's budget does not buy one lot. */
function trade(
  book: BookState,
  taker: Taker,
  maker: number,
  level: number,
  price: number,
): boolean {
  const { orders, levels, rates } = book;
  const doubles = orders.doubles;
  const at = maker * ORDER_DOUBLES + REMAINING;
  const makerRemaining = doubles[at] as number;
  let lots = taker.remaining < makerRemaining ? taker.remaining : makerRemaining;
  let holdText = BY_FORMULA;
  if (taker.budget !== null) {
    lots = taker.budget.affordableLots(price, lots);
    if (lots === 0) return false;
    const takenMinor = taker.budget.spend(price, lots);
    if (taker.side === BUY) holdText = book.events.keepText(takenMinor.toString());
  }
  book.lastTicks = price;
  taker.remaining -= lots;
  doubles[at] = makerRemaining - lots;
  const makerSide = taker.side === BUY ? SELL : BUY;
  levels.takeLots(level, makerSide, lots);
  const terms = orders.words[maker * ORDER_WORDS + TERMS] as number;
  const makerPpm = rates.makerPpm[ratesOf(terms)] as number;
  const reserve = book.reserveOf(terms);
  const events = book.events;
  events.trade(taker, orders, book.owners, maker, price, lots, makerPpm, reserve, holdText);
  if (makerRemaining === lots) {
    events.endedOrder(orders, book.owners, maker, FILLED, NO_REASON, makerSide, price, reserve);
    book.remove(maker, makerSide);
  }
  return true;
}

/**
 * Whether a fill-or-kill taker would be filled whole. Walks the opposite side as matching would,
 * and counts down, because a sum of quantities may leave the safe integers.
 */
export function isFillableWhole(book: BookState, taker: Taker): boolean {
  const { levels, orders } = book;
  const makerSide = taker.side === BUY ? SELL : BUY;
  let missing = taker.remaining;
  let level = levels.bestFor(taker.side);
  while (level !== 0 && !isBeyond(taker, levels.priceOf(level))) {
    for (let slot = levels.firstOrder(level); slot !== 0; slot = orders.wordOf(slot, NEXT)) {
      const isOwn = orders.wordOf(slot, OWNER) === taker.owner && taker.mode !== SELF_TRADE;
      if (isOwn && taker.mode !== CANCEL_MAKER) return false;
      if (!isOwn) missing -= orders.remainingOf(slot);
      if (missing <= 0) return true;
    }
    level = levels.nextFrom(level, makerSide);
  }
  return false;
}
