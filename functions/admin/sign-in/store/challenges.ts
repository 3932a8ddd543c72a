// The SQL of admin.challenges: what a passkey is to sign, for five minutes, once.
import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../../../shared/db/pool.ts';
import { CHALLENGE_LIFE_MS } from '../../../../shared/passkeys/passkey.ts';

const CHALLENGE_BYTES = 32;
/** Each new one takes some of those along that nobody has brought back. */
const CLEARED_MAX = 100;

/** `binding`: the enrolment or session that it is for; null: whoever signs in with it. */
export interface ChallengePurpose {
  readonly purpose: 'enrol' | 'register' | 'sign_in';
  readonly binding: Buffer | null;
}

export const SIGN_IN: ChallengePurpose = { purpose: 'sign_in', binding: null };

export function registeringIn(sessionId: string): ChallengePurpose {
  return { purpose: 'register', binding: createHash('sha256').update(sessionId).digest() };
}

/** In base64url. The last one for the same enrolment or session is good no more. */
export async function makeChallenge(
  db: Queryable,
  { purpose, binding }: ChallengePurpose,
  nowMs: number,
): Promise<string> {
  const challenge = randomBytes(CHALLENGE_BYTES);
  await db.query(
    `DELETE FROM admin.challenges WHERE challenge IN (
       SELECT c.challenge FROM admin.challenges c WHERE c.expires_at <= $1
       ORDER BY c.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [new Date(nowMs), CLEARED_MAX],
  );
  await db.query(
    `INSERT INTO admin.challenges (challenge, purpose, binding, expires_at)
     VALUES ($1::bytea, $2, $3::bytea, $4)
     ON CONFLICT (purpose, binding) WHERE binding IS NOT NULL DO UPDATE
       SET challenge = excluded.challenge, expires_at = excluded.expires_at`,
    [challenge, purpose, binding, new Date(nowMs + CHALLENGE_LIFE_MS)],
  );
  return challenge.toString('base64url');
}

/** True for the one caller who brings it back first, in time. Whatever comes of it, it is gone. */
export async function takeChallenge(
  db: Queryable,
  challenge: string,
  { purpose, binding }: ChallengePurpose,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query<{ fresh: boolean }>(
    `DELETE FROM admin.challenges
     WHERE challenge = $1::bytea AND purpose = $2 AND binding IS NOT DISTINCT FROM $3::bytea
     RETURNING expires_at > $4 AS fresh`,
    [Buffer.from(challenge, 'base64url'), purpose, binding, new Date(nowMs)],
  );
  return result.rows[0]?.fresh === true;
}
