// The SQL of auth.step_ups; auth.use_step_up, in the database, uses one up.
import type { Queryable } from '../../../../shared/db/pool.ts';

export const STEP_UP_LIFE_MS = 5 * 60_000;

export interface NewStepUp {
  readonly hash: Buffer;
  readonly userNumber: number;
  readonly sessionNumber: number;
  readonly action: Buffer;
}

/** False when the session is over. A factor was shown: the session says when. */
export async function saveStepUp(
  db: Queryable,
  { hash, userNumber, sessionNumber, action }: NewStepUp,
  nowMs: number,
): Promise<boolean> {
  const now = new Date(nowMs);
  await db.query(
    `DELETE FROM auth.step_ups WHERE step_up_hash IN (
       SELECT s.step_up_hash FROM auth.step_ups s
       WHERE s.user_number = $1 AND s.expires_at <= $2 FOR UPDATE SKIP LOCKED)`,
    [userNumber, now],
  );
  const result = await db.query(
    `WITH session AS (
       UPDATE auth.sessions SET authenticated_at = $5
       WHERE session_number = $3 AND user_number = $2 AND ended_at IS NULL
       RETURNING session_number
     )
     INSERT INTO auth.step_ups (step_up_hash, user_number, session_number, action_hash, expires_at)
     SELECT $1::bytea, $2::bigint, s.session_number, $4::bytea, $6 FROM session s`,
    [hash, userNumber, sessionNumber, action, now, new Date(nowMs + STEP_UP_LIFE_MS)],
  );
  return result.rowCount === 1;
}
