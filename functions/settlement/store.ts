// The SQL of the tables that settlement owns. All of it set-based: one statement a batch.
import { detailOf, findViolatedConstraint } from '../../shared/db/failure.ts';
import type { Pool, Tx } from '../../shared/db/pool.ts';
import type { Volume } from './decide.ts';

/** One event by its name, with the hash of its content in hex. */
export interface EventRow {
  readonly market: string;
  readonly sequence: number;
  readonly kind: string;
  readonly hash: string;
}

export interface KnownEvent {
  readonly market: string;
  readonly sequence: number;
  readonly hash: string;
}

/** What is violated by an event that was recorded before. */
export const RECORDED_ONCE = 'executions_pkey';

/**
 * Writes down events that are all new; fails with RECORDED_ONCE when one is not. Rows go in sorted,
 * so that two instances which were given the same events wait for each other in one order.
 */
export async function recordFreshEvents(tx: Tx, events: readonly EventRow[]): Promise<void> {
  await tx.query({ name: 'settlement-record-fresh', text: RECORD, values: columnsOf(events) });
}

/**
 * Writes down the events that are new and answers them, as `market sequence`. Who has waited for
 * another instance sees that its events are known.
 */
export async function recordEvents(tx: Tx, events: readonly EventRow[]): Promise<Set<string>> {
  const result = await tx.query<{ name: string }>({
    name: 'settlement-record',
    text: `${RECORD}
     ON CONFLICT ON CONSTRAINT ${RECORDED_ONCE} DO NOTHING
     RETURNING market || ' ' || sequence AS name`,
    values: columnsOf(events),
  });
  return new Set(result.rows.map((row) => row.name));
}

const RECORD = `INSERT INTO settlement.executions (market, sequence, kind, content_hash)
     SELECT e.market, e.sequence, e.kind, decode(e.hash, 'hex')
     FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[])
       e (market, sequence, kind, hash)
     ORDER BY e.market COLLATE "C", e.sequence`;

function columnsOf(events: readonly EventRow[]): (readonly (string | number)[])[] {
  return [
    events.map((event) => event.market),
    events.map((event) => event.sequence),
    events.map((event) => event.kind),
    events.map((event) => event.hash),
  ];
}

/** The content hashes that were settled under these names. */
export async function findEvents(tx: Tx, events: readonly EventRow[]): Promise<KnownEvent[]> {
  const result = await tx.query<KnownEvent>({
    name: 'settlement-find',
    text: `SELECT e.market, e.sequence, encode(e.content_hash, 'hex') AS hash
     FROM unnest($1::text[], $2::bigint[]) w (market, sequence)
     JOIN settlement.executions e ON e.market = w.market AND e.sequence = w.sequence`,
    values: [events.map((event) => event.market), events.map((event) => event.sequence)],
  });
  return result.rows;
}

/** Adds to the users' volumes. Sorted, for the same reason as `recordEvents`. */
export async function addVolumes(tx: Tx, volumes: readonly Volume[]): Promise<void> {
  if (volumes.length === 0) return;
  await tx.query({
    name: 'settlement-volumes',
    text: `INSERT INTO settlement.volumes AS v (user_id, market, day, quote_minor, trades)
     SELECT w.user_id, w.market, w.day, sum(w.quote_minor), count(*)
     FROM unnest($1::text[], $2::text[], $3::date[], $4::numeric[])
       w (user_id, market, day, quote_minor)
     GROUP BY w.user_id, w.market, w.day
     ORDER BY w.user_id COLLATE "C", w.market COLLATE "C", w.day
     ON CONFLICT ON CONSTRAINT volumes_pkey DO UPDATE
     SET quote_minor = v.quote_minor + excluded.quote_minor, trades = v.trades + excluded.trades`,
    values: [
      volumes.map((volume) => volume.userId),
      volumes.map((volume) => volume.market),
      volumes.map((volume) => volume.day),
      volumes.map((volume) => volume.quoteMinor.toString()),
    ],
  });
}

/** Fails when one of these markets is stopped: `findStoppedMarket` answers which. */
export async function refuseStopped(tx: Tx, markets: readonly string[]): Promise<void> {
  await tx.query({
    name: 'settlement-refuse-stopped',
    text: 'SELECT settlement.refuse_stopped($1)',
    values: [markets],
  });
}

/** The market that `refuseStopped` has refused, or null when the error is another. */
export function findStoppedMarket(error: unknown): string | null {
  return findViolatedConstraint(error) === 'market_not_stopped' ? detailOf(error) : null;
}

/** Stops a market for ever, or until a person deletes the row; the first cause is kept. */
export async function stopMarket(
  pool: Pool,
  cause: { market: string; sequence: number; settledHash: string; refusedHash: string },
): Promise<void> {
  await pool.query(
    `INSERT INTO settlement.stopped_markets (market, sequence, settled_hash, refused_hash)
     VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex'))
     ON CONFLICT (market) DO NOTHING`,
    [cause.market, cause.sequence, cause.settledHash, cause.refusedHash],
  );
}
