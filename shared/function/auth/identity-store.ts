// What whoever checks callers reads of the database, over a small pool of its own: the function's
// own statements must not stand in the way of a revocation.
import { createPool, type Pool } from '../../db/pool.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** One for what was revoked, one for keys. */
const CONNECTIONS_MAX = 2;
/** Far below the time after which nobody is believed: a stuck connection is replaced before. */
const STATEMENT_TIMEOUT_MS = 2_000;

export interface StoredKey {
  readonly keyNumber: number;
  readonly ownerNumber: number;
  readonly userNumber: number;
  readonly type: 'ed25519' | 'hmac';
  readonly publicKey: Buffer | null;
  readonly sealedSecret: string | null;
  readonly scopes: readonly string[];
  readonly markets: readonly string[] | null;
  readonly addresses: readonly string[] | null;
  readonly expiresAt: Date | null;
}

export interface Revocation {
  readonly revocationNumber: number;
  readonly kind: 'credential' | 'user_blocked' | 'user_unblocked';
  /** Null unless a credential was revoked. */
  readonly credentialId: string | null;
  readonly userNumber: number;
}

/** Every method rejects while the database is away. */
export interface IdentityStore {
  /** Those that there are, in any order: without what has ended, with what has expired. */
  findKeys(keyNumbers: readonly number[]): Promise<readonly StoredKey[]>;
  /** In their order; at most `limit`. */
  revocationsAfter(revocationNumber: number, limit: number): Promise<readonly Revocation[]>;
  /** The last that is older than this; 0 when none is. */
  revocationBefore(seconds: number): Promise<number>;
  blockedUsers(): Promise<readonly number[]>;
  markKeysUsed(keyNumbers: readonly number[], atMs: number): Promise<void>;
  close(): Promise<void>;
}

export function openIdentityStore(
  url: string,
  applicationName: string,
  log: Logger,
): IdentityStore {
  const pool = createPool({
    url,
    applicationName,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    onError: (error) => log.warn({ err: error }, 'idle connection lost'),
  });
  return identityStoreOn(pool);
}

/** On a pool that is given; `close` ends it. */
export function identityStoreOn(pool: Pool): IdentityStore {
  return {
    findKeys: async (keyNumbers) => {
      const result = await pool.query<StoredKey>({
        name: 'identity-find-keys',
        text: `SELECT k.key_number AS "keyNumber", k.owner_number AS "ownerNumber",
             k.user_number AS "userNumber", k.type, k.public_key AS "publicKey",
             k.sealed_secret AS "sealedSecret", k.scopes, k.markets, k.addresses,
             k.expires_at AS "expiresAt"
           FROM unnest($1::bigint[]) n, auth.find_api_key(n) k`,
        values: [keyNumbers],
      });
      return result.rows;
    },
    revocationsAfter: async (revocationNumber, limit) => {
      const result = await pool.query<Revocation>({
        name: 'identity-revocations',
        text: `SELECT r.revocation_number AS "revocationNumber", r.kind,
             r.credential_id AS "credentialId", r.user_number AS "userNumber"
           FROM auth.revocations_after($1::bigint, $2::integer) r ORDER BY r.revocation_number`,
        values: [revocationNumber, limit],
      });
      return result.rows;
    },
    revocationBefore: async (seconds) => {
      const result = await pool.query<{ before: number }>(
        'SELECT auth.revocation_before($1::integer) AS before',
        [seconds],
      );
      return result.rows[0]?.before ?? 0;
    },
    blockedUsers: async () => {
      const result = await pool.query<{ userNumber: number }>(
        'SELECT u AS "userNumber" FROM auth.blocked_users() u',
      );
      return result.rows.map((row) => row.userNumber);
    },
    markKeysUsed: async (keyNumbers, atMs) => {
      await pool.query('SELECT auth.mark_api_keys_used($1::bigint[], $2::timestamptz)', [
        keyNumbers,
        new Date(atMs),
      ]);
    },
    close: () => pool.end(),
  };
}
