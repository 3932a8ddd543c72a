// The price of an auction and the trades at it, when a market that has collected orders becomes
// continuous. The rules: docs/engine.md, "Auction price" and "Uncrossing".
import type { BookState } from './book-state.ts';
import {
  BUY,
  CANCELLED,
  CANCEL_BOTH,
  CANCEL_MAKER,
  CANCEL_TAKER,
  DECREMENT,
  FILLED,
  SELL,
  reasonCode,
} from './codes.ts';
import { BY_FORMULA } from './event-rows.ts';
import { isOwn } from './matching.ts';
import { NEXT, TERMS } from './order-pool.ts';
import { isPostOnly, ratesOf } from './order-terms.ts';
import type { PriceLevels } from './price-levels.ts';
import { loadResting } from './resting-taker.ts';
import type { Taker } from './taker.ts';

const NO_REASON = reasonCode('NONE');
const PREVENTED = reasonCode('ORDER_SELF_TRADE_PREVENTED');

const UNCROSSINGS_MAX = 8;
/** In place of a price. */
const AT_MAKERS_LIMIT = 0;

/** What an auction comes to. Lots of a whole side may leave the safe integers. */
export interface AuctionPrice {
  readonly priceTicks: number;
  readonly lots: bigint;
  /** Buys minus sells at that price. */
  readonly surplusLots: bigint;
}

/** A price with what remains of the orders at it. */
interface Level {
  readonly price: number;
  readonly lots: bigint;
}

/** Null when the book is not crossed. */
export function findAuctionPrice(book: BookState): AuctionPrice | null {
  if (!book.isCrossed()) return null;
  const { buys, sells } = book;
  const crossedBuys = levelsUpTo(book, buys, sells.priceOf(sells.best));
  const crossedSells = levelsUpTo(book, sells, buys.priceOf(buys.best));
  const prices = new Set([...crossedBuys, ...crossedSells].map(({ price }) => price));
  const rising = Float64Array.from(prices).sort();
  const chosen = choose(bestOf(auctionsAt(crossedBuys, crossedSells, rising)), book.lastTicks);
  const [auction] = auctionsAt(crossedBuys, crossedSells, Float64Array.of(chosen));
  return auction ?? null;
}

/** Lots as they are told: at most 2^53 - 1. */
export function toldLots(lots: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  if (lots > most) return Number.MAX_SAFE_INTEGER;
  return lots < -most ? -Number.MAX_SAFE_INTEGER : Number(lots);
}

/**
 * Trades until no buy and sell are left that would trade with each other. Each auction price costs
 * a look at all of them, so there are few: orders of one owner could ask for one a pair.
 */
export function uncross(book: BookState): void {
  for (let times = 0; times < UNCROSSINGS_MAX; times += 1) {
    const auction = findAuctionPrice(book);
    if (auction === null) return;
    const { priceTicks, lots } = auction;
    book.events.uncrossed(priceTicks, toldLots(lots));
    while (meetsAt(book, priceTicks)) meet(book, priceTicks);
  }
  while (book.isCrossed()) meet(book, AT_MAKERS_LIMIT);
}

/** Levels of a side from its best to `limit`, best first. */
function levelsUpTo(book: BookState, levels: PriceLevels, limit: number): Level[] {
  const crossed: Level[] = [];
  for (let level = levels.best; level !== 0; level = levels.next(level)) {
    const price = levels.priceOf(level);
    if (levels.side === BUY ? price < limit : price > limit) break;
    crossed.push({ price, lots: lotsAt(book, levels.firstOrder(level)) });
  }
  return crossed;
}

/** All that remains of a queue of orders. Big integers are slow, so they only carry. */
function lotsAt({ orders }: BookState, first: number): bigint {
  let carried = 0n;
  let sum = 0;
  for (let slot = first; slot !== 0; slot = orders.wordOf(slot, NEXT)) {
    const left = orders.leftOf(slot);
    if (sum > Number.MAX_SAFE_INTEGER - left) {
      carried += BigInt(sum);
      sum = 0;
    }
    sum += left;
  }
  return carried + BigInt(sum);
}

/** What each of these prices, which rise, would come to. Levels come best first. */
function auctionsAt(
  buys: readonly Level[],
  sells: readonly Level[],
  prices: Float64Array,
): AuctionPrice[] {
  let bought = buys.reduce((sum, { lots }) => sum + lots, 0n);
  let sold = 0n;
  let buysLeft = buys.length;
  let sellsIn = 0;
  return Array.from(prices, (price) => {
    for (let last = buys[buysLeft - 1]; last !== undefined && last.price < price;) {
      bought -= last.lots;
      buysLeft -= 1;
      last = buys[buysLeft - 1];
    }
    for (let next = sells[sellsIn]; next !== undefined && next.price <= price;) {
      sold += next.lots;
      sellsIn += 1;
      next = sells[sellsIn];
    }
    const lots = bought < sold ? bought : sold;
    return { priceTicks: price, lots, surplusLots: bought - sold };
  });
}

