// How much an open order locks. One formula, used when the hold is made, when a trade consumes it
// and when the end of the order releases what is left: so the three can never disagree.
import { mulPpmRoundUp } from '../money/rounding.ts';
import { notionalMinor, type FeePolicy, type MarketScale } from './market.ts';
import type { Side } from './order.ts';

export interface HoldTerms {
  readonly side: Side;
  /** The highest price a buy can trade at: its limit, or a market order's protection price. */
  readonly limitPriceTicks: number;
  /** The fee set aside on top of a buy; not zero only where buyers pay their fee in quote. */
  readonly feeReservePpm: number;
}

/** Rate to set aside at the hold: the worse of both roles, and only for buys that pay in quote. */
export function feeReservePpm(
  feePolicy: FeePolicy,
  side: Side,
  makerFeePpm: number,
  takerFeePpm: number,
): number {
  if (feePolicy !== 'quote' || side !== 'buy') return 0;
  return Math.max(makerFeePpm, takerFeePpm, 0);
}

/**
 * Base units (sell) or quote units (buy) that `remainingLots` lock. The hold of an order is at
 * every moment exactly this function of what remains of it, so a trade consumes
 * `holdMinor(before) - holdMinor(after)`, and the end releases `holdMinor(remaining)`.
 * The fee reserve is rounded up once, on the whole remainder.
 */
export function holdMinor(scale: MarketScale, terms: HoldTerms, remainingLots: number): bigint {
  if (terms.side === 'sell') return BigInt(remainingLots) * scale.lotMinor;
  const notional = notionalMinor(scale, terms.limitPriceTicks, remainingLots);
  return notional + mulPpmRoundUp(notional, terms.feeReservePpm);
}

/**
 * Hold of a market buy sized by quote amount: the amount itself. Answers what of it may be spent on
 * base so that the fee on top still fits: the largest x with x + roundUp(x * ppm) <= amount.
 */
export function spendableMinor(amountMinor: bigint, reservePpm: number): bigint {
  if (reservePpm === 0) return amountMinor;
  let spend = (amountMinor * 1_000_000n) / (1_000_000n + BigInt(reservePpm));
  while (spend + mulPpmRoundUp(spend, reservePpm) > amountMinor) spend -= 1n;
  return spend;
}

/**
 * The worst price for an order that trades from `startTicks` on, within the price band. Prices and
 * bps are small enough for a double: 2^32 x 20,000 is below 2^53.
 */
export function protectedTicks(
  scale: MarketScale,
  protectionBps: number,
  side: Side,
  startTicks: number,
): number {
  if (side === 'buy') {
    const ticks = Math.floor((startTicks * (10_000 + protectionBps)) / 10_000);
    return Math.min(ticks, scale.maxPriceTicks);
  }
  const ticks = Math.ceil((startTicks * (10_000 - protectionBps)) / 10_000);
  return Math.max(ticks, scale.minPriceTicks);
}
