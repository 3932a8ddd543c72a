// Which rates hold for a user, and how they are written.
import { formatRate } from '../../../shared/domain/fee-schedule.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import type { FeeAnswer, FeeListAnswer } from '../schema.ts';

/** Days that count into the volume of a user. */
export const VOLUME_DAYS = 30;

const DAY_MS = 86_400_000;
const DAY_CHARACTERS = 10;

export interface Rates {
  readonly makerPpm: number;
  readonly takerPpm: number;
}

export interface TierRates extends Rates {
  readonly tier: string;
}

/** What is known of one market for one user. */
export interface FeeFactsOfUser {
  readonly market: string;
  readonly quote: string;
  readonly quoteDecimals: number;
  /** The first tier of the schedule in force; null where the market has none yet. */
  readonly schedule: TierRates | null;
  /** What the user pays where there is anything to say of him: terms, a tier, a discount. */
  readonly own: (TierRates & { readonly hasTerms: boolean; readonly offPpm: number }) | null;
  /** The next higher tier, from a volume on that the user has not reached. */
  readonly next: (TierRates & { readonly volumeMinorMin: string }) | null;
  /** Digits of quote base units. */
  readonly volumeMinor: string;
}

/** The volume that tiers follow from, in base units of the reference asset. */
export interface TierVolume {
  readonly asset: string;
  readonly decimals: number;
  readonly volumeMinor: string;
  /** The day it was computed for: of the 30 UTC days before. Null when it never was. */
  readonly day: string | null;
}

/** A market without any rates is left out: it takes no orders yet. */
export function presentFees(
  facts: readonly FeeFactsOfUser[],
  volume: TierVolume | null,
): FeeListAnswer {
  return {
    tierVolume:
      volume === null
        ? null
        : {
            asset: volume.asset,
            amount: formatDecimal(BigInt(volume.volumeMinor), volume.decimals),
            day: volume.day,
          },
    items: facts.flatMap((each) => presentMarket(each, volume)),
  };
}

function presentMarket(facts: FeeFactsOfUser, volume: TierVolume | null): FeeAnswer[] {
  const rates = facts.own ?? facts.schedule;
  if (rates === null) return [];
  return [
    {
      market: facts.market,
      makerFeeRate: formatRate(rates.makerPpm),
      takerFeeRate: formatRate(rates.takerPpm),
      tier: rates.tier,
      isOwnTerms: facts.own?.hasTerms ?? false,
      discountRate: formatRate(facts.own?.offPpm ?? 0),
      nextTier: presentNext(facts, volume),
      volume30d: formatDecimal(BigInt(facts.volumeMinor), facts.quoteDecimals),
      volumeAsset: facts.quote,
    },
  ];
}

/** Whoever has terms of his own is in no tier, so none comes next. */
function presentNext(facts: FeeFactsOfUser, volume: TierVolume | null): FeeAnswer['nextTier'] {
  const { next, own } = facts;
  if (next === null || volume === null || own?.hasTerms === true) return null;
  const least = BigInt(next.volumeMinorMin);
  return {
    tier: next.tier,
    makerFeeRate: formatRate(next.makerPpm),
    takerFeeRate: formatRate(next.takerPpm),
    leastVolume: formatDecimal(least, volume.decimals),
    missingVolume: formatDecimal(least - BigInt(volume.volumeMinor), volume.decimals),
  };
}

/** The first UTC day that counts into the volume, as `2026-01-31`. */
export function firstVolumeDay(nowMs: number): string {
  return new Date(nowMs - (VOLUME_DAYS - 1) * DAY_MS).toISOString().slice(0, DAY_CHARACTERS);
}
