// The newest version of anything in the fees schema, as the audit log tells of it.
import type { JsonValue } from '../audit/record.ts';
import type { Tx } from '../db/pool.ts';

/** What is changed, and whose: a schedule, a user's terms in a market, and so on. */
export type FeeSubject =
  | { readonly kind: 'schedule'; readonly of: string }
  | { readonly kind: 'terms'; readonly of: string; readonly market: string }
  | { readonly kind: 'discount'; readonly of: string }
  | { readonly kind: 'reference_asset'; readonly of: string }
  | { readonly kind: 'reference_price'; readonly of: string }
  | { readonly kind: 'conversion_market'; readonly of: string };

/** Null when there is none. */
export async function readNewest(tx: Tx, subject: FeeSubject): Promise<JsonValue> {
  const market = subject.kind === 'terms' ? subject.market : null;
  const values = market === null ? [subject.of] : [subject.of, market];
  const result = await tx.query<{ newest: JsonValue }>(NEWEST[subject.kind], values);
  return result.rows[0]?.newest ?? null;
}

const NEWEST: Readonly<Record<FeeSubject['kind'], string>> = {
  schedule: `SELECT json_build_object('version', s.version, 'effectiveFrom', s.effective_from,
      'tiers', CASE WHEN s.maker_ppm IS NOT NULL THEN (SELECT json_agg(x) FROM (
        SELECT s.tier, '0' AS "volumeMinorMin", s.maker_ppm AS "makerPpm",
          s.taker_ppm AS "takerPpm"
        UNION ALL
        (SELECT t.tier, t.volume_minor_min::text, t.maker_ppm, t.taker_ppm FROM fees.tiers t
          WHERE t.schedule = s.schedule AND t.version = s.version ORDER BY t.volume_minor_min)
      ) x) END) AS newest
    FROM fees.schedules s WHERE s.schedule = $1 ORDER BY s.version DESC LIMIT 1`,
  terms: `SELECT json_build_object('version', version, 'market', market, 'tier', tier,
      'makerPpm', maker_ppm, 'takerPpm', taker_ppm) AS newest
    FROM fees.user_terms WHERE user_id = $1 AND market = $2 ORDER BY version DESC LIMIT 1`,
  discount: `SELECT json_build_object('version', version, 'offPpm', off_ppm,
      'effectiveFrom', effective_from) AS newest
    FROM fees.discounts WHERE user_id = $1 ORDER BY version DESC LIMIT 1`,
  reference_asset: `SELECT to_json(asset) AS newest FROM fees.reference_asset WHERE asset = $1`,
  reference_price: `SELECT json_build_object('number', price_number,
      'price', trim_scale(price)::text, 'pricedAt', priced_at) AS newest
    FROM fees.reference_prices WHERE asset = $1 ORDER BY price_number DESC LIMIT 1`,
  conversion_market: `SELECT json_build_object('version', version, 'market', market) AS newest
    FROM fees.conversion_markets WHERE asset = $1 ORDER BY version DESC LIMIT 1`,
};
