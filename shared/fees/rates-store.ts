// The SQL of rates: schedules, and the terms of single users. Everything is a version with who and
// why; for the roles bourse_fees and bourse_admin.
import type { Queryable } from '../db/pool.ts';
import type { ReferenceAsset, StoredTier } from '../domain/fee-schedule.ts';
import type { Operator } from '../operator/operator.ts';

/** Constraints that whoever sets rates can run into, in words for a person. */
export const RATE_MEANINGS: Readonly<Record<string, string>> = {
  schedules_not_backdated: 'a schedule cannot begin in the past',
  schedules_exchange_never_ends: 'the schedule of the exchange can be replaced, not ended',
  schedules_rebate_is_paid_for: 'a rebate would be more than the fee of the other side',
};

/**
 * Sets a schedule from a time on (null: at once), or ends a market's own (`tiers` null). Answers
 * the version that holds from then on; what holds already makes no new one.
 */
export async function setSchedule(
  db: Queryable,
  schedule: string,
  tiers: readonly StoredTier[] | null,
  effectiveFrom: Date | null,
  operator: Operator,
): Promise<number> {
  const result = await db.query<{ version: number }>(
    'SELECT fees.set_schedule($1, $2::jsonb, $3, $4, $5) AS version',
    [
      schedule,
      tiers === null ? null : JSON.stringify(tiers),
      effectiveFrom,
      operator.actor,
      operator.reason,
    ],
  );
  return result.rows[0]?.version ?? 0;
}

/** Null rates end the user's own terms. */
export async function setUserTerms(
  db: Queryable,
  terms: {
    readonly userId: string;
    readonly market: string;
    readonly tier: string;
    readonly makerPpm: number | null;
    readonly takerPpm: number | null;
  },
  operator: Operator,
): Promise<number> {
  const { userId, market, tier, makerPpm, takerPpm } = terms;
  const result = await db.query<{ version: number }>(
    'SELECT fees.set_user_terms($1, $2, $3, $4, $5, $6, $7) AS version',
    [userId, market, tier, makerPpm, takerPpm, operator.actor, operator.reason],
  );
  return result.rows[0]?.version ?? 0;
}

export async function findReferenceAsset(db: Queryable): Promise<ReferenceAsset | null> {
  const result = await db.query<ReferenceAsset>(
    `SELECT r.asset, a.decimals::integer AS decimals
     FROM fees.reference_asset r JOIN reference.assets a ON a.asset = r.asset`,
  );
  return result.rows[0] ?? null;
}
