// The SQL of the fees schema: rates of a user, and setting rates.
import type { Pool, Queryable } from '../../shared/db/pool.ts';
import type { UserId } from '../../shared/domain/ids.ts';
import type { FeeFactsOfUser } from './decide.ts';

interface FeeRow {
  readonly market: string;
  readonly quote: string;
  readonly quoteDecimals: number;
  readonly makerPpm: number | null;
  readonly takerPpm: number | null;
  readonly tier: string | null;
  readonly ownMakerPpm: number | null;
  readonly ownTakerPpm: number | null;
  readonly volumeMinor: string;
}

/** Every market, with what holds for the user there; volume since `firstDay` (UTC, inclusive). */
export async function listFees(
  pool: Pool,
  user: UserId,
  firstDay: string,
): Promise<FeeFactsOfUser[]> {
  const result = await pool.query<FeeRow>(
    `SELECT m.market, m.quote, q.decimals::integer AS "quoteDecimals",
       s.maker_ppm AS "makerPpm", s.taker_ppm AS "takerPpm",
       t.tier, t.maker_ppm AS "ownMakerPpm", t.taker_ppm AS "ownTakerPpm",
       coalesce((
         SELECT sum(v.quote_minor) FROM settlement.user_volumes v
         WHERE v.user_id = $1 AND v.market = m.market AND v.day >= $2::date
       ), 0) AS "volumeMinor"
     FROM reference.markets m
     JOIN reference.assets q ON q.asset = m.quote
     LEFT JOIN fees.current_rates s ON s.market = m.market
     LEFT JOIN fees.current_user_rates t ON t.market = m.market AND t.user_id = $1
     ORDER BY m.market`,
    [user, firstDay],
  );
  return result.rows.map(({ market, quote, quoteDecimals, volumeMinor, tier, ...row }) => {
    const schedule = toRates(row.makerPpm, row.takerPpm);
    const own = toRates(row.ownMakerPpm, row.ownTakerPpm);
    const terms = own === null || tier === null ? null : { ...own, tier };
    return { market, quote, quoteDecimals, schedule, terms, volumeMinor };
  });
}

/**
 * Sets a market's rates, in parts per million, for orders accepted from now on, and answers the
 * version in force. The rates that hold already make no new version. Needs the role bourse_fees.
 */
export async function setSchedule(
  db: Queryable,
  market: string,
  rates: { makerPpm: number; takerPpm: number },
): Promise<number> {
  const result = await db.query<{ version: number }>(
    'SELECT fees.set_schedule($1, $2, $3) AS version',
    [market, rates.makerPpm, rates.takerPpm],
  );
  return result.rows[0]?.version ?? 0;
}

function toRates(
  makerPpm: number | null,
  takerPpm: number | null,
): { makerPpm: number; takerPpm: number } | null {
  return makerPpm === null || takerPpm === null ? null : { makerPpm, takerPpm };
}
