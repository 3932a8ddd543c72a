// What leaves the hold of an order, from the numbers in its rows. See docs/engine.md "Amounts in
// events".
import { holdMinor } from '../../shared/domain/hold.ts';
import type { MarketScale } from '../../shared/domain/market.ts';
import { BUY, sideName } from './codes.ts';

/** The hold of so many lots, in base units of what the side locks. */
export function heldBy(
  scale: MarketScale,
  side: number,
  limitTicks: number,
  reservePpm: number,
  lots: number,
): bigint {
  const terms = {
    side: sideName(side),
    limitPriceTicks: limitTicks,
    feeReservePpm: reservePpm,
  };
  return holdMinor(scale, terms, lots);
}

/** What leaves a hold when `lots` go and `remaining` stay, as digits. */
export function holdTaken(
  scale: MarketScale,
  side: number,
  limitTicks: number,
  reservePpm: number,
  remaining: number,
  lots: number,
): string {
  // Without a fee reserve, or at the end of the order, a hold is in proportion to its lots.
  if (remaining === 0 || side !== BUY || reservePpm === 0) {
    return heldBy(scale, side, limitTicks, reservePpm, lots).toString();
  }
  const before = heldBy(scale, side, limitTicks, reservePpm, remaining + lots);
  return (before - heldBy(scale, side, limitTicks, reservePpm, remaining)).toString();
}
