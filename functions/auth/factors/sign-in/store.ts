// The second half of a sign-in: tries of auth.pending_sign_ins, which the first half has written.
import type { Queryable } from '../../../../shared/db/pool.ts';

export interface PendingSignIn {
  readonly userNumber: number;
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** Null when it is unknown, done, too old or tried too often. Takes no try. */
export async function findPending(
  db: Queryable,
  pendingHash: Buffer,
  nowMs: number,
): Promise<number | null> {
  const result = await db.query<{ userNumber: number }>(
    `SELECT user_number AS "userNumber" FROM auth.pending_sign_ins
     WHERE pending_hash = $1::bytea AND used_at IS NULL AND expires_at > $2 AND tries_left > 0`,
    [pendingHash, new Date(nowMs)],
  );
  return result.rows[0]?.userNumber ?? null;
}

/** Takes a try before anything is looked at: many at once are no more than one after the other. */
export async function takeTry(
  db: Queryable,
  pendingHash: Buffer,
  nowMs: number,
): Promise<PendingSignIn | null> {
  const result = await db.query<PendingSignIn>(
    `UPDATE auth.pending_sign_ins SET tries_left = tries_left - 1
     WHERE pending_hash = $1::bytea AND used_at IS NULL AND expires_at > $2 AND tries_left > 0
     RETURNING user_number AS "userNumber", host(address) AS address, user_agent AS "userAgent"`,
    [pendingHash, new Date(nowMs)],
  );
  return result.rows[0] ?? null;
}

/**
 * True for one caller only, who holds it until the end of the transaction: others wait, and use
 * nothing up in vain.
 */
export async function lockPending(db: Queryable, pendingHash: Buffer): Promise<boolean> {
  const result = await db.query(
    `SELECT FROM auth.pending_sign_ins
     WHERE pending_hash = $1::bytea AND used_at IS NULL FOR UPDATE`,
    [pendingHash],
  );
  return result.rows.length === 1;
}

/** One sign-in opens one session. */
export async function usePending(
  db: Queryable,
  pendingHash: Buffer,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query(
    `UPDATE auth.pending_sign_ins SET used_at = $2
     WHERE pending_hash = $1::bytea AND used_at IS NULL`,
    [pendingHash, new Date(nowMs)],
  );
  return result.rowCount === 1;
}

/** How the user stands now; it may have changed since the password was right. */
export async function findStatus(db: Queryable, userNumber: number): Promise<string | null> {
  const result = await db.query<{ status: string }>(
    'SELECT status FROM users.standings WHERE user_number = $1',
    [userNumber],
  );
  return result.rows[0]?.status ?? null;
}
