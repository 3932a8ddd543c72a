// Opens a session for somebody who has proven who they are.
import type { Queryable } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { sessionId, type SessionId } from '../../../shared/domain/ids.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';

/** Without use; ASVS 5.0 7.3.1. */
export const SESSION_IDLE_MS = 30 * 60_000;
/** Whatever is done with it; ASVS 5.0 7.3.2. */
export const SESSION_LIFE_MS = 12 * 3_600_000;

export const USER_AGENT_CHARACTERS_MAX = 400;

/** RFC 8176: password, one-time code, hardware key, and recovery code (ours). */
export type AuthenticationMethod = 'pwd' | 'otp' | 'hwk' | 'rec';

export interface SignedIn {
  readonly userNumber: number;
  readonly amr: readonly AuthenticationMethod[];
  /** Of the device, as far as it is known. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface OpenedSession {
  readonly sessionId: SessionId;
  /** Shown once: only its hash is kept. */
  readonly sessionToken: string;
  readonly expiresAt: Date;
}

export async function openSession(
  db: Queryable,
  { userNumber, amr, address, userAgent }: SignedIn,
  nowMs: number,
): Promise<OpenedSession> {
  const sessionToken = drawSecret('bst');
  const now = new Date(nowMs);
  const expiresAt = new Date(nowMs + SESSION_LIFE_MS);
  const result = await db.query<{ sessionNumber: number }>(
    `INSERT INTO auth.sessions (user_number, token_hash, amr, authenticated_at, created_at,
       last_used_at, expires_at, address, user_agent)
     VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7) RETURNING session_number AS "sessionNumber"`,
    [
      userNumber,
      hashSecret(sessionToken),
      amr,
      now,
      expiresAt,
      address,
      userAgent?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
    ],
  );
  const row = result.rows[0];
  assert(row !== undefined, 'a session was not written');
  return { sessionId: sessionId(row.sessionNumber), sessionToken, expiresAt };
}
