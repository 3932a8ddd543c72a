// What requests for several markets read and write: where a user has open orders, and the dead-man
// deadlines as they were accepted last.
import type { Tx } from '../../../shared/db/pool.ts';
import type { ListedMarket, UserMarket } from '../decide/touched.ts';

export interface MarketsRead {
  readonly listed: readonly ListedMarket[];
  readonly open: readonly UserMarket[];
}

/** Every market, and where these users have open orders. */
export async function readMarkets(tx: Tx, users: readonly number[]): Promise<MarketsRead> {
  const result = await tx.query<{ listed: ListedMarket[] | null; open: UserMarket[] | null }>({
    name: 'orders-wide-markets',
    text: `SELECT
       (SELECT json_agg(json_build_object('market', m.market,
           'takesOrders', reference.planned_status(m.status, m.schedule,
             (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
             NOT IN ('halted', 'cancel_only', 'closing', 'delisted')))
         FROM reference.markets m) AS listed,
       (SELECT json_agg(json_build_object('userNumber', c.user_number, 'market', c.market))
         FROM orders.open_counts c
         WHERE c.user_number = ANY ($1::bigint[]) AND c.open_orders > 0) AS open`,
    values: [users],
  });
  return { listed: result.rows[0]?.listed ?? [], open: result.rows[0]?.open ?? [] };
}

export interface StoredDeadline extends UserMarket {
  /** The outbox row of its command, while that is not known to be in the log. */
  readonly unpublishedId: number | null;
}

/**
 * The deadlines of these users, locked: who sets one of a user waits for whoever does so before.
 * The locks are taken by rising user, so that no two wait for each other.
 */
export async function lockDeadlines(tx: Tx, users: readonly number[]): Promise<StoredDeadline[]> {
  await tx.query({
    name: 'orders-lock-deadlines',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('orders.deadlines ' || u.user_number, 0))
     FROM (SELECT DISTINCT unnest($1::bigint[]) AS user_number ORDER BY 1) u`,
    values: [users],
  });
  const result = await tx.query<StoredDeadline>({
    name: 'orders-read-deadlines',
    text: `SELECT d.user_number AS "userNumber", d.market,
       (SELECT x.id FROM orders.outbox x WHERE x.id = d.outbox_id) AS "unpublishedId"
     FROM orders.deadlines d WHERE d.user_number = ANY ($1::bigint[])`,
    values: [users],
  });
  return result.rows;
}

export interface NewDeadline extends UserMarket {
  /** Null takes it away. */
  readonly deadlineMs: number | null;
  readonly outboxId: number;
}

export async function saveDeadlines(tx: Tx, deadlines: readonly NewDeadline[]): Promise<void> {
  if (deadlines.length === 0) return;
  // Of two for one user and market in a batch the later holds.
  const newest = new Map(deadlines.map((each) => [`${each.userNumber} ${each.market}`, each]));
  await tx.query({
    name: 'orders-save-deadlines',
    text: `INSERT INTO orders.deadlines AS d (user_number, market, deadline_ms, outbox_id)
     SELECT "userNumber", market, "deadlineMs", "outboxId"
     FROM json_to_recordset($1::json) AS n ("userNumber" bigint, market text, "deadlineMs" bigint,
       "outboxId" bigint)
     ORDER BY "userNumber", market
     ON CONFLICT (user_number, market) DO UPDATE
       SET deadline_ms = excluded.deadline_ms, outbox_id = excluded.outbox_id`,
    values: [JSON.stringify([...newest.values()])],
  });
}
