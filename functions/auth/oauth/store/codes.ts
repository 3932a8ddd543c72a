// The SQL of authorization codes: made by a session that lives, used once.
import type { Queryable, Tx } from '../../../../shared/db/pool.ts';
import type { Scope } from '../../../../shared/domain/caller.ts';
import { SESSION_IDLE_MS } from '../../sessions/open-session.ts';

/** RFC 6749 advises ten minutes at most; a redirect takes seconds. */
export const CODE_LIFE_MS = 60_000;

/** A code that comes twice is known for what it is for so long. */
const CODE_KEPT_MS = 86_400_000;

export interface NewCode {
  readonly codeHash: Buffer;
  readonly clientNumber: number;
  readonly userNumber: number;
  readonly sessionNumber: number;
  readonly redirectUri: string;
  readonly scopes: readonly Scope[];
  readonly codeChallenge: string;
}

/** False when the session has ended. Forgets old codes of the user on the way. */
export async function saveCode(db: Queryable, code: NewCode, nowMs: number): Promise<boolean> {
  const result = await db.query(
    `WITH forgotten AS (
       DELETE FROM auth.oauth_codes
       WHERE user_number = $3::bigint AND expires_at < $10::timestamptz
     )
     INSERT INTO auth.oauth_codes (code_hash, client_number, user_number, session_number,
       redirect_uri, scopes, code_challenge, expires_at)
     SELECT $1::bytea, $2::bigint, s.user_number, s.session_number, $5, $6::text[], $7,
       $8::timestamptz
     FROM auth.sessions s
     WHERE s.session_number = $4::bigint AND s.user_number = $3::bigint AND s.ended_at IS NULL
       AND s.expires_at > $9::timestamptz AND s.last_used_at > $11::timestamptz`,
    [
      code.codeHash,
      code.clientNumber,
      code.userNumber,
      code.sessionNumber,
      code.redirectUri,
      code.scopes,
      code.codeChallenge,
      new Date(nowMs + CODE_LIFE_MS),
      new Date(nowMs),
      new Date(nowMs - CODE_KEPT_MS),
      new Date(nowMs - SESSION_IDLE_MS),
    ],
  );
  return result.rowCount === 1;
}

export interface SpentCode {
  readonly userNumber: number;
  readonly redirectUri: string;
  readonly scopes: readonly Scope[];
  readonly codeChallenge: string;
  readonly expiresAt: Date;
  /** Whether the session that agreed still lives. */
  readonly sessionLives: boolean;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
}

/** Null when it was used before, or is none of this client. Of two at once, one gets it. */
export async function spendCode(
  tx: Tx,
  codeHash: Buffer,
  clientNumber: number,
  nowMs: number,
): Promise<SpentCode | null> {
  const result = await tx.query<SpentCode>(
    `UPDATE auth.oauth_codes c SET used_at = $3::timestamptz
     FROM auth.sessions s
     WHERE c.code_hash = $1::bytea AND c.client_number = $2::bigint AND c.used_at IS NULL
       AND s.session_number = c.session_number
     RETURNING c.user_number AS "userNumber", c.redirect_uri AS "redirectUri", c.scopes,
       c.code_challenge AS "codeChallenge", c.expires_at AS "expiresAt", s.amr,
       s.authenticated_at AS "authenticatedAt",
       s.ended_at IS NULL AND s.expires_at > $3::timestamptz
         AND s.last_used_at > $4::timestamptz AS "sessionLives"`,
    [codeHash, clientNumber, new Date(nowMs), new Date(nowMs - SESSION_IDLE_MS)],
  );
  return result.rows[0] ?? null;
}

export async function noteGrantOfCode(
  tx: Tx,
  codeHash: Buffer,
  grantNumber: number,
): Promise<void> {
  await tx.query(
    'UPDATE auth.oauth_codes SET grant_number = $2::bigint WHERE code_hash = $1::bytea',
    [codeHash, grantNumber],
  );
}

/** What a used code was exchanged for; null when it is unknown, or got nothing. */
export async function findGrantOfCode(
  tx: Tx,
  codeHash: Buffer,
  clientNumber: number,
): Promise<number | null> {
  const result = await tx.query<{ grantNumber: number | null }>(
    `SELECT grant_number AS "grantNumber" FROM auth.oauth_codes
     WHERE code_hash = $1::bytea AND client_number = $2::bigint`,
    [codeHash, clientNumber],
  );
  return result.rows[0]?.grantNumber ?? null;
}
