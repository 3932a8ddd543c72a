// Counts tries of what could be guessed. A try is counted before it is looked at, in one statement:
// a hundred at once are no more than one after the other.
import type { Pool, Queryable } from '../../../shared/db/pool.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';

/** ASVS 5.0, 6.5.3 and 6.5.5. */
export const GUESSES_IN_A_ROW_MAX = 5;
export const GUESSES_LOCK_MS = 15 * 60_000;

export type Guessable = 'totp' | 'password';

/** Null: the try is counted and may be looked at. Refuses with FACTOR_LOCKED. */
export async function countGuess(
  pool: Pool,
  userNumber: number,
  what: Guessable,
  nowMs: number,
): Promise<Rejection | null> {
  const now = new Date(nowMs);
  const lockedUntil = new Date(nowMs + GUESSES_LOCK_MS);
  const counted = await pool.query(
    `INSERT INTO auth.guesses AS g (user_number, what, in_a_row) VALUES ($1, $2, 1)
     ON CONFLICT (user_number, what) DO UPDATE SET
       in_a_row = CASE WHEN g.locked_until IS NULL THEN g.in_a_row + 1 ELSE 1 END,
       locked_until = CASE WHEN g.locked_until IS NULL AND g.in_a_row + 1 >= $5::integer
         THEN $4::timestamptz END
     WHERE g.locked_until IS NULL OR g.locked_until <= $3::timestamptz
     RETURNING in_a_row`,
    [userNumber, what, now, lockedUntil, GUESSES_IN_A_ROW_MAX],
  );
  return counted.rows.length === 1 ? null : refuseLocked(pool, userNumber, what, nowMs);
}

async function refuseLocked(
  pool: Pool,
  userNumber: number,
  what: Guessable,
  nowMs: number,
): Promise<Rejection> {
  const found = await pool.query<{ until: Date | null }>(
    'SELECT locked_until AS until FROM auth.guesses WHERE user_number = $1 AND what = $2',
    [userNumber, what],
  );
  const untilMs = found.rows[0]?.until?.getTime() ?? nowMs;
  const retryAfterSeconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1_000));
  return reject('FACTOR_LOCKED', undefined, { retryAfterSeconds });
}

/** The last one was right. */
export async function forgetGuesses(
  db: Queryable,
  userNumber: number,
  what: Guessable,
): Promise<void> {
  await db.query('DELETE FROM auth.guesses WHERE user_number = $1 AND what = $2', [
    userNumber,
    what,
  ]);
}
