// Where a generated flow plays: a price that looks like the market's, and sizes that it admits.
import { parseSteps, QUANTITY_LOTS_MAX } from '../../../shared/domain/market.ts';
import { divRoundUp } from '../../../shared/money/rounding.ts';
import { toMinor } from '../../../shared/money/decimal.ts';
import type { MarketSteps } from '../flow.ts';

/** Prices that a reader will recognise; any other market is played around so many ticks. */
const KNOWN_PRICES: Readonly<Record<string, string>> = {
  'BTC-USD': '30000',
  'ETH-USD': '2000',
  'ETH-BTC': '0.05',
  'SOL-USD': '100',
};
const OTHER_TICKS = 10_000;
const TICKS_MAX = 4_000_000_000;
const SCALE_DECIMALS = 18;

export function marketMidTicks(steps: MarketSteps): number {
  const price = KNOWN_PRICES[steps.market];
  const ticks = price === undefined ? OTHER_TICKS : parseSteps(price, steps.tickSize, TICKS_MAX);
  return typeof ticks === 'string' ? OTHER_TICKS : ticks;
}

/** The fewest lots whose notional the market admits, with half as much again for lower prices. */
export function smallestLots(steps: MarketSteps, midTicks: number): number {
  const tick = toMinor(steps.tickSize, SCALE_DECIMALS);
  const lot = toMinor(steps.lotSize, SCALE_DECIMALS);
  const minNotional = toMinor(steps.minNotional, SCALE_DECIMALS) * 10n ** BigInt(SCALE_DECIMALS);
  const lots = divRoundUp(minNotional * 3n, tick * lot * BigInt(midTicks) * 2n);
  const minQuantity = parseSteps(steps.minQuantity, steps.lotSize, QUANTITY_LOTS_MAX);
  return Math.max(1, Number(lots), typeof minQuantity === 'string' ? 1 : minQuantity);
}
