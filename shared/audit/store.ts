// What anchors and verifier read of the audit schema (roles bourse_audit_anchor, ..._reader).
import type { Queryable } from '../db/pool.ts';
import type { ChainedRow } from './chain.ts';
import type { Head } from './anchor.ts';

export interface StoredHead extends Head {
  readonly recordedAtMs: number;
}

export async function listHeads(db: Queryable): Promise<StoredHead[]> {
  const result = await db.query<StoredHead>(
    `SELECT stream, sequence, recorded_at_ms AS "recordedAtMs", hash
     FROM audit.heads ORDER BY stream`,
  );
  return result.rows;
}

/** Streams that have rows, whether or not there is a head. */
export async function listStreams(db: Queryable): Promise<string[]> {
  const result = await db.query<{ stream: string }>(
    `SELECT stream FROM audit.heads
     UNION SELECT DISTINCT stream FROM audit.records ORDER BY stream`,
  );
  return result.rows.map(({ stream }) => stream);
}

/** A record with the columns that are searched, which must say the same. */
export interface StoredRow extends ChainedRow {
  readonly actorKind: string | null;
  readonly actorId: string | null;
  readonly action: string | null;
  readonly subject: string | null;
}

/** The next rows of a stream after a number, in their order. */
export async function listRows(
  db: Queryable,
  stream: string,
  afterSequence: number,
  rowsMax: number,
): Promise<StoredRow[]> {
  const result = await db.query<StoredRow>(
    `SELECT stream, sequence, recorded_at_ms AS "recordedAtMs", database_role AS "databaseRole",
       record, previous_hash AS "previousHash", hash, actor_kind AS "actorKind",
       actor_id AS "actorId", action, subject
     FROM audit.records WHERE stream = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`,
    [stream, afterSequence, rowsMax],
  );
  return result.rows;
}
