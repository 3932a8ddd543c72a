// The SQL of API keys.
import { appendAudit } from '../../../shared/audit/append.ts';
import { byUser } from '../../../shared/audit/by-user.ts';
import { findViolatedConstraint } from '../../../shared/db/failure.ts';
import { withTransaction, type Pool, type Queryable } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { keyId, userId, type KeyId } from '../../../shared/domain/ids.ts';
import { readOwn } from '../read-own.ts';
import { KEYS_MAX, type KeyTerms } from './decide.ts';

/** First half of the advisory lock under which keys of an owner are counted. */
const LOCK_CLASS = 7_105_160;

export interface KeyRow {
  readonly keyNumber: number;
  readonly userNumber: number;
  readonly label: string;
  readonly type: 'ed25519' | 'hmac';
  readonly publicKey: Buffer | null;
  readonly scopes: readonly string[];
  readonly markets: readonly string[] | null;
  readonly addresses: readonly string[] | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

const COLUMNS = `key_number AS "keyNumber", user_number AS "userNumber", label, type,
  public_key AS "publicKey", scopes, markets, addresses::text[] AS addresses,
  created_at AS "createdAt", expires_at AS "expiresAt",
  date_trunc('minute', last_used_at) AS "lastUsedAt"`;

export interface NewKey extends KeyTerms {
  readonly keyNumber: number;
  readonly ownerNumber: number;
  readonly userNumber: number;
  readonly label: string;
  readonly type: 'ed25519' | 'hmac';
  readonly publicKey: Buffer | null;
  readonly sealedSecret: string | null;
  readonly nowMs: number;
  readonly requestId: string;
}

/** Drawn before the key is written, because its secret is sealed for its number. */
export async function drawKeyNumber(db: Queryable): Promise<number> {
  const result = await db.query<{ keyNumber: number }>(
    `SELECT nextval(pg_get_serial_sequence('auth.api_keys', 'key_number')) AS "keyNumber"`,
  );
  const row = result.rows[0];
  assert(row !== undefined, 'no number was drawn');
  return row.keyNumber;
}

/** True for a sub-account of the owner that is in good standing. */
export async function isSubAccount(
  db: Queryable,
  userNumber: number,
  ownerNumber: number,
): Promise<boolean> {
  const result = await db.query(
    `SELECT FROM users.standings
     WHERE user_number = $1::bigint AND parent_number = $2::bigint AND status = 'active'`,
    [userNumber, ownerNumber],
  );
  return result.rowCount === 1;
}

/** Keys are counted one request after the other, so that two cannot both be the last. */
export async function insertKey(
  pool: Pool,
  key: NewKey,
): Promise<KeyRow | 'too_many' | 'public_key_reused'> {
  try {
    return await withTransaction(pool, async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1::integer, hashint8($2::bigint))', [
        LOCK_CLASS,
        key.ownerNumber,
      ]);
      const result = await tx.query<KeyRow>(
        `INSERT INTO auth.api_keys (key_number, owner_number, user_number, label, type, public_key,
           sealed_secret, scopes, markets, addresses, created_at, expires_at)
         SELECT $1::bigint, $2::bigint, $3::bigint, $4::text, $5::text, $6::bytea, $7::text,
           $8::text[], $9::text[],
           (SELECT array_agg(DISTINCT network(a::inet)::cidr) FROM unnest($10::text[]) a),
           $11::timestamptz, $12::timestamptz
         WHERE (SELECT count(*) FROM auth.api_keys
           WHERE owner_number = $2::bigint AND ended_at IS NULL) < $13::integer
         RETURNING ${COLUMNS}`,
        [
          key.keyNumber,
          key.ownerNumber,
          key.userNumber,
          key.label,
          key.type,
          key.publicKey,
          key.sealedSecret,
          key.scopes,
          key.markets,
          key.addresses,
          new Date(key.nowMs),
          key.expiresAtMs === null ? null : new Date(key.expiresAtMs),
          KEYS_MAX,
        ],
      );
      const made = result.rows[0];
      if (made === undefined) return 'too_many';
      const { label, type, scopes } = key;
      const userKnown = { userId: userId(key.ownerNumber) };
      const after = { label, type, scopes: [...scopes], userId: userId(key.userNumber) };
      await appendAudit(
        tx,
        byUser('auth', userKnown, {
          action: 'api_keys.make',
          subject: keyId(key.keyNumber),
          before: null,
          after,
          requestId: key.requestId,
        }),
      );
      return made;
    });
  } catch (error) {
    if (findViolatedConstraint(error) === 'api_keys_by_public_key') return 'public_key_reused';
    throw error;
  }
}

/** Of the owner and their sub-accounts, newest first. */
export async function listKeys(pool: Pool, ownerNumber: number): Promise<KeyRow[]> {
  const result = await readOwn(pool, ownerNumber, (tx) =>
    tx.query<KeyRow>(
      `SELECT ${COLUMNS} FROM auth.own_api_keys
       WHERE owner_number = $1::bigint AND ended_at IS NULL ORDER BY key_number DESC`,
      [ownerNumber],
    ),
  );
  return result.rows;
}

/** Ends the key and tells every process; null when there is none of this owner. */
export async function endKey(
  pool: Pool,
  keyNumber: number,
  ownerNumber: number,
  nowMs: number,
  requestId: string,
): Promise<KeyId | null> {
  return withTransaction(pool, async (tx) => {
    const result = await tx.query<{ userNumber: number }>(
      `UPDATE auth.api_keys SET ended_at = $3::timestamptz, sealed_secret = NULL
       WHERE key_number = $1::bigint AND owner_number = $2::bigint AND ended_at IS NULL
       RETURNING user_number AS "userNumber"`,
      [keyNumber, ownerNumber, new Date(nowMs)],
    );
    const row = result.rows[0];
    if (row === undefined) return null;
    const id = keyId(keyNumber);
    await tx.query(`SELECT auth.revoke('credential', $1::bigint, ARRAY[$2::text])`, [
      row.userNumber,
      id,
    ]);
    const owner = { userId: userId(ownerNumber) };
    const change = { action: 'api_keys.end', subject: id, before: null, after: null, requestId };
    await appendAudit(tx, byUser('auth', owner, change));
    return id;
  });
}
