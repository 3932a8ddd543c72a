// Which rates hold for a user, and how they are written.
import { formatDecimal } from '../../shared/money/decimal.ts';
import { RATE_DECIMALS } from '../../shared/money/rounding.ts';
import type { FeeAnswer } from './schema.ts';

/** Tier of users who have no terms of their own. */
export const STANDARD_TIER = 'standard';

/** Days that count into the volume of a user, today included. */
export const VOLUME_DAYS = 30;

const DAY_MS = 86_400_000;
const DAY_CHARACTERS = 10;

export interface Rates {
  readonly makerPpm: number;
  readonly takerPpm: number;
}

/** What is known of one market for one user. */
export interface FeeFactsOfUser {
  readonly market: string;
  readonly quote: string;
  readonly quoteDecimals: number;
  /** Null where the market has no schedule yet. */
  readonly schedule: Rates | null;
  readonly terms: (Rates & { readonly tier: string }) | null;
  /** Digits of quote base units. */
  readonly volumeMinor: string;
}

/** Own terms win over the schedule. A market without either is left out: it takes no orders yet. */
export function presentFees(facts: readonly FeeFactsOfUser[]): FeeAnswer[] {
  return facts.flatMap((each) => {
    const rates = each.terms ?? each.schedule;
    if (rates === null) return [];
    return [
      {
        market: each.market,
        makerFeeRate: formatRate(rates.makerPpm),
        takerFeeRate: formatRate(rates.takerPpm),
        tier: each.terms?.tier ?? STANDARD_TIER,
        volume30d: formatDecimal(BigInt(each.volumeMinor), each.quoteDecimals),
        volumeAsset: each.quote,
      },
    ];
  });
}

/** The first UTC day that counts into the volume, as `2026-01-31`. */
export function firstVolumeDay(nowMs: number): string {
  return new Date(nowMs - (VOLUME_DAYS - 1) * DAY_MS).toISOString().slice(0, DAY_CHARACTERS);
}

function formatRate(ppm: number): string {
  return formatDecimal(BigInt(ppm), RATE_DECIMALS);
}
