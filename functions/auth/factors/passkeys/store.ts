// The SQL of auth.passkeys.
import type { Queryable } from '../../../../shared/db/pool.ts';
import type { Passkey } from '../../../../shared/passkeys/passkey.ts';

export const PASSKEYS_MAX = 10;

export interface StoredPasskey extends Passkey {
  readonly factorNumber: number;
}

export interface NewPasskey extends Passkey {
  readonly name: string;
}

export async function listPasskeys(db: Queryable, userNumber: number): Promise<StoredPasskey[]> {
  const result = await db.query<StoredPasskey>(
    `SELECT factor_number AS "factorNumber", credential_id AS "credentialId",
       public_key AS "publicKey", counter, transports
     FROM auth.passkeys WHERE user_number = $1 ORDER BY factor_number`,
    [userNumber],
  );
  return result.rows;
}

/** Null when it is not this user's. */
export async function findPasskey(
  db: Queryable,
  userNumber: number,
  credentialId: Buffer,
): Promise<StoredPasskey | null> {
  const result = await db.query<StoredPasskey>(
    `SELECT factor_number AS "factorNumber", credential_id AS "credentialId",
       public_key AS "publicKey", counter, transports
     FROM auth.passkeys WHERE user_number = $1 AND credential_id = $2::bytea`,
    [userNumber, credentialId],
  );
  return result.rows[0] ?? null;
}

/** Its number, or null when the credential is known already, whoever has it. */
export async function savePasskey(
  db: Queryable,
  userNumber: number,
  passkey: NewPasskey,
  nowMs: number,
): Promise<number | null> {
  const result = await db.query<{ factorNumber: number }>(
    `INSERT INTO auth.passkeys (user_number, credential_id, public_key, counter, transports, name,
       created_at)
     VALUES ($1, $2::bytea, $3::bytea, $4, $5::text[], $6, $7)
     ON CONFLICT (credential_id) DO NOTHING
     RETURNING factor_number AS "factorNumber"`,
    [
      userNumber,
      passkey.credentialId,
      passkey.publicKey,
      passkey.counter,
      passkey.transports,
      passkey.name,
      new Date(nowMs),
    ],
  );
  return result.rows[0]?.factorNumber ?? null;
}

/** False when the counter does not go ahead: there are two of what there should be one of. */
export async function useCounter(
  db: Queryable,
  userNumber: number,
  factorNumber: number,
  counter: number,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query(
    `UPDATE auth.passkeys SET counter = $3::bigint, last_used_at = $4
     WHERE user_number = $1 AND factor_number = $2
       AND (counter < $3::bigint OR (counter = 0 AND $3::bigint = 0))`,
    [userNumber, factorNumber, counter, new Date(nowMs)],
  );
  return result.rowCount === 1;
}
