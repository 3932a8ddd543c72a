// The SQL of auth.signing_keys.
import type { Pool, Queryable, Tx } from '../../../shared/db/pool.ts';
import { withTransaction } from '../../../shared/db/pool.ts';
import type { Operator } from '../../../shared/operator/operator.ts';
import type { Sealed } from '../../../shared/secrets/seal.ts';
import { PUBLISHED_AFTER_MS, type KeyTimes, type Rotation } from './decide.ts';

/** Held by whoever makes or rotates keys, so that two of them come to one outcome. */
const KEYS_LOCK = 7_105_150;

export interface StoredKey extends KeyTimes {
  /** Null when it was destroyed. */
  readonly sealed: string | null;
}

export interface NewKey {
  readonly kid: string;
  readonly sealed: Sealed;
}

interface KeyRow {
  readonly kid: string;
  readonly sealed: string | null;
  readonly publishedAt: Date;
  readonly signsFrom: Date | null;
  readonly signsUntil: Date | null;
  readonly withdrawnAt: Date | null;
}

/** Oldest first, those that stand by last. */
export async function listKeys(db: Queryable): Promise<StoredKey[]> {
  const result = await db.query<KeyRow>(
    `SELECT kid, sealed, published_at AS "publishedAt", signs_from AS "signsFrom",
       signs_until AS "signsUntil", withdrawn_at AS "withdrawnAt"
     FROM auth.signing_keys ORDER BY signs_from NULLS LAST, kid`,
  );
  return result.rows.map((row) => ({
    kid: row.kid,
    sealed: row.sealed,
    publishedAtMs: row.publishedAt.getTime(),
    signsFromMs: row.signsFrom?.getTime() ?? null,
    signsUntilMs: row.signsUntil?.getTime() ?? null,
    withdrawnAtMs: row.withdrawnAt?.getTime() ?? null,
  }));
}

/** Nobody else makes or rotates keys until `work` is done. */
export function withKeysLocked<Result>(
  pool: Pool,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  return withTransaction(pool, async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
    return work(tx);
  });
}

/** A key that signs at once, or with null one that stands by. */
export async function addKey(
  tx: Tx,
  { kid, sealed }: NewKey,
  publishedAtMs: number,
  signsFromMs: number | null,
): Promise<void> {
  await tx.query(
    `INSERT INTO auth.signing_keys (kid, sealed, published_at, signs_from)
     VALUES ($1, $2, $3, $4)`,
    [kid, sealed, new Date(publishedAtMs), signsFromMs === null ? null : new Date(signsFromMs)],
  );
}

/** Ends one key and begins the other, and destroys those that are of no use to anybody. */
export async function saveRotation(tx: Tx, rotation: Rotation, nowMs: number): Promise<void> {
  const at = new Date(rotation.atMs);
  await tx.query(
    `UPDATE auth.signing_keys SET signs_until = $2::timestamptz,
       withdrawn_at = CASE WHEN $3 THEN $2::timestamptz END
     WHERE kid = $1`,
    [rotation.from, at, rotation.withdraw],
  );
  await tx.query('UPDATE auth.signing_keys SET signs_from = $2 WHERE kid = $1', [rotation.to, at]);
  await tx.query('UPDATE auth.signing_keys SET sealed = NULL WHERE signs_until < $1', [
    new Date(nowMs - PUBLISHED_AFTER_MS),
  ]);
}

/** None of them signs, is published, or can ever be opened from now on. */
export async function withdrawKeys(tx: Tx, kids: readonly string[], nowMs: number): Promise<void> {
  await tx.query(
    `UPDATE auth.signing_keys SET sealed = NULL, withdrawn_at = $2,
       signs_from = least(signs_from, $2::timestamptz),
       signs_until = least(signs_until, $2::timestamptz)
     WHERE kid = ANY ($1::text[])`,
    [kids, new Date(nowMs)],
  );
}

export async function noteChange(
  tx: Tx,
  what: 'made' | 'rotated' | 'withdrawn',
  kid: string,
  { actor, reason }: Operator,
  nowMs: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO auth.signing_key_changes (changed_at, what, kid, actor, reason)
     VALUES ($1, $2, $3, $4, $5)`,
    [new Date(nowMs), what, kid, actor, reason],
  );
}

export interface KeyChange extends Operator {
  readonly changedAt: Date;
  readonly what: string;
  readonly kid: string;
}

/** Newest first. */
export async function listKeyChanges(db: Queryable, limit: number): Promise<KeyChange[]> {
  const result = await db.query<KeyChange>(
    `SELECT changed_at AS "changedAt", what, kid, actor, reason
     FROM auth.signing_key_changes ORDER BY change_number DESC LIMIT $1`,
    [limit],
  );
  return result.rows;
}
