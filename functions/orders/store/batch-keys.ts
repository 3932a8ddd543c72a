// The names that clients give to batches, with what became of each of their orders.
import type { Tx } from '../../../shared/db/pool.ts';
import { KEY_RETENTION_MS } from './accept.ts';
import type { BatchResult } from '../decide/batch-keys.ts';

export interface KnownBatch {
  readonly userNumber: number;
  readonly key: string;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  readonly results: readonly BatchResult[];
}

export async function findBatches(
  tx: Tx,
  wanted: readonly { readonly userNumber: number; readonly key: string }[],
): Promise<KnownBatch[]> {
  if (wanted.length === 0) return [];
  const result = await tx.query<KnownBatch>({
    name: 'orders-find-batches',
    text: `SELECT k.user_number AS "userNumber", k.key,
       encode(k.request_hash, 'hex') AS "requestHash", k.results
     FROM unnest($1::bigint[], $2::text[]) w (user_number, key)
     JOIN orders.batch_keys k USING (user_number, key)`,
    values: [wanted.map((each) => each.userNumber), wanted.map((each) => each.key)],
  });
  return result.rows;
}

/** Fails with `batch_keys_pkey` when another instance has just accepted a batch of that name. */
export async function insertBatches(
  tx: Tx,
  batches: readonly KnownBatch[],
  nowMs: number,
): Promise<void> {
  if (batches.length === 0) return;
  await tx.query({
    name: 'orders-insert-batches',
    text: `INSERT INTO orders.batch_keys (user_number, key, request_hash, results, created_at_ms)
     SELECT "userNumber", key, decode("requestHash", 'hex'), results, $2
     FROM json_to_recordset($1::json) AS b ("userNumber" bigint, key text, "requestHash" text,
       results json)
     ORDER BY "userNumber", key`,
    values: [JSON.stringify(batches), nowMs],
  });
}

/** Forgets batches of a day ago of which no order is open any more; answers how many. */
export async function forgetOldBatches(tx: Tx, nowMs: number, rowsMax: number): Promise<number> {
  const result = await tx.query(
    `DELETE FROM orders.batch_keys WHERE (user_number, key) IN (
       SELECT k.user_number, k.key FROM orders.batch_keys k
       WHERE k.created_at_ms < $1 AND NOT EXISTS (
         SELECT FROM json_to_recordset(k.results) AS r ("orderNumber" bigint)
         JOIN orders.orders o ON o.order_number = r."orderNumber" WHERE o.is_open)
       ORDER BY k.created_at_ms LIMIT $2
       FOR UPDATE OF k SKIP LOCKED)`,
    [nowMs - KEY_RETENTION_MS, rowsMax],
  );
  return result.rowCount ?? 0;
}
