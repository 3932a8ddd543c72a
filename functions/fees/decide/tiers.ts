// From what users traded to the volume that their tier follows from, in the reference asset.
import type { ReferenceAsset } from '../../../shared/domain/fee-schedule.ts';
import { parseDecimal } from '../../../shared/money/decimal.ts';
import { divRoundDown } from '../../../shared/money/rounding.ts';

/** Digits after the point of a reference price. */
export const PRICE_DECIMALS = 18;

/** Tier of users before any schedule has named one. */
export const STANDARD_TIER = 'standard';

/** What a user traded against one quote asset in the days that count; digits of base units. */
export interface QuoteVolume {
  readonly userId: string;
  readonly quote: string;
  readonly quoteMinor: string;
}

/** A quote asset and what one of it is worth, as a decimal; null when nobody has said. */
export interface QuoteAsset extends ReferenceAsset {
  readonly price: string | null;
}

export interface ScheduleTier {
  readonly tier: string;
  /** Digits of base units of the reference asset. */
  readonly volumeMinorMin: string;
}

export interface AccountTier {
  readonly userId: string;
  readonly tier: string;
  readonly volumeMinor: bigint;
}

/**
 * The volume and tier of each user, those with nothing in it included. What a quote asset's volume
 * is worth is rounded down, once for each user and asset: a tier is never reached by rounding. An
 * asset without a price counts nothing.
 */
export function computeTiers(facts: {
  readonly reference: ReferenceAsset;
  /** Everybody who may need a row, whether or not there is volume. */
  readonly users: readonly string[];
  readonly volumes: readonly QuoteVolume[];
  readonly quotes: readonly QuoteAsset[];
  /** Of the exchange's schedule, in any order; empty when there is none. */
  readonly tiers: readonly ScheduleTier[];
}): AccountTier[] {
  const worth = new Map(facts.quotes.map((quote) => [quote.asset, quote]));
  const sums = new Map<string, bigint>(facts.users.map((userId) => [userId, 0n]));
  for (const { userId, quote, quoteMinor } of facts.volumes) {
    const asset = worth.get(quote);
    if (asset === undefined) throw new Error(`the volume in ${quote} has no asset`);
    const value = referenceMinor(BigInt(quoteMinor), asset, facts.reference);
    sums.set(userId, (sums.get(userId) ?? 0n) + value);
  }
  return [...sums].map(([userId, volumeMinor]) => ({
    userId,
    volumeMinor,
    tier: tierAt(facts.tiers, volumeMinor),
  }));
}

/** Worth of an amount in base units of the reference asset, rounded down. */
export function referenceMinor(
  amountMinor: bigint,
  quote: QuoteAsset,
  reference: ReferenceAsset,
): bigint {
  if (quote.asset === reference.asset) return amountMinor;
  if (quote.price === null) return 0n;
  const price = parseDecimal(quote.price, PRICE_DECIMALS);
  if (typeof price === 'string') throw new Error(`the price of ${quote.asset} is ${price}`);
  const numerator = amountMinor * price * 10n ** BigInt(reference.decimals);
  return divRoundDown(numerator, 10n ** BigInt(quote.decimals + PRICE_DECIMALS));
}

/** Price of a trade in whole quote for one whole base, 18 decimals, rounded down. */
export function tradePrice(
  trade: { readonly baseMinor: string; readonly quoteMinor: string },
  baseDecimals: number,
  quoteDecimals: number,
): bigint {
  const numerator = BigInt(trade.quoteMinor) * 10n ** BigInt(baseDecimals + PRICE_DECIMALS);
  return divRoundDown(numerator, BigInt(trade.baseMinor) * 10n ** BigInt(quoteDecimals));
}

function tierAt(tiers: readonly ScheduleTier[], volumeMinor: bigint): string {
  let best: ScheduleTier | null = null;
  for (const tier of tiers) {
    const least = BigInt(tier.volumeMinorMin);
    if (least <= volumeMinor && (best === null || least >= BigInt(best.volumeMinorMin))) {
      best = tier;
    }
  }
  return best?.tier ?? STANDARD_TIER;
}
