// The SQL of the market_data schema and of the published views it reads.
import type { Pool } from '../../shared/db/pool.ts';
import type { BookRow } from './decide/present.ts';
import type { MarketRow } from './decide/present-market.ts';
import type { ProjectionBatch, PublicTrade } from './decide/records.ts';
import { PHASE_JSON } from './phase-store.ts';

export interface AssetRow {
  readonly asset: string;
  readonly name: string;
  readonly decimals: number;
}

/**
 * Everything hangs on `advanced`: it locks the books in sorted order, so two instances never wait
 * for each other in a circle, and it answers what had been taken in before. A record at or below
 * that was seen in full, and its levels may have been cleaned up since: it changes nothing.
 */
const APPLY = `
  WITH advanced AS (
    INSERT INTO market_data.books AS b (market, applied, changed_at_ms)
    SELECT r.market, range_agg(int8range(r.first, r.last, '[]')), max(r.time_ms)
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
      AS r (market, first, last, time_ms)
    GROUP BY r.market ORDER BY r.market
    ON CONFLICT (market) DO UPDATE SET
      applied = b.applied + excluded.applied,
      changed_at_ms = greatest(b.changed_at_ms, excluded.changed_at_ms)
    RETURNING new.market, coalesce(old.contiguous_sequence, 0) AS seen_sequence
  ), traded AS (
    INSERT INTO market_data.trades
      (market, sequence, base_minor, quote_minor, taker_side, time_ms)
    SELECT t.market, t.sequence, t.base_minor, t.quote_minor, t.taker_side, t.time_ms
    FROM unnest($5::text[], $6::bigint[], $7::numeric[], $8::numeric[], $9::text[], $10::bigint[])
      AS t (market, sequence, base_minor, quote_minor, taker_side, time_ms)
    JOIN advanced a ON a.market = t.market AND t.sequence > a.seen_sequence
    ON CONFLICT (market, sequence) DO NOTHING
  )
  INSERT INTO market_data.levels AS l (market, side, price_ticks, quantity_lots, sequence)
  SELECT c.market, c.side, c.price_ticks, c.quantity_lots, c.sequence
  FROM unnest($11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[])
    AS c (market, side, price_ticks, quantity_lots, sequence)
  JOIN advanced a ON a.market = c.market AND c.sequence > a.seen_sequence
  ON CONFLICT (market, side, price_ticks) DO UPDATE SET
    quantity_lots = excluded.quantity_lots, sequence = excluded.sequence
    WHERE l.sequence < excluded.sequence`;

/** Writes a batch in one statement and one commit. Safe to repeat and to run in any order. */
export async function applyBatch(pool: Pool, batch: ProjectionBatch): Promise<void> {
  const { ranges, trades, levels } = batch;
  await pool.query({
    name: 'market-data-apply',
    text: APPLY,
    values: [
      ranges.map((range) => range.market),
      ranges.map((range) => range.firstSequence),
      ranges.map((range) => range.lastSequence),
      ranges.map((range) => range.timeMs),
      trades.map((trade) => trade.market),
      trades.map((trade) => trade.sequence),
      trades.map((trade) => trade.baseMinor),
      trades.map((trade) => trade.quoteMinor),
      trades.map((trade) => trade.takerSide),
      trades.map((trade) => trade.timeMs),
      levels.map((level) => level.market),
      levels.map((level) => level.side),
      levels.map((level) => level.priceTicks),
      levels.map((level) => level.quantityLots),
      levels.map((level) => level.sequence),
    ],
  });
}

/**
 * Deletes gone levels that no late record can bring back, because everything up to their end has
 * been taken in. Locks the books first, as `applyBatch` does. Answers how many were deleted.
 */
export async function deleteGoneLevels(pool: Pool): Promise<number> {
  const result = await pool.query(
    `WITH locked AS MATERIALIZED (
       SELECT market, contiguous_sequence FROM market_data.books ORDER BY market FOR UPDATE
     )
     DELETE FROM market_data.levels l USING locked b
     WHERE l.market = b.market AND l.quantity_lots = 0 AND l.sequence <= b.contiguous_sequence`,
  );
  return result.rowCount ?? 0;
}

export async function listAssets(pool: Pool): Promise<AssetRow[]> {
  const result = await pool.query<AssetRow>(
    'SELECT asset, name, decimals::int AS decimals FROM reference.assets ORDER BY asset',
  );
  return result.rows;
}

/** All markets, or one: read past the catalog where a second is too old. */
export async function listMarkets(pool: Pool, market: string | null = null): Promise<MarketRow[]> {
  const result = await pool.query<MarketRow>({
    name: 'market-data-markets',
    text: `SELECT m.market, m.config, m.status, coalesce(m.schedule, '[]') AS schedule,
        f.maker_ppm::int AS "makerFeePpm", f.taker_ppm::int AS "takerFeePpm",
        floor(extract(epoch FROM m.updated_at) * 1000)::bigint AS "updatedAtMs",
        floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "readAtMs",
        ${PHASE_JSON} AS phase
      FROM reference.market_configs m
      LEFT JOIN fees.current_rates f ON f.market = m.market
      LEFT JOIN market_data.phases p ON p.market = m.market
      WHERE $1::text IS NULL OR m.market = $1::text
      ORDER BY m.market`,
    values: [market],
  });
  return result.rows;
}

/**
 * Book and sequence in one statement, so that they belong together. Null before the first event.
 */
export async function findBook(pool: Pool, market: string, depth: number): Promise<BookRow | null> {
  const result = await pool.query<BookRow>({
    name: 'market-data-book',
    text: `SELECT b.contiguous_sequence AS sequence, b.changed_at_ms AS "timeMs",
        coalesce((SELECT json_agg(json_build_array(bid.price_ticks, bid.quantity_lots)) FROM (
          SELECT l.price_ticks, l.quantity_lots FROM market_data.levels l
          WHERE l.market = b.market AND l.side = 'buy' AND l.quantity_lots > 0
          ORDER BY l.price_ticks DESC LIMIT $2::int) bid), '[]') AS bids,
        coalesce((SELECT json_agg(json_build_array(ask.price_ticks, ask.quantity_lots)) FROM (
          SELECT l.price_ticks, l.quantity_lots FROM market_data.levels l
          WHERE l.market = b.market AND l.side = 'sell' AND l.quantity_lots > 0
          ORDER BY l.price_ticks LIMIT $2::int) ask), '[]') AS asks
      FROM market_data.books b WHERE b.market = $1::text`,
    values: [market, depth],
  });
  return result.rows[0] ?? null;
}

/** Trades below a sequence, newest first. */
export async function listTrades(
  pool: Pool,
  market: string,
  belowSequence: number,
  limit: number,
): Promise<PublicTrade[]> {
  const result = await pool.query<PublicTrade>({
    name: 'market-data-trades',
    text: `SELECT market, sequence, base_minor AS "baseMinor", quote_minor AS "quoteMinor",
        taker_side AS "takerSide", time_ms AS "timeMs"
      FROM market_data.trades WHERE market = $1::text AND sequence < $2::bigint
      ORDER BY sequence DESC LIMIT $3::int`,
    values: [market, belowSequence, limit],
  });
  return result.rows;
}

export async function isDatabaseUp(pool: Pool): Promise<boolean> {
  try {
    await pool.query('SELECT 1');
    return true;
  } catch {
    // Whatever the reason, the answer to "can you work" is no; requests will say why.
    return false;
  }
}
