// The one door to the audit log: a record in the transaction of the change that it tells of.
import type { Queryable } from '../db/pool.ts';
import { canonicalJson, canonicalRecord, type AuditRecord, type JsonValue } from './record.ts';

/**
 * Appends to the record's stream; answers its number there. Call it last in the transaction of the
 * change: the stream is locked from here to the commit. Rejects when the role that is logged in may
 * not write to the stream.
 */
export async function appendAudit(tx: Queryable, record: AuditRecord): Promise<number> {
  const result = await tx.query<{ sequence: number }>('SELECT audit.append($1, $2) AS sequence', [
    record.stream,
    canonicalRecord(record),
  ]);
  const row = result.rows[0];
  if (row === undefined) throw new Error('the audit log gave no number');
  return row.sequence;
}

/**
 * Makes a change between two looks at what it changes, and appends what it was and what it became;
 * a change that changes nothing is not told of. Whoever calls this holds a lock that keeps others
 * from changing the same, or `before` may be older than the change.
 */
export async function changeAudited<Result>(
  tx: Queryable,
  head: Omit<AuditRecord, 'before' | 'after'>,
  read: () => Promise<JsonValue>,
  change: () => Promise<Result>,
): Promise<Result> {
  const before = await read();
  const result = await change();
  const after = await read();
  if (canonicalJson(before) !== canonicalJson(after)) {
    await appendAudit(tx, { ...head, before, after });
  }
  return result;
}
