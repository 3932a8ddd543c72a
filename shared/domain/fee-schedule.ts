// A schedule as an operator describes it, and whether it may be: refused before the database must.
import { z } from 'zod';
import { DECIMAL_PATTERN, formatDecimal, parseDecimal } from '../money/decimal.ts';
import { RATE_DECIMALS } from '../money/rounding.ts';

/** More would be a table that nobody reads. */
export const TIERS_MAX = 32;

const PPM_MAX = 1_000_000;
export const ppmField = z.int().min(-PPM_MAX).max(PPM_MAX);
export const tierField = z.string().regex(/^[a-z0-9_]{1,32}$/, 'such as vip_1');

export const scheduleDescription = z.strictObject({
  /** A market, or `exchange` for all that have no schedule of their own. */
  schedule: z.string().regex(/^([A-Z0-9]{2,10}-[A-Z0-9]{2,10}|exchange)$/, 'a market or exchange'),
  /** UTC; at once when left out. */
  effectiveFrom: z.exactOptional(z.iso.datetime({ offset: false })),
  tiers: z
    .array(
      z.strictObject({
        tier: tierField,
        /** Least volume of 30 days, in the reference asset. */
        leastVolume: z.string().regex(DECIMAL_PATTERN, 'a decimal in quotes, such as "250000"'),
        makerPpm: ppmField,
        takerPpm: ppmField,
      }),
    )
    .min(1)
    .max(TIERS_MAX),
});
export type ScheduleDescription = z.output<typeof scheduleDescription>;

/** What volumes are measured in. */
export interface ReferenceAsset {
  readonly asset: string;
  readonly decimals: number;
}

/** A tier as the database takes it. */
export interface StoredTier {
  readonly tier: string;
  readonly volumeMinorMin: string;
  readonly makerPpm: number;
  readonly takerPpm: number;
}

/** The tiers in base units of the reference asset, or what is wrong with them, for a person. */
export function readTiers(
  description: ScheduleDescription,
  reference: ReferenceAsset | null,
): readonly StoredTier[] | { readonly fault: string } {
  const { tiers } = description;
  const stored: StoredTier[] = [];
  for (const { tier, leastVolume, makerPpm, takerPpm } of tiers) {
    if (stored.some((each) => each.tier === tier)) return { fault: `two tiers are named ${tier}` };
    if (leastVolume !== '0' && reference === null) {
      return { fault: 'a volume needs a reference asset: set one first' };
    }
    const least = parseDecimal(leastVolume, reference?.decimals ?? 0);
    if (typeof least === 'string') {
      return { fault: `${tier}: ${leastVolume} is finer than ${reference?.asset ?? ''} allows` };
    }
    const before = stored.at(-1);
    if (before === undefined && least !== 0n) return { fault: 'the first tier begins at 0' };
    if (before !== undefined && least <= BigInt(before.volumeMinorMin)) {
      return { fault: `${tier} needs more volume than ${before.tier}` };
    }
    stored.push({ tier, volumeMinorMin: least.toString(), makerPpm, takerPpm });
  }
  const fault = findUnpaidRebate(tiers);
  return fault === null ? stored : { fault };
}

/** Any maker may meet any taker: the greatest rebate must be covered by the least fee. */
export function findUnpaidRebate(
  tiers: readonly Pick<StoredTier, 'tier' | 'makerPpm' | 'takerPpm'>[],
): string | null {
  for (const maker of tiers) {
    for (const taker of tiers) {
      if (maker.makerPpm + taker.takerPpm >= 0) continue;
      return (
        `a maker of ${maker.tier} (${formatRate(maker.makerPpm)}) and a taker of ${taker.tier} ` +
        `(${formatRate(taker.takerPpm)}): the rebate is more than the fee`
      );
    }
  }
  return null;
}

/** A rate as a fraction: 1000 ppm are "0.001". */
export function formatRate(ppm: number): string {
  return formatDecimal(BigInt(ppm), RATE_DECIMALS);
}
