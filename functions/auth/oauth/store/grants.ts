// The SQL of grants: what a client may do for a user, from its first token to its end.
import type { Pool, Queryable, Tx } from '../../../../shared/db/pool.ts';
import type { Scope } from '../../../../shared/domain/caller.ts';
import { readOwn } from '../../read-own.ts';

/** A user is asked again after so long. */
export const GRANT_LIFE_MS = 30 * 86_400_000;

export type GrantEnd = 'revoked_by_user' | 'revoked_by_client' | 'token_reused' | 'code_reused';

export interface NewGrant {
  readonly clientNumber: number;
  readonly userNumber: number;
  readonly scopes: readonly Scope[];
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
}

/**
 * Null when the client was disabled meanwhile, or the user is not active. The client is locked
 * until the transaction ends, so that disabling it finds every grant.
 */
export async function createGrant(tx: Tx, grant: NewGrant, nowMs: number): Promise<number | null> {
  const result = await tx.query<{ grantNumber: number }>(
    `WITH client AS (
       SELECT client_number FROM auth.oauth_clients
       WHERE client_number = $1::bigint AND status = 'active' FOR SHARE
     )
     INSERT INTO auth.grants (user_number, client_number, kind, scopes, amr, authenticated_at,
       created_at, last_used_at, expires_at)
     SELECT $2::bigint, c.client_number, 'by_user', $3::text[], $4::text[], $5::timestamptz,
       $6::timestamptz, $6::timestamptz, $7::timestamptz
     FROM client c WHERE auth.is_active_user($2::bigint)
     RETURNING grant_number AS "grantNumber"`,
    [
      grant.clientNumber,
      grant.userNumber,
      grant.scopes,
      grant.amr,
      grant.authenticatedAt,
      new Date(nowMs),
      new Date(nowMs + GRANT_LIFE_MS),
    ],
  );
  return result.rows[0]?.grantNumber ?? null;
}

/**
 * The one grant of an institutional client, made when there is none. Null when the client was
 * disabled meanwhile, or its user is not active.
 */
export async function useInstitutionGrant(
  tx: Tx,
  clientNumber: number,
  nowMs: number,
): Promise<number | null> {
  const result = await tx.query<{ grantNumber: number }>(
    `WITH client AS (
       SELECT client_number, user_number, scopes FROM auth.oauth_clients
       WHERE client_number = $1::bigint AND status = 'active' FOR SHARE
     )
     INSERT INTO auth.grants (user_number, client_number, kind, scopes, amr, authenticated_at,
       created_at, last_used_at, expires_at)
     SELECT c.user_number, c.client_number, 'institution', c.scopes, ARRAY[]::text[],
       $2::timestamptz, $2::timestamptz, $2::timestamptz, $3::timestamptz
     FROM client c WHERE auth.is_active_user(c.user_number)
     ON CONFLICT (client_number) WHERE kind = 'institution' AND ended_at IS NULL
     DO UPDATE SET last_used_at = greatest(grants.last_used_at, excluded.last_used_at),
       expires_at = greatest(grants.expires_at, excluded.expires_at), scopes = excluded.scopes
     RETURNING grant_number AS "grantNumber"`,
    [clientNumber, new Date(nowMs), new Date(nowMs + GRANT_LIFE_MS)],
  );
  return result.rows[0]?.grantNumber ?? null;
}

/** Its access tokens are refused from then on. False when it had ended already. */
export async function endGrant(
  db: Queryable,
  grantNumber: number,
  reason: GrantEnd,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query<{ ended: number }>(
    'SELECT auth.end_grants(ARRAY[$1::bigint], $2, $3::timestamptz) AS ended',
    [grantNumber, reason, new Date(nowMs)],
  );
  return result.rows[0]?.ended === 1;
}

/** Null unless it is a live grant of this client. */
export async function findGrantOfClient(
  db: Queryable,
  grantNumber: number,
  clientNumber: number,
  nowMs: number,
): Promise<{ readonly userNumber: number } | null> {
  const result = await db.query<{ userNumber: number }>(
    `SELECT user_number AS "userNumber" FROM auth.grants
     WHERE grant_number = $1::bigint AND client_number = $2::bigint AND ended_at IS NULL
       AND expires_at > $3::timestamptz AND auth.is_active_user(user_number)`,
    [grantNumber, clientNumber, new Date(nowMs)],
  );
  return result.rows[0] ?? null;
}

export async function findUserOfGrant(db: Queryable, grantNumber: number): Promise<number | null> {
  const result = await db.query<{ userNumber: number }>(
    'SELECT user_number AS "userNumber" FROM auth.grants WHERE grant_number = $1::bigint',
    [grantNumber],
  );
  return result.rows[0]?.userNumber ?? null;
}

export async function isGrantOfUser(
  db: Queryable,
  grantNumber: number,
  userNumber: number,
): Promise<boolean> {
  const result = await db.query(
    'SELECT FROM auth.grants WHERE grant_number = $1::bigint AND user_number = $2::bigint',
    [grantNumber, userNumber],
  );
  return result.rowCount === 1;
}

export interface ListedGrant {
  readonly grantNumber: number;
  readonly clientNumber: number;
  readonly clientName: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
}

/** Those that a client can still use, newest first; those below `before` where it is given. */
export async function listGrants(
  pool: Pool,
  userNumber: number,
  page: { readonly before: number | null; readonly limit: number },
  nowMs: number,
): Promise<ListedGrant[]> {
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<ListedGrant>(
      `SELECT g.grant_number AS "grantNumber", g.client_number AS "clientNumber",
         g.client_name AS "clientName", g.scopes, g.created_at AS "createdAt",
         g.last_used_at AS "lastUsedAt", g.expires_at AS "expiresAt"
       FROM auth.own_grants g
       WHERE g.user_number = $1::bigint AND g.ended_at IS NULL
         AND g.expires_at > $2::timestamptz AND g.usable_until > $2::timestamptz
         AND ($3::bigint IS NULL OR g.grant_number < $3::bigint)
       ORDER BY g.grant_number DESC LIMIT $4`,
      [userNumber, new Date(nowMs), page.before, page.limit],
    ),
  );
  return result.rows;
}
