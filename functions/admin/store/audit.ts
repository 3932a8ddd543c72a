// The SQL of searches in the audit log.
import type { Queryable } from '../../../shared/db/pool.ts';

export interface AuditRow {
  readonly stream: string;
  readonly sequence: number;
  readonly recordedAtMs: number;
  readonly hash: string;
  /** Canonical JSON of the record. */
  readonly record: string;
}

export interface AuditSearch {
  readonly stream: string | null;
  readonly subject: string | null;
  readonly actor: string | null;
  /** Inclusive. */
  readonly fromMs: number | null;
  /** Exclusive. */
  readonly toMs: number | null;
  /** Goes on after this row: time, stream and number. */
  readonly after: readonly [number, string, number] | null;
}

/** Newest first; of one time, by stream and number, both downwards. */
export async function searchAudit(
  db: Queryable,
  search: AuditSearch,
  rowsMax: number,
): Promise<AuditRow[]> {
  const { stream, subject, actor, fromMs, toMs, after } = search;
  const result = await db.query<AuditRow>(
    `SELECT stream, sequence, recorded_at_ms AS "recordedAtMs", encode(hash, 'hex') AS hash, record
     FROM audit.records
     WHERE ($1::text IS NULL OR stream = $1) AND ($2::text IS NULL OR subject = $2)
       AND ($3::text IS NULL OR actor_id = $3) AND ($4::bigint IS NULL OR recorded_at_ms >= $4)
       AND ($5::bigint IS NULL OR recorded_at_ms < $5)
       AND ($6::bigint IS NULL OR (recorded_at_ms, stream, sequence) < ($6, $7::text, $8::bigint))
     ORDER BY recorded_at_ms DESC, stream DESC, sequence DESC LIMIT $9`,
    [stream, subject, actor, fromMs, toMs, ...(after ?? [null, null, null]), rowsMax],
  );
  return result.rows;
}