/** Those with the most lots, and of these those with the least surplus. */
function bestOf(prices: readonly AuctionPrice[]): AuctionPrice[] {
  const most = prices.reduce((max, { lots }) => (lots > max ? lots : max), 0n);
  const largest = prices.filter(({ lots }) => lots === most);
  const least = largest
    .map(({ surplusLots }) => magnitude(surplusLots))
    .reduce((min, surplus) => (surplus < min ? surplus : min));
  return largest.filter(({ surplusLots }) => magnitude(surplusLots) === least);
}

/** By the pressure of the surplus; without one, what is nearest to the last trade. */
function choose(best: readonly AuctionPrice[], lastTicks: number): number {
  const prices = best.map(({ priceTicks }) => priceTicks);
  const lowest = prices.reduce((a, b) => Math.min(a, b));
  const highest = prices.reduce((a, b) => Math.max(a, b));
  if (best.every(({ surplusLots }) => surplusLots > 0n)) return highest;
  if (best.every(({ surplusLots }) => surplusLots < 0n)) return lowest;
  if (lastTicks === 0) return Math.floor((lowest + highest) / 2);
  return Math.min(Math.max(lastTicks, lowest), highest);
}

function magnitude(lots: bigint): bigint {
  return lots < 0n ? -lots : lots;
}

function meetsAt({ buys, sells }: BookState, price: number): boolean {
  if (buys.best === 0 || sells.best === 0) return false;
  return buys.priceOf(buys.best) >= price && sells.priceOf(sells.best) <= price;
}

/** The first buy and the first sell trade at the price, or are prevented from it. */
function meet(book: BookState, price: number): void {
  const { buys, sells, taker, orders } = book;
  const buy = buys.firstOrder(buys.best);
  const sell = sells.firstOrder(sells.best);
  const takerSide = isBuyTaking(book, buy, sell) ? BUY : SELL;
  const [takerSlot, maker] = takerSide === BUY ? [buy, sell] : [sell, buy];
  loadResting(book, taker, takerSlot);
  const lots = Math.min(taker.remaining, orders.leftOf(maker));
  const ticks = price === AT_MAKERS_LIMIT ? book.priceOf(maker) : price;
  if (isOwn(book, taker, maker)) preventMeeting(book, taker, takerSlot, maker, lots, ticks);
  else tradeMeeting(book, taker, takerSlot, maker, lots, ticks);
}

/** The newer takes, but no post-only order does if the other is not one. */
function isBuyTaking({ orders }: BookState, buy: number, sell: number): boolean {
  const isBuyPostOnly = isPostOnly(orders.wordOf(buy, TERMS));
  const isSellPostOnly = isPostOnly(orders.wordOf(sell, TERMS));
  if (isBuyPostOnly !== isSellPostOnly) return isSellPostOnly;
  return orders.numberOf(buy) > orders.numberOf(sell);
}

function tradeMeeting(
  book: BookState,
  taker: Taker,
  takerSlot: number,
  maker: number,
  lots: number,
  price: number,
): void {
  const { orders, rates, events, owners } = book;
  book.noteTrade(price);
  takeOff(book, takerSlot, lots);
  takeOff(book, maker, lots);
  taker.remaining -= lots;
  const terms = orders.wordOf(maker, TERMS);
  const makerPpm = rates.makerPpm[ratesOf(terms)] as number;
  const makerTicks = book.priceOf(maker);
  const reserve = book.reserveOf(terms);
  events.trade(
    taker,
    orders,
    owners,
    maker,
    price,
    makerTicks,
    lots,
    makerPpm,
    reserve,
    BY_FORMULA,
  );
  if (orders.leftOf(maker) === 0) book.end(maker, FILLED, NO_REASON);
  if (taker.remaining === 0) book.end(takerSlot, FILLED, NO_REASON);
}

function preventMeeting(
  book: BookState,
  taker: Taker,
  takerSlot: number,
  maker: number,
  lots: number,
  price: number,
): void {
  const { orders, events } = book;
  const { mode } = taker;
  const left = orders.leftOf(maker);
  const takerLots = mode === DECREMENT ? lots : mode === CANCEL_MAKER ? 0 : taker.remaining;
  const makerLots = mode === DECREMENT ? lots : mode === CANCEL_TAKER ? 0 : left;
  events.prevented(taker, takerLots, orders.numberOf(maker), book.userOf(maker), makerLots, price);
  if (mode === DECREMENT) {
    reduce(book, maker, lots);
    reduce(book, takerSlot, lots);
  }
  const endsMaker = mode === CANCEL_MAKER || mode === CANCEL_BOTH || orders.leftOf(maker) === 0;
  const endsTaker = mode === CANCEL_TAKER || mode === CANCEL_BOTH || taker.remaining === takerLots;
  if (endsMaker) book.end(maker, CANCELLED, PREVENTED);
  if (endsTaker) book.end(takerSlot, CANCELLED, PREVENTED);
}

function reduce(book: BookState, slot: number, lots: number): void {
  const { orders, owners, events } = book;
  takeOff(book, slot, lots);
  const terms = orders.wordOf(slot, TERMS);
  const price = book.priceOf(slot);
  events.reducedMaker(orders, owners, slot, book.sideOf(slot), lots, price, book.reserveOf(terms));
}

function takeOff(book: BookState, slot: number, lots: number): void {
  const { orders } = book;
  book.setLeft(slot, orders.leftOf(slot) - lots, orders.displayOf(slot));
}
