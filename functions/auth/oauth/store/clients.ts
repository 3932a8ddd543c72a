// The SQL of OAuth clients: who they are, what operators do with them, wrong secrets.
import type { Pool, Queryable } from '../../../../shared/db/pool.ts';
import { withTransaction } from '../../../../shared/db/pool.ts';
import type { Scope } from '../../../../shared/domain/caller.ts';
import { assert } from '../../../../shared/domain/failure.ts';
import type { Operator } from '../../../../shared/operator/operator.ts';

/** Wrong secrets are counted in windows of this length. */
export const FAILURES_WINDOW_MS = 60_000;

export interface Client {
  readonly clientNumber: number;
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly Scope[];
  /** Null for a public client. */
  readonly secretHash: Buffer | null;
  /** The one before it, while that is still taken. */
  readonly previousSecretHash: Buffer | null;
  /** Whom an institutional client acts for; null for others. */
  readonly userNumber: number | null;
  readonly status: 'active' | 'disabled';
  /** Wrong secrets in the window of now. */
  readonly failures: number;
}

export async function findClient(
  db: Queryable,
  clientNumber: number,
  nowMs: number,
): Promise<Client | null> {
  const result = await db.query<Client>(
    `SELECT client_number AS "clientNumber", name, redirect_uris AS "redirectUris", scopes,
       secret_hash AS "secretHash",
       CASE WHEN previous_secret_until > $3::timestamptz THEN previous_secret_hash END
         AS "previousSecretHash",
       user_number AS "userNumber", status,
       CASE WHEN failures_since > $2::timestamptz THEN failures ELSE 0 END AS failures
     FROM auth.oauth_clients WHERE client_number = $1::bigint`,
    [clientNumber, new Date(nowMs - FAILURES_WINDOW_MS), new Date(nowMs)],
  );
  return result.rows[0] ?? null;
}

/** Answers how many there are in the window now. */
export async function countFailure(
  db: Queryable,
  clientNumber: number,
  nowMs: number,
): Promise<number> {
  const result = await db.query<{ failures: number }>(
    `UPDATE auth.oauth_clients SET
       failures = CASE WHEN failures_since > $2::timestamptz THEN failures + 1 ELSE 1 END,
       failures_since =
         CASE WHEN failures_since > $2::timestamptz THEN failures_since ELSE $3::timestamptz END
     WHERE client_number = $1::bigint RETURNING failures`,
    [clientNumber, new Date(nowMs - FAILURES_WINDOW_MS), new Date(nowMs)],
  );
  return result.rows[0]?.failures ?? 0;
}

export interface NewClient {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly Scope[];
  readonly secretHash: Buffer | null;
  readonly userNumber: number | null;
}

export async function createClient(
  pool: Pool,
  client: NewClient,
  operator: Operator,
): Promise<number> {
  return withTransaction(pool, async (tx) => {
    const { name, redirectUris, scopes, secretHash, userNumber } = client;
    const result = await tx.query<{ clientNumber: number }>(
      `INSERT INTO auth.oauth_clients (name, redirect_uris, scopes, secret_hash, user_number)
       VALUES ($1, $2::text[], $3::text[], $4::bytea, $5::bigint)
       RETURNING client_number AS "clientNumber"`,
      [name, redirectUris, scopes, secretHash, userNumber],
    );
    const clientNumber = result.rows[0]?.clientNumber;
    assert(clientNumber !== undefined, 'an OAuth client was not written');
    await noteChange(tx, clientNumber, 'created', operator);
    return clientNumber;
  });
}

/**
 * The old secret is taken until then, and with null no longer; one that was still taken beside it
 * never is. False when there is no active client with a secret.
 */
export async function rotateSecret(
  pool: Pool,
  clientNumber: number,
  secretHash: Buffer,
  oldUntilMs: number | null,
  operator: Operator,
): Promise<boolean> {
  return withTransaction(pool, async (tx) => {
    const result = await tx.query(
      `UPDATE auth.oauth_clients SET secret_hash = $2::bytea, failures = 0,
         previous_secret_hash = CASE WHEN $3::timestamptz IS NOT NULL THEN secret_hash END,
         previous_secret_until = $3::timestamptz
       WHERE client_number = $1::bigint AND status = 'active' AND secret_hash IS NOT NULL`,
      [clientNumber, secretHash, oldUntilMs === null ? null : new Date(oldUntilMs)],
    );
    if (result.rowCount !== 1) return false;
    await noteChange(tx, clientNumber, 'secret_rotated', operator);
    return true;
  });
}

/** Ends all that it was granted, too. Null when there is no active one; else how many grants. */
export async function disableClient(
  pool: Pool,
  clientNumber: number,
  operator: Operator,
  nowMs: number,
): Promise<number | null> {
  return withTransaction(pool, async (tx) => {
    const result = await tx.query(
      `UPDATE auth.oauth_clients SET status = 'disabled'
       WHERE client_number = $1::bigint AND status = 'active'`,
      [clientNumber],
    );
    if (result.rowCount !== 1) return null;
    await noteChange(tx, clientNumber, 'disabled', operator);
    const ended = await tx.query<{ ended: number }>(
      `SELECT auth.end_grants(ARRAY(
         SELECT grant_number FROM auth.grants
         WHERE client_number = $1::bigint AND ended_at IS NULL
       ), 'client_disabled', $2::timestamptz) AS ended`,
      [clientNumber, new Date(nowMs)],
    );
    return ended.rows[0]?.ended ?? 0;
  });
}

async function noteChange(
  tx: Queryable,
  clientNumber: number,
  what: 'created' | 'secret_rotated' | 'disabled',
  { actor, reason }: Operator,
): Promise<void> {
  await tx.query(
    `INSERT INTO auth.oauth_client_changes (client_number, what, actor, reason)
     VALUES ($1, $2, $3, $4)`,
    [clientNumber, what, actor, reason],
  );
}

export interface ListedClient extends Omit<
  Client,
  'secretHash' | 'previousSecretHash' | 'failures'
> {
  readonly hasSecret: boolean;
  /** That have not ended. */
  readonly grants: number;
}

/** All of them: operators make few. */
export async function listClients(db: Queryable): Promise<ListedClient[]> {
  const result = await db.query<ListedClient>(
    `SELECT c.client_number AS "clientNumber", c.name, c.redirect_uris AS "redirectUris", c.scopes,
       c.secret_hash IS NOT NULL AS "hasSecret", c.user_number AS "userNumber", c.status,
       (SELECT count(*) FROM auth.grants g
        WHERE g.client_number = c.client_number AND g.ended_at IS NULL) AS grants
     FROM auth.oauth_clients c ORDER BY c.client_number`,
  );
  return result.rows;
}
