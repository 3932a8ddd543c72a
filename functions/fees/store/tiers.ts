// What the tiers of a day are computed from, and where they are written.
import type { Queryable } from '../../../shared/db/pool.ts';
import { VOLUME_DAYS } from '../decide/present.ts';
import type { AccountTier, QuoteAsset, QuoteVolume, ScheduleTier } from '../decide/tiers.ts';

/** One run at a time: the second sees what the first has written. */
export async function lockTiers(db: Queryable): Promise<void> {
  await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('fees.account_tiers', 0))`);
}

/** The UTC day that it is by the database's clock. */
export async function findToday(db: Queryable): Promise<string> {
  const result = await db.query<{ day: string }>(
    `SELECT ((now() AT TIME ZONE 'UTC')::date)::text AS day`,
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('the clock has no row');
  return row.day;
}

export interface ConversionTrade {
  readonly asset: string;
  readonly market: string;
  readonly sequence: number;
  readonly timeMs: number;
  readonly baseMinor: string;
  readonly quoteMinor: string;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
}

/** The last trade before the day of each market that prices an asset. */
export async function findConversionTrades(db: Queryable, day: string): Promise<ConversionTrade[]> {
  const result = await db.query<ConversionTrade>(
    `SELECT c.asset, t.market, t.sequence, t.time_ms AS "timeMs",
       t.base_minor AS "baseMinor", t.quote_minor AS "quoteMinor",
       b.decimals::integer AS "baseDecimals", q.decimals::integer AS "quoteDecimals"
     FROM (
       SELECT DISTINCT ON (asset) asset, market FROM fees.conversion_markets
       ORDER BY asset, version DESC
     ) c
     JOIN reference.markets m ON m.market = c.market
     JOIN reference.assets b ON b.asset = m.base
     JOIN reference.assets q ON q.asset = m.quote
     CROSS JOIN LATERAL (
       SELECT p.* FROM market_data.trade_prices p
       WHERE p.market = c.market
         AND p.time_ms < extract(epoch FROM $1::date::timestamp AT TIME ZONE 'UTC') * 1000
       ORDER BY p.sequence DESC LIMIT 1
     ) t`,
    [day],
  );
  return result.rows;
}

export interface PricedQuote extends QuoteAsset {
  readonly pricedAt: Date | null;
  /** Markets in which somebody traded against it in the days that count. */
  readonly markets: readonly string[];
}

/** Each asset that somebody traded against in the days before `day`, with its price at that day. */
export async function findQuotes(db: Queryable, day: string): Promise<PricedQuote[]> {
  const result = await db.query<PricedQuote>(
    `SELECT t.quote AS asset, a.decimals::integer AS decimals, t.markets,
       trim_scale(p.price)::text AS price, p.priced_at AS "pricedAt"
     FROM (
       SELECT m.quote, json_agg(DISTINCT m.market) AS markets
       FROM settlement.user_volumes v JOIN reference.markets m ON m.market = v.market
       WHERE v.day >= $1::date - $2::integer AND v.day < $1::date GROUP BY m.quote
     ) t
     JOIN reference.assets a ON a.asset = t.quote
     LEFT JOIN LATERAL (
       SELECT r.price, r.priced_at FROM fees.reference_prices r
       WHERE r.asset = t.quote AND r.priced_at < $1::date::timestamp AT TIME ZONE 'UTC'
       ORDER BY r.priced_at DESC, r.price_number DESC LIMIT 1
     ) p ON true
     ORDER BY t.quote`,
    [day, VOLUME_DAYS],
  );
  return result.rows;
}

/**
 * By user and quote asset, over the 30 UTC days before `day`. What sub-accounts have traded counts as
 * their owner's.
 */
export async function findVolumes(db: Queryable, day: string): Promise<QuoteVolume[]> {
  const result = await db.query<QuoteVolume>(
    `SELECT coalesce(a.owner_id, v.user_id) AS "userId", m.quote,
       sum(v.quote_minor) AS "quoteMinor"
     FROM settlement.user_volumes v JOIN reference.markets m ON m.market = v.market
     LEFT JOIN fees.accounts a ON a.user_id = v.user_id
     WHERE v.day >= $1::date - $2::integer AND v.day < $1::date
     GROUP BY 1, m.quote ORDER BY 1, m.quote`,
    [day, VOLUME_DAYS],
  );
  return result.rows;
}

/** Users who had a volume until now, or have one written for the day: it may have become less. */
export async function findUsersToReview(db: Queryable, day: string): Promise<string[]> {
  const result = await db.query<{ userId: string }>(
    `SELECT user_id AS "userId" FROM fees.accounts WHERE volume_minor > 0 AND tier_day <= $1::date
     UNION SELECT user_id FROM fees.account_tiers WHERE day = $1::date
     ORDER BY 1`,
    [day],
  );
  return result.rows.map((row) => row.userId);
}

/**
 * Tiers of the exchange's schedule that held when the day began; of its first version for days
 * before there was any.
 */
export async function findTiersOfDay(db: Queryable, day: string): Promise<ScheduleTier[]> {
  const result = await db.query<ScheduleTier>(
    `WITH held AS (
       SELECT * FROM (
         (SELECT 1 AS choice, s.schedule, s.version, s.tier FROM fees.schedules s
           WHERE s.schedule = 'exchange'
             AND s.effective_from <= $1::date::timestamp AT TIME ZONE 'UTC'
           ORDER BY s.effective_from DESC, s.version DESC LIMIT 1)
         UNION ALL
         (SELECT 2, s.schedule, s.version, s.tier FROM fees.schedules s
           WHERE s.schedule = 'exchange' ORDER BY s.effective_from, s.version LIMIT 1)
       ) c ORDER BY choice LIMIT 1
     )
     SELECT h.tier, '0' AS "volumeMinorMin" FROM held h
     UNION ALL
     SELECT t.tier, t.volume_minor_min::text FROM held h
     JOIN fees.tiers t ON t.schedule = h.schedule AND t.version = h.version`,
    [day],
  );
  return result.rows;
}

/**
 * Writes the tiers of a day; what is written so already is left alone, and a volume of nothing that
 * was nothing before. Answers how many rows were new. A day that is not the newest of a user does
 * not change what he pays.
 */
export async function saveTiers(
  db: Queryable,
  day: string,
  tiers: readonly AccountTier[],
): Promise<number> {
  const result = await db.query<{ written: number }>(
    `WITH given AS (
       SELECT g.user_id, g.tier, g.volume_minor, n.revision
       FROM unnest($2::text[], $3::text[], $4::numeric[]) g (user_id, tier, volume_minor)
       LEFT JOIN LATERAL (
         SELECT x.* FROM fees.account_tiers x WHERE x.user_id = g.user_id AND x.day <= $1::date
         ORDER BY x.day DESC, x.revision DESC LIMIT 1
       ) last ON true
       LEFT JOIN LATERAL (SELECT last.revision WHERE last.day = $1::date) n ON true
       WHERE NOT (last.day IS NOT NULL AND last.day = $1::date
           AND last.tier = g.tier AND last.volume_minor = g.volume_minor)
         AND NOT (g.volume_minor = 0 AND coalesce(last.volume_minor, 0) = 0)
     ), written AS (
       INSERT INTO fees.account_tiers (user_id, day, revision, tier, volume_minor)
       SELECT user_id, $1::date, coalesce(revision, 0) + 1, tier, volume_minor FROM given
       RETURNING user_id, volume_minor
     ), counted AS (
       INSERT INTO fees.accounts AS a (user_id, tier_day, volume_minor)
       SELECT user_id, $1::date, volume_minor FROM written
       ON CONFLICT (user_id) DO UPDATE
       SET tier_day = excluded.tier_day, volume_minor = excluded.volume_minor
       WHERE a.tier_day IS NULL OR a.tier_day <= excluded.tier_day
     )
     SELECT count(*)::integer AS written FROM written`,
    [
      day,
      tiers.map((each) => each.userId),
      tiers.map((each) => each.tier),
      tiers.map((each) => each.volumeMinor.toString()),
    ],
  );
  return result.rows[0]?.written ?? 0;
}
