// Limits of a market on what an order may name: its price and its notional. The rules:
// docs/engine.md, "Limits of the market".
import { isCollecting } from '../../shared/domain/market.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { reasonCode } from './codes.ts';
import type { MarketRules } from './market-rules.ts';

const BPS = 10_000;

const NO_REASON = reasonCode('NONE');
const OUT_OF_STATIC_BAND = reasonCode('ORDER_PRICE_OUT_OF_STATIC_BAND');
const OUT_OF_DYNAMIC_BAND = reasonCode('ORDER_PRICE_OUT_OF_DYNAMIC_BAND');
const NOTIONAL_TOO_SMALL = reasonCode('ORDER_NOTIONAL_TOO_SMALL');
const NOTIONAL_TOO_LARGE = reasonCode('ORDER_NOTIONAL_TOO_LARGE');

export function isInBand(rules: MarketRules, priceTicks: number): boolean {
  return priceTicks >= rules.scale.minPriceTicks && priceTicks <= rules.scale.maxPriceTicks;
}

/** Only limit orders name a price. */
export function findBandRefusal(
  book: BookState,
  rules: MarketRules,
  { type, priceTicks }: PlaceCommand,
): number {
  return type === 'limit' ? findPriceBandRefusal(book, rules, priceTicks) : NO_REASON;
}

/** The static band, then the dynamic one; answers `NONE` within both. */
export function findPriceBandRefusal(
  book: BookState,
  rules: MarketRules,
  priceTicks: number,
): number {
  const { staticBps, dynamicBps } = rules.config.priceBand ?? {};
  const { staticTicks } = rules.scale;
  if (staticTicks !== null && isOutside(priceTicks, staticTicks, staticBps)) {
    return OUT_OF_STATIC_BAND;
  }
  if (book.lastTicks === 0 || isCollecting(rules.status) || book.isReferenceStale()) {
    return NO_REASON;
  }
  return isOutside(priceTicks, book.lastTicks, dynamicBps) ? OUT_OF_DYNAMIC_BAND : NO_REASON;
}

/** Products stay below 2^46: exact. */
function isOutside(priceTicks: number, middleTicks: number, bps: number | undefined): boolean {
  if (bps === undefined) return false;
  const scaled = priceTicks * BPS;
  return scaled < middleTicks * (BPS - bps) || scaled > middleTicks * (BPS + bps);
}

/** The one limit of a notional that every market has. */
export function findLeastNotionalRefusal(
  rules: MarketRules,
  { type, priceTicks, quantityLots }: PlaceCommand,
): number {
  const isBelow = type === 'limit' && isNotionalBelow(rules, priceTicks, quantityLots);
  return isBelow ? NOTIONAL_TOO_SMALL : NO_REASON;
}

/** `bestTicks` is the best opposite price, or 0: what a market order by quantity is measured by. */
export function findNotionalRefusal(
  rules: MarketRules,
  command: PlaceCommand,
  bestTicks: number,
): number {
  const { type, priceTicks, quantityLots, quoteBudgetMinor } = command;
  if (type === 'limit') {
    if (isNotionalBelow(rules, priceTicks, quantityLots)) return NOTIONAL_TOO_SMALL;
    return isNotionalAbove(rules, priceTicks, quantityLots) ? NOTIONAL_TOO_LARGE : NO_REASON;
  }
  const { maxNotionalMinor } = rules.scale;
  if (maxNotionalMinor === null || bestTicks === 0) return NO_REASON;
  const isAbove =
    quoteBudgetMinor === null
      ? isNotionalAbove(rules, bestTicks, quantityLots)
      : BigInt(quoteBudgetMinor) > maxNotionalMinor;
  return isAbove ? NOTIONAL_TOO_LARGE : NO_REASON;
}

function isNotionalBelow(rules: MarketRules, priceTicks: number, lots: number): boolean {
  const units = priceTicks * lots;
  if (units <= Number.MAX_SAFE_INTEGER) return units < rules.minNotionalUnits;
  return (
    BigInt(priceTicks) * BigInt(lots) * rules.scale.tickLotMinor < rules.scale.minNotionalMinor
  );
}

export function isNotionalAbove(rules: MarketRules, priceTicks: number, lots: number): boolean {
  const { maxNotionalMinor, tickLotMinor } = rules.scale;
  if (maxNotionalMinor === null) return false;
  const units = priceTicks * lots;
  if (units <= Number.MAX_SAFE_INTEGER) return units > rules.maxNotionalUnits;
  return BigInt(priceTicks) * BigInt(lots) * tickLotMinor > maxNotionalMinor;
}
