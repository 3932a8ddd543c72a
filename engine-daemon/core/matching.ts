// Price-time matching: the taker against the best opposite orders, one trade at a time.
import type { BookState } from './book-state.ts';
import { BUY, CANCEL_MAKER, FILLED, SELF_TRADE, reasonCode } from './codes.ts';
import { BY_FORMULA } from './event-rows.ts';
import { interrupt } from './interruption.ts';
import {
  GROUP,
  ICEBERG,
  NEXT,
  ORDER_DOUBLES,
  ORDER_WORDS,
  OWNER,
  REMAINING,
  TERMS,
} from './order-pool.ts';
import { ratesOf } from './order-terms.ts';
import type { PriceLevels } from './price-levels.ts';
import { findBreach } from './price-range.ts';
import { preventSelfTrade } from './self-trade.ts';
import {
  STOP_BUDGET,
  STOP_ENDED,
  STOP_FILLED,
  STOP_INTERRUPTED,
  STOP_NO_LIQUIDITY,
  STOP_PRICE,
  type Taker,
} from './taker.ts';

const NO_REASON = reasonCode('NONE');

/** True when a taker with this limit does not trade at `priceTicks`. */
export function isBeyond(taker: Taker, priceTicks: number): boolean {
  return taker.side === BUY ? priceTicks > taker.limitTicks : priceTicks < taker.limitTicks;
}

/** True when the taker must not trade with this resting order. */
export function isOwn(book: BookState, taker: Taker, slot: number): boolean {
  const words = book.orders.words;
  const at = slot * ORDER_WORDS;
  if ((words[at + OWNER] as number) === taker.owner) return taker.mode !== SELF_TRADE;
  if (taker.group === 0 || (words[at + GROUP] as number) !== taker.group) return false;
  return taker.mode !== SELF_TRADE;
}

/** Trades until the taker is done or nothing is within its limit; answers why it stopped. */
export function takeLiquidity(book: BookState, taker: Taker): number {
  const levels = book.levelsAgainst(taker.side);
  while (taker.remaining > 0) {
    const level = levels.best;
    if (level === 0) return STOP_NO_LIQUIDITY;
    const price = levels.priceOf(level);
    if (isBeyond(taker, price)) return STOP_PRICE;
    const maker = levels.firstOrder(level);
    if (isOwn(book, taker, maker)) {
      if (!preventSelfTrade(book, taker, maker)) return STOP_ENDED;
    } else {
      const stop = trade(book, taker, levels, maker, level, price);
      if (stop !== STOP_FILLED) return stop;
    }
  }
  return STOP_FILLED;
}

/** One trade at the maker's price. Answers STOP_FILLED, or why there was none. */
function trade(
  book: BookState,
  taker: Taker,
  levels: PriceLevels,
  maker: number,
  level: number,
  price: number,
): number {
  const { orders, rates } = book;
  const doubles = orders.doubles;
  const at = maker * ORDER_DOUBLES + REMAINING;
  const shown = doubles[at] as number;
  let lots = taker.remaining < shown ? taker.remaining : shown;
  if (taker.budget !== null) lots = taker.budget.affordableLots(price, lots);
  if (lots === 0) return STOP_BUDGET;
  if (book.range !== null && interrupts(book, price)) return STOP_INTERRUPTED;
  let holdText = BY_FORMULA;
  if (taker.budget !== null) {
    const takenMinor = taker.budget.spend(price, lots);
    if (taker.side === BUY) holdText = book.events.keepText(takenMinor.toString());
  }
  book.noteTrade(price);
  taker.remaining -= lots;
  doubles[at] = shown - lots;
  levels.takeLots(level, lots);
  const terms = orders.words[maker * ORDER_WORDS + TERMS] as number;
  const makerPpm = rates.makerPpm[ratesOf(terms)] as number;
  const reserve = book.reserveOf(terms);
  const { events, owners } = book;
  events.trade(taker, orders, owners, maker, price, price, lots, makerPpm, reserve, holdText);
  if (shown > lots) return STOP_FILLED;
  const isIceberg = (orders.words[maker * ORDER_WORDS + ICEBERG] as number) !== 0;
  if (isIceberg && book.refill(maker)) return STOP_FILLED;
  events.endedOrder(orders, owners, maker, FILLED, NO_REASON, levels.side, price, reserve);
  book.remove(maker, levels.side);
  return STOP_FILLED;
}

/** Interrupts the market if a trade at this price would leave its range. */
function interrupts(book: BookState, price: number): boolean {
  const { range } = book;
  if (range === null) return false;
  const breach = findBreach(price, lowestOf(book), highestOf(book), range.rule.moveBps);
  if (breach === 0) return false;
  interrupt(book, range.rule, breach);
  return true;
}

function lowestOf({ range, hasReference, lastTicks }: BookState): number {
  if (range !== null && range.lowest > 0) return range.lowest;
  return hasReference ? lastTicks : 0;
}

function highestOf({ range, hasReference, lastTicks }: BookState): number {
  if (range !== null && range.highest > 0) return range.highest;
  return hasReference ? lastTicks : 0;
}

/**
 * Whether a fill-or-kill taker would be filled whole. Walks the opposite side as matching would,
 * and counts down, because a sum of quantities may leave the safe integers.
 */
export function isFillableWhole(book: BookState, taker: Taker): boolean {
  const levels = book.levelsAgainst(taker.side);
  const { orders } = book;
  const walk = new FillWalk(book, taker);
  for (let level = levels.best; level !== 0; level = levels.next(level)) {
    const price = levels.priceOf(level);
    if (isBeyond(taker, price)) return false;
    let hidden = 0;
    for (let slot = levels.firstOrder(level); slot !== 0; slot = orders.wordOf(slot, NEXT)) {
      if (isOwn(book, taker, slot)) {
        if (taker.mode !== CANCEL_MAKER) return false;
        continue;
      }
      if (!walk.mayTradeAt(price)) return false;
      if (walk.take(orders.shownOf(slot))) return true;
      // Each part that is hidden is below 2^53, and more than that fills any taker.
      hidden = Math.min(hidden + orders.leftOf(slot) - orders.shownOf(slot), 2 ** 53);
    }
    if (walk.take(hidden)) return true;
  }
  return false;
}

/** What a fill-or-kill order still misses, and the range as its own trades would widen it. */
class FillWalk {
  private missing: number;
  private lowest: number;
  private highest: number;
  private readonly moveBps: number | null;
  /** False while there is no recent trade: the first one takes the place of the reference. */
  private hasRange: boolean;

  constructor(book: BookState, taker: Taker) {
    this.missing = taker.remaining;
    this.moveBps = book.range?.rule.moveBps ?? null;
    this.lowest = lowestOf(book);
    this.highest = highestOf(book);
    this.hasRange = book.range !== null && book.range.lowest > 0;
  }

  mayTradeAt(price: number): boolean {
    if (this.moveBps === null) return true;
    if (findBreach(price, this.lowest, this.highest, this.moveBps) !== 0) return false;
    this.lowest = this.hasRange ? Math.min(this.lowest, price) : price;
    this.highest = this.hasRange ? Math.max(this.highest, price) : price;
    this.hasRange = true;
    return true;
  }

  /** Answers true once nothing is missing. */
  take(lots: number): boolean {
    this.missing -= lots;
    return this.missing <= 0;
  }
}
