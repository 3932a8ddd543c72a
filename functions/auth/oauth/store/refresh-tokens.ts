// The SQL of refresh tokens: a chain a grant, of which the last link alone is good.
import type { Queryable, Tx } from '../../../../shared/db/pool.ts';
import type { Scope } from '../../../../shared/domain/caller.ts';

/** A grant that is not used for so long is over. */
export const REFRESH_LIFE_MS = 7 * 86_400_000;

/** Used tokens are known for what they are until so long after their end. */
const REFRESH_KEPT_MS = 86_400_000;

export async function saveFirstToken(
  tx: Tx,
  tokenHash: Buffer,
  grantNumber: number,
  nowMs: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO auth.refresh_tokens (token_hash, grant_number, created_at, expires_at)
     VALUES ($1::bytea, $2::bigint, $3::timestamptz, $4::timestamptz)`,
    [tokenHash, grantNumber, new Date(nowMs), new Date(nowMs + REFRESH_LIFE_MS)],
  );
}

export interface Rotation {
  readonly tokenHash: Buffer;
  readonly successorHash: Buffer;
  readonly clientNumber: number;
  /** Empty: all of the grant. */
  readonly scopes: readonly Scope[];
}

export interface Rotated {
  readonly grantNumber: number;
  readonly userNumber: number;
  readonly scopes: readonly Scope[];
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  /** Of the grant. */
  readonly expiresAt: Date;
}

/**
 * Uses a token up and puts its successor in its place, in one statement: of any number at once,
 * one gets it. Null when the token is not good; nothing has changed then, unless the grant ended
 * in the same moment.
 */
export async function rotateToken(
  tx: Tx,
  rotation: Rotation,
  nowMs: number,
): Promise<Rotated | null> {
  const result = await tx.query<Rotated>(
    `WITH spent AS (
       UPDATE auth.refresh_tokens r
       SET used_at = $5::timestamptz, successor_hash = $2::bytea
       FROM auth.grants g
       WHERE r.token_hash = $1::bytea AND r.used_at IS NULL AND r.expires_at > $5::timestamptz
         AND g.grant_number = r.grant_number AND g.client_number = $3::bigint
         AND g.scopes @> $4::text[] AND g.ended_at IS NULL AND g.expires_at > $5::timestamptz
         AND auth.is_active_user(g.user_number)
       RETURNING r.grant_number
     ), used AS (
       -- Waits for whoever is ending the grant, and finds nothing then.
       UPDATE auth.grants g SET last_used_at = greatest(g.last_used_at, $5::timestamptz)
       FROM spent s
       WHERE g.grant_number = s.grant_number AND g.ended_at IS NULL
       RETURNING g.grant_number, g.user_number, g.scopes, g.amr, g.authenticated_at, g.expires_at
     ), followed AS (
       INSERT INTO auth.refresh_tokens (token_hash, grant_number, created_at, expires_at)
       SELECT $2::bytea, u.grant_number, $5::timestamptz, least(u.expires_at, $6::timestamptz)
       FROM used u
     ), forgotten AS (
       DELETE FROM auth.refresh_tokens r USING spent s
       WHERE r.grant_number = s.grant_number AND r.used_at IS NOT NULL
         AND r.expires_at < $7::timestamptz
     )
     SELECT grant_number AS "grantNumber", user_number AS "userNumber", scopes, amr,
       authenticated_at AS "authenticatedAt", expires_at AS "expiresAt" FROM used`,
    [
      rotation.tokenHash,
      rotation.successorHash,
      rotation.clientNumber,
      rotation.scopes,
      new Date(nowMs),
      new Date(nowMs + REFRESH_LIFE_MS),
      new Date(nowMs - REFRESH_KEPT_MS),
    ],
  );
  return result.rows[0] ?? null;
}

export interface TokenFacts {
  readonly grantNumber: number;
  readonly clientNumber: number;
  readonly userNumber: number;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly usedAt: Date | null;
  readonly expiresAt: Date;
  /** The grant has not ended, and its user is active. */
  readonly grantLives: boolean;
}

export async function findToken(
  db: Queryable,
  tokenHash: Buffer,
  nowMs: number,
): Promise<TokenFacts | null> {
  const result = await db.query<TokenFacts>(
    `SELECT r.grant_number AS "grantNumber", g.client_number AS "clientNumber",
       g.user_number AS "userNumber", g.scopes, r.created_at AS "createdAt",
       r.used_at AS "usedAt", r.expires_at AS "expiresAt",
       g.ended_at IS NULL AND g.expires_at > $2::timestamptz
         AND auth.is_active_user(g.user_number) AS "grantLives"
     FROM auth.refresh_tokens r JOIN auth.grants g USING (grant_number)
     WHERE r.token_hash = $1::bytea`,
    [tokenHash, new Date(nowMs)],
  );
  return result.rows[0] ?? null;
}
