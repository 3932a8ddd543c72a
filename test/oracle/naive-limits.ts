// What a market admits: bands round prices, and the least and most that an order may be worth:
// "Limits of the market" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import { isCollecting } from './naive-phases.ts';
import type { Place } from './naive-types.ts';

export function isInLimits(book: NaiveBook, ticks: bigint): boolean {
  const { scale } = book.rules;
  return ticks >= scale.minTicks && ticks <= scale.maxTicks;
}

/** Why a limit price is not taken. */
export function findOutOfBand(book: NaiveBook, ticks: bigint): string | null {
  const { config, scale } = book.rules;
  const { staticBps, dynamicBps } = config.priceBand ?? {};
  if (!isInLimits(book, ticks)) return 'ORDER_PRICE_OUT_OF_BAND';
  if (scale.staticTicks !== null && staticBps !== undefined) {
    if (!isWithin(ticks, scale.staticTicks, staticBps)) return 'ORDER_PRICE_OUT_OF_STATIC_BAND';
  }
  if (dynamicBps === undefined || book.lastTicks === null) return null;
  if (isReferenceStale(book) || isCollecting(book.status)) return null;
  const isInBand = isWithin(ticks, BigInt(book.lastTicks), dynamicBps);
  return isInBand ? null : 'ORDER_PRICE_OUT_OF_DYNAMIC_BAND';
}

function isWithin(ticks: bigint, middle: bigint, bps: number): boolean {
  const width = BigInt(bps);
  const price = ticks * 10_000n;
  return price >= middle * (10_000n - width) && price <= middle * (10_000n + width);
}

/** True when the last trade is too old to compare with. */
export function isReferenceStale(book: NaiveBook): boolean {
  const { referenceMaxAgeMs } = book.rules.config;
  if (referenceMaxAgeMs === undefined || book.lastTradeMs === null) return false;
  return book.nowMs - book.lastTradeMs > referenceMaxAgeMs;
}

/** Null for an order that is not compared with what one may be worth. */
export function notionalOf(
  book: NaiveBook,
  { type, side, priceTicks, quantityLots, quoteBudgetMinor }: Place,
  hasTrigger: boolean,
): bigint | null {
  const lotsAt = (ticks: bigint): bigint =>
    ticks * BigInt(quantityLots) * book.rules.scale.tickLotMinor;
  if (type === 'limit') return lotsAt(BigInt(priceTicks));
  const best = book.opposite(side)[0];
  if (hasTrigger || best === undefined) return null;
  return quoteBudgetMinor === null ? lotsAt(best.limit) : BigInt(quoteBudgetMinor);
}

export function isTooLarge(book: NaiveBook, notional: bigint): boolean {
  const { maxNotional } = book.rules.scale;
  return maxNotional !== null && notional > maxNotional;
}
