// Challenges for passkeys: for one purpose of one user, for five minutes, once.
import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../../../shared/db/pool.ts';
import { CHALLENGE_LIFE_MS } from '../../../../shared/passkeys/passkey.ts';

const CHALLENGE_BYTES = 32;

/** `binding` says for which session, pending sign-in or action the challenge is. */
export interface ChallengePurpose {
  readonly userNumber: number;
  readonly purpose: 'register' | 'sign_in' | 'step_up';
  readonly binding: Buffer;
}

/** 32 bytes that only this session, and this action of it, may bring back. */
export function bindTo(credentialId: string, action: Buffer | null = null): Buffer {
  return createHash('sha256')
    .update(`${credentialId}\n`)
    .update(action ?? '')
    .digest();
}

/** In base64url. The last one for the same purpose is good no more. */
export async function makeChallenge(
  db: Queryable,
  { userNumber, purpose, binding }: ChallengePurpose,
  nowMs: number,
): Promise<string> {
  const challenge = randomBytes(CHALLENGE_BYTES);
  await db.query(
    `DELETE FROM auth.challenges WHERE challenge IN (
       SELECT c.challenge FROM auth.challenges c
       WHERE c.user_number = $1 AND c.expires_at <= $2 FOR UPDATE SKIP LOCKED)`,
    [userNumber, new Date(nowMs)],
  );
  await db.query(
    `INSERT INTO auth.challenges (challenge, user_number, purpose, binding, expires_at)
     VALUES ($1::bytea, $2, $3, $4::bytea, $5)
     ON CONFLICT (user_number, purpose, binding) DO UPDATE
       SET challenge = excluded.challenge, expires_at = excluded.expires_at`,
    [challenge, userNumber, purpose, binding, new Date(nowMs + CHALLENGE_LIFE_MS)],
  );
  return challenge.toString('base64url');
}

/** True for the one caller who brings it back first, in time. Whatever comes of it, it is gone. */
export async function takeChallenge(
  db: Queryable,
  challenge: string,
  { userNumber, purpose, binding }: ChallengePurpose,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query<{ fresh: boolean }>(
    `DELETE FROM auth.challenges
     WHERE challenge = $1::bytea AND user_number = $2 AND purpose = $3 AND binding = $4::bytea
     RETURNING expires_at > $5 AS fresh`,
    [Buffer.from(challenge, 'base64url'), userNumber, purpose, binding, new Date(nowMs)],
  );
  return result.rows[0]?.fresh === true;
}
