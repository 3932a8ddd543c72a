// The SQL of auth.sign_in_failures. An attempt is counted as failed before its password is looked
// at, and taken back when it was right: a thousand at once are counted as a thousand.
import { withTransaction, type Pool, type Queryable } from '../../../../shared/db/pool.ts';
import {
  decideThrottle,
  FAILURE_KINDS,
  FAILURES_KEPT_MS,
  type FailureCount,
  type FailureKind,
} from '../decide.ts';

/** Forgotten rows that one attempt clears away: more than it can add. */
const CLEARED_MAX = 20;

/** What an attempt is counted under; always in the order of FAILURE_KINDS, so that locks are. */
export type Subjects = Readonly<Record<FailureKind, string>>;

/**
 * The account by the index of its address, the client's address, and its subnet: IPv4 /24, IPv6 /64.
 */
export async function findSubjects(
  db: Queryable,
  emailIndex: Buffer,
  address: string,
): Promise<Subjects> {
  const result = await db.query<Subjects>(
    `SELECT encode($1::bytea, 'hex') AS account,
       host($2::inet) AS address,
       network(set_masklen($2::inet, CASE family($2::inet) WHEN 4 THEN 24 ELSE 64 END))::text
         AS subnet`,
    [emailIndex, address],
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('a select without a table has one row');
  return row;
}

/** Counts an attempt and answers 0, or counts nothing and answers how long it has to wait. */
export async function countAttempt(
  pool: Pool,
  subjects: Subjects,
  isKnownAddress: boolean,
  nowMs: number,
): Promise<number> {
  const now = new Date(nowMs);
  const keys = [FAILURE_KINDS, FAILURE_KINDS.map((kind) => subjects[kind])];
  await clearForgotten(pool, nowMs);
  return withTransaction(pool, async (tx) => {
    // What is there is locked, and answered as it is.
    const found = await tx.query<Omit<FailureCount, 'lastFailedAtMs'> & { lastFailedAt: Date }>(
      `INSERT INTO auth.sign_in_failures AS f (kind, subject, failures, last_failed_at)
       SELECT k.kind, k.subject, 0, $3
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY k (kind, subject, place)
       ORDER BY k.place
       ON CONFLICT (kind, subject) DO UPDATE SET failures = f.failures
       RETURNING f.kind, f.failures, f.last_failed_at AS "lastFailedAt"`,
      [...keys, now],
    );
    const counts = found.rows.map(({ kind, failures, lastFailedAt }) => {
      return { kind, failures, lastFailedAtMs: lastFailedAt.getTime() };
    });
    const throttle = decideThrottle(counts, isKnownAddress, nowMs);
    if (throttle.kind === 'wait') return throttle.waitMs;
    await tx.query(
      `UPDATE auth.sign_in_failures f SET failures = k.failures, last_failed_at = $4
       FROM unnest($1::text[], $2::text[], $3::integer[]) k (kind, subject, failures)
       WHERE f.kind = k.kind AND f.subject = k.subject`,
      [...keys, FAILURE_KINDS.map((kind) => throttle.failures[kind]), now],
    );
    return 0;
  });
}

/**
 * Takes back an attempt that was none of a stranger's guesses. `wasRight`: the account has no
 * failures in a row any more; address and subnet lose this attempt alone, or who has an account of
 * their own could wipe their slate clean with it. Locks in the order of kinds, see countAttempt.
 */
export async function takeBackAttempt(
  db: Queryable,
  subjects: Subjects,
  wasRight: boolean,
): Promise<void> {
  await db.query(
    `WITH locked AS MATERIALIZED (
       SELECT f.kind, f.subject
       FROM auth.sign_in_failures f JOIN unnest($1::text[], $2::text[]) k (kind, subject)
         ON f.kind = k.kind AND f.subject = k.subject
       ORDER BY f.kind FOR UPDATE OF f
     )
     UPDATE auth.sign_in_failures f SET failures =
       CASE WHEN $3 AND f.kind = 'account' THEN 0 ELSE greatest(0, f.failures - 1) END
     FROM locked l WHERE f.kind = l.kind AND f.subject = l.subject`,
    [FAILURE_KINDS, FAILURE_KINDS.map((kind) => subjects[kind]), wasRight],
  );
}

async function clearForgotten(db: Queryable, nowMs: number): Promise<void> {
  await db.query(
    `DELETE FROM auth.sign_in_failures f USING (
       SELECT kind, subject FROM auth.sign_in_failures WHERE last_failed_at < $1
       ORDER BY last_failed_at LIMIT $2 FOR UPDATE SKIP LOCKED) old
     WHERE f.kind = old.kind AND f.subject = old.subject`,
    [new Date(nowMs - FAILURES_KEPT_MS), CLEARED_MAX],
  );
}
