// Reads of the fees schema: what one user pays, through the views of the user's own rows.
import type { Queryable } from '../../../shared/db/pool.ts';
import type { UserId } from '../../../shared/domain/ids.ts';
import type { FeeFactsOfUser, Rates, TierVolume } from '../decide/present.ts';

interface FeeRow {
  readonly market: string;
  readonly quote: string;
  readonly quoteDecimals: number;
  readonly tier: string | null;
  readonly makerPpm: number | null;
  readonly takerPpm: number | null;
  readonly ownTier: string | null;
  readonly ownMakerPpm: number | null;
  readonly ownTakerPpm: number | null;
  readonly hasTerms: boolean | null;
  readonly offPpm: number | null;
  readonly nextTier: string | null;
  readonly nextMakerPpm: number | null;
  readonly nextTakerPpm: number | null;
  readonly nextVolumeMinorMin: string | null;
  readonly volumeMinor: string;
}

/**
 * Every market, with what holds for the user there; volume since `firstDay` (UTC, inclusive). Own
 * rates are asked for market by market (LIMIT), because a barrier takes no condition of a join.
 */
export async function listFees(
  db: Queryable,
  user: UserId,
  firstDay: string,
): Promise<FeeFactsOfUser[]> {
  const result = await db.query<FeeRow>(
    `SELECT m.market, m.quote, q.decimals::integer AS "quoteDecimals",
       s.tier, s.maker_ppm AS "makerPpm", s.taker_ppm AS "takerPpm",
       u.tier AS "ownTier", u.maker_ppm AS "ownMakerPpm", u.taker_ppm AS "ownTakerPpm",
       u.has_terms AS "hasTerms", u.off_ppm AS "offPpm",
       n.tier AS "nextTier", n.maker_ppm AS "nextMakerPpm", n.taker_ppm AS "nextTakerPpm",
       n.volume_minor_min AS "nextVolumeMinorMin",
       coalesce((
         SELECT sum(v.quote_minor) FROM settlement.own_volumes v
         WHERE v.user_id = $1 AND v.market = m.market AND v.day >= $2::date
       ), 0) AS "volumeMinor"
     FROM reference.markets m
     JOIN reference.assets q ON q.asset = m.quote
     LEFT JOIN fees.current_schedules s ON s.market = m.market
     LEFT JOIN LATERAL (
       SELECT r.* FROM fees.own_rates r WHERE r.user_id = $1 AND r.market = m.market LIMIT 1
     ) u ON true
     LEFT JOIN LATERAL (
       SELECT t.* FROM fees.tiers t
       WHERE t.schedule = s.schedule AND t.version = s.version AND t.volume_minor_min > coalesce(
         (SELECT a.volume_minor FROM fees.own_account a WHERE a.user_id = $1), 0)
       ORDER BY t.volume_minor_min LIMIT 1
     ) n ON true
     ORDER BY m.market`,
    [user, firstDay],
  );
  return result.rows.map(toFacts);
}

function toFacts(row: FeeRow): FeeFactsOfUser {
  const { market, quote, quoteDecimals, volumeMinor, hasTerms, offPpm, nextVolumeMinorMin } = row;
  const own = toTier(row.ownTier, row.ownMakerPpm, row.ownTakerPpm);
  const next = toTier(row.nextTier, row.nextMakerPpm, row.nextTakerPpm);
  return {
    market,
    quote,
    quoteDecimals,
    schedule: toTier(row.tier, row.makerPpm, row.takerPpm),
    own: own === null ? null : { ...own, hasTerms: hasTerms ?? false, offPpm: offPpm ?? 0 },
    next:
      next === null || nextVolumeMinorMin === null
        ? null
        : { ...next, volumeMinorMin: nextVolumeMinorMin },
    volumeMinor,
  };
}

function toTier(
  tier: string | null,
  makerPpm: number | null,
  takerPpm: number | null,
): { tier: string; makerPpm: number; takerPpm: number } | null {
  return tier === null || makerPpm === null || takerPpm === null
    ? null
    : { tier, makerPpm, takerPpm };
}

/** The volume that the user's tier follows from; null while the exchange has no reference asset. */
export async function findTierVolume(db: Queryable, user: UserId): Promise<TierVolume | null> {
  const result = await db.query<TierVolume>(
    `SELECT r.asset, q.decimals::integer AS decimals,
       coalesce(a.volume_minor, 0) AS "volumeMinor",
       a.tier_day::text AS day
     FROM fees.reference_asset r
     JOIN reference.assets q ON q.asset = r.asset
     LEFT JOIN fees.own_account a ON a.user_id = $1`,
    [user],
  );
  return result.rows[0] ?? null;
}

export interface PreviewRow extends Rates {
  readonly bestBidTicks: number | null;
  readonly bestAskTicks: number | null;
}

/** Rates of the user in a market, with its best prices; null where there are no rates. */
export async function findPreviewRates(
  db: Queryable,
  user: UserId,
  market: string,
): Promise<PreviewRow | null> {
  const result = await db.query<PreviewRow>(
    `SELECT coalesce(u.maker_ppm, s.maker_ppm) AS "makerPpm",
       coalesce(u.taker_ppm, s.taker_ppm) AS "takerPpm",
       p.best_bid_ticks AS "bestBidTicks", p.best_ask_ticks AS "bestAskTicks"
     FROM fees.current_rates s
     LEFT JOIN fees.own_rates u ON u.market = s.market AND u.user_id = $1 AND u.market = $2
     LEFT JOIN market_data.best_prices p ON p.market = s.market
     WHERE s.market = $2`,
    [user, market],
  );
  return result.rows[0] ?? null;
}
