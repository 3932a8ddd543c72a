// The SQL of password hashes, and of what ends or waits when one changes.
import type { Queryable, Tx } from '../../../shared/db/pool.ts';

export async function findPasswordHash(db: Queryable, userNumber: number): Promise<string | null> {
  const result = await db.query<{ hash: string }>(
    'SELECT hash FROM users.passwords WHERE user_number = $1',
    [userNumber],
  );
  return result.rows[0]?.hash ?? null;
}

export async function setPassword(
  tx: Tx,
  userNumber: number,
  hash: string,
  now: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO users.passwords (user_number, hash, changed_at) VALUES ($1, $2, $3)
     ON CONFLICT (user_number) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`,
    [userNumber, hash, now],
  );
}

/** False when the password is no longer the one that was checked. */
export async function replacePassword(
  tx: Tx,
  userNumber: number,
  hashes: { readonly old: string; readonly new: string },
  now: Date,
): Promise<boolean> {
  const result = await tx.query(
    `UPDATE users.passwords SET hash = $3, changed_at = $4 WHERE user_number = $1 AND hash = $2`,
    [userNumber, hashes.old, hashes.new, now],
  );
  return result.rowCount === 1;
}

/** All sessions of the user, but for the one to keep. */
export async function endSessions(
  tx: Tx,
  userNumber: number,
  reason: 'password_changed' | 'revoked',
  keep: number | null = null,
): Promise<void> {
  await tx.query('SELECT auth.end_sessions($1::bigint, $2::text, $3::bigint)', [
    userNumber,
    reason,
    keep,
  ]);
}

/** Hours that withdrawals wait after each change (docs/identity.md, "Holds"). */
const HOLD_HOURS = { password_changed: 24, password_reset: 72, email_changed: 72 } as const;
export type HoldKind = keyof typeof HOLD_HOURS;

export async function startHold(tx: Tx, userNumber: number, kind: HoldKind): Promise<void> {
  await tx.query('SELECT auth.start_withdrawal_hold($1::bigint, $2::text, $3::integer)', [
    userNumber,
    kind,
    HOLD_HOURS[kind],
  ]);
}
