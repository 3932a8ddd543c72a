// The SQL of admin.passkeys.
import type { Queryable, Tx } from '../../../../shared/db/pool.ts';
import type { Passkey } from '../../../../shared/passkeys/passkey.ts';

export interface StoredPasskey extends Passkey {
  readonly passkeyNumber: number;
  readonly staffNumber: number;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export type NewPasskey = Passkey & Pick<StoredPasskey, 'staffNumber' | 'name' | 'createdAt'>;

const COLUMNS = `passkey_number AS "passkeyNumber", staff_number AS "staffNumber",
  credential_id AS "credentialId", public_key AS "publicKey", counter, transports, name,
  created_at AS "createdAt", last_used_at AS "lastUsedAt"`;

/** The first made comes first. */
export async function listPasskeys(db: Queryable, staffNumber: number): Promise<StoredPasskey[]> {
  const result = await db.query<StoredPasskey>(
    `SELECT ${COLUMNS} FROM admin.passkeys WHERE staff_number = $1 ORDER BY passkey_number`,
    [staffNumber],
  );
  return result.rows;
}

/** Whoever has it. */
export async function findPasskey(
  db: Queryable,
  credentialId: Buffer,
): Promise<StoredPasskey | null> {
  const result = await db.query<StoredPasskey>(
    `SELECT ${COLUMNS} FROM admin.passkeys WHERE credential_id = $1::bytea`,
    [credentialId],
  );
  return result.rows[0] ?? null;
}

/** Null when the credential is known already, whoever has it. */
export async function savePasskey(tx: Tx, passkey: NewPasskey): Promise<StoredPasskey | null> {
  const result = await tx.query<StoredPasskey>(
    `INSERT INTO admin.passkeys (staff_number, credential_id, public_key, counter, transports,
       name, created_at)
     VALUES ($1, $2::bytea, $3::bytea, $4, $5::text[], $6, $7)
     ON CONFLICT (credential_id) DO NOTHING RETURNING ${COLUMNS}`,
    [
      passkey.staffNumber,
      passkey.credentialId,
      passkey.publicKey,
      passkey.counter,
      passkey.transports,
      passkey.name,
      passkey.createdAt,
    ],
  );
  return result.rows[0] ?? null;
}

/** False when the counter does not go ahead, or the passkey was taken away. */
export async function useCounter(
  tx: Tx,
  passkeyNumber: number,
  counter: number,
  nowMs: number,
): Promise<boolean> {
  const result = await tx.query(
    `UPDATE admin.passkeys SET counter = $2::bigint, last_used_at = $3
     WHERE passkey_number = $1
       AND (counter < $2::bigint OR (counter = 0 AND $2::bigint = 0))`,
    [passkeyNumber, counter, new Date(nowMs)],
  );
  return result.rowCount === 1;
}

/** Answers how many there were. */
export async function dropPasskeys(tx: Tx, staffNumber: number): Promise<number> {
  const result = await tx.query('DELETE FROM admin.passkeys WHERE staff_number = $1', [
    staffNumber,
  ]);
  return result.rowCount ?? 0;
}
