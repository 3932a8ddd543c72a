// What an operator is shown of the fees schema.
import type { Queryable } from '../../../shared/db/pool.ts';

export interface ScheduleRow {
  readonly schedule: string;
  readonly version: number;
  readonly effectiveFrom: Date;
  readonly isInForce: boolean;
  readonly actor: string;
  readonly reason: string;
  /** Null when the version ends the schedule; volumes in base units of the reference asset. */
  readonly tiers:
    | readonly {
        readonly tier: string;
        readonly volumeMinorMin: string;
        readonly makerPpm: number;
        readonly takerPpm: number;
      }[]
    | null;
}

/** Versions in force and those that lie ahead. */
export async function listSchedules(db: Queryable): Promise<ScheduleRow[]> {
  const result = await db.query<ScheduleRow>(
    `SELECT s.schedule, s.version, s.effective_from AS "effectiveFrom",
       s.version = h.version AS "isInForce", s.actor, s.reason,
       CASE WHEN s.maker_ppm IS NOT NULL THEN (
         SELECT json_agg(x) FROM (
           SELECT s.tier, '0' AS "volumeMinorMin", s.maker_ppm AS "makerPpm",
             s.taker_ppm AS "takerPpm"
           UNION ALL
           (SELECT t.tier, t.volume_minor_min::text, t.maker_ppm, t.taker_ppm FROM fees.tiers t
             WHERE t.schedule = s.schedule AND t.version = s.version ORDER BY t.volume_minor_min)
         ) x
       ) END AS tiers
     FROM fees.schedules s
     LEFT JOIN LATERAL (
       SELECT i.version FROM fees.schedules i
       WHERE i.schedule = s.schedule AND i.effective_from <= now()
       ORDER BY i.effective_from DESC, i.version DESC LIMIT 1
     ) h ON true
     WHERE s.version = h.version OR s.effective_from > now()
     ORDER BY s.schedule, s.effective_from, s.version`,
  );
  return result.rows;
}

export interface ReferenceRow {
  readonly asset: string;
  readonly market: string | null;
  readonly price: string | null;
  readonly pricedAt: Date | null;
}

/** Assets with a price or a market that gives one. */
export async function listReference(db: Queryable): Promise<ReferenceRow[]> {
  const result = await db.query<ReferenceRow>(
    `SELECT a.asset, c.market, trim_scale(p.price)::text AS price, p.priced_at AS "pricedAt"
     FROM reference.assets a
     LEFT JOIN LATERAL (SELECT x.market FROM fees.conversion_markets x
       WHERE x.asset = a.asset ORDER BY x.version DESC LIMIT 1) c ON true
     LEFT JOIN LATERAL (SELECT x.price, x.priced_at FROM fees.reference_prices x
       WHERE x.asset = a.asset ORDER BY x.priced_at DESC, x.price_number DESC LIMIT 1) p ON true
     WHERE c.market IS NOT NULL OR p.price IS NOT NULL ORDER BY a.asset`,
  );
  return result.rows;
}

export interface UserRow {
  readonly what: 'terms' | 'discount' | 'tier';
  readonly at: Date;
  readonly text: string;
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Terms and discounts, all versions, and the last 30 days of tiers; newest first in each. */
export async function listOfUser(db: Queryable, userId: string): Promise<UserRow[]> {
  const result = await db.query<UserRow>(
    `(SELECT 'terms' AS what, created_at AS at, market || ' ' || CASE WHEN maker_ppm IS NULL
         THEN 'ended' ELSE format('%s maker %s taker %s', tier, maker_ppm, taker_ppm) END AS text,
         actor, reason
       FROM fees.user_terms WHERE user_id = $1 ORDER BY created_at DESC, version DESC)
     UNION ALL
     (SELECT 'discount', effective_from, format('%s ppm off', off_ppm), actor, reason
       FROM fees.discounts WHERE user_id = $1 ORDER BY effective_from DESC, version DESC)
     UNION ALL
     (SELECT 'tier', computed_at, format('%s: %s, volume %s base units', day, tier, volume_minor),
         NULL, NULL
       FROM fees.account_tiers WHERE user_id = $1 ORDER BY day DESC, revision DESC LIMIT 30)`,
    [userId],
  );
  return result.rows;
}
