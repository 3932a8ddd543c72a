// Where sealed text lies, and the SQL that seals it anew: a row is replaced only while it holds
// what was read, so that whoever changes it meanwhile is not undone.
import type { Queryable } from '../../../../shared/db/pool.ts';
import { keyId } from '../../../../shared/domain/ids.ts';
import { placeOfKey } from '../../../../shared/function/auth/known-key.ts';
import { emailPlace } from '../../../../shared/secrets/email.ts';
import type { SealingPurpose } from '../../../../shared/secrets/key-ring.ts';
import type { Sealed } from '../../../../shared/secrets/seal.ts';
import { sealingPlace } from '../../factors/totp/sealed-secret.ts';
import { placeOf } from '../../tokens/make-keys.ts';

/** A column of sealed text. All but `placeOf` are words of SQL. */
export interface Target {
  readonly name: string;
  readonly purpose: SealingPurpose;
  readonly table: string;
  /** Of a row, and what comes before all of them. */
  readonly key: string;
  readonly keyType: 'bigint' | 'text';
  readonly beforeFirst: string;
  readonly sealed: string;
  /** The column that says what a text is sealed for. */
  readonly owner: string;
  readonly placeOf: (owner: string) => string;
}

const BY_NUMBER = { keyType: 'bigint', beforeFirst: '0' } as const;

const CHANGES = {
  ...BY_NUMBER,
  purpose: 'users',
  table: 'users.email_changes',
  key: 'change_number',
  owner: 'user_number',
  placeOf: (owner: string) => emailPlace(Number(owner)),
} as const;

export const TARGETS: readonly Target[] = [
  {
    ...BY_NUMBER,
    name: 'one-time codes',
    purpose: 'auth',
    table: 'auth.totp',
    key: 'user_number',
    sealed: 'secret_sealed',
    owner: 'user_number',
    placeOf: (owner) => sealingPlace(Number(owner)),
  },
  {
    name: 'signing keys',
    purpose: 'auth',
    table: 'auth.signing_keys',
    key: 'kid',
    keyType: 'text',
    beforeFirst: '',
    sealed: 'sealed',
    owner: 'kid',
    placeOf,
  },
  {
    ...BY_NUMBER,
    name: 'API keys',
    purpose: 'api-keys',
    table: 'auth.api_keys',
    key: 'key_number',
    sealed: 'sealed_secret',
    owner: 'key_number',
    placeOf: (owner) => placeOfKey(keyId(Number(owner))),
  },
  {
    ...BY_NUMBER,
    name: 'addresses',
    purpose: 'users',
    table: 'users.users',
    key: 'user_number',
    sealed: 'email_sealed',
    owner: 'user_number',
    placeOf: (owner) => emailPlace(Number(owner)),
  },
  { ...CHANGES, name: 'addresses before a change', sealed: 'old_email_sealed' },
  { ...CHANGES, name: 'addresses after a change', sealed: 'new_email_sealed' },
];

export interface SealedRow {
  readonly key: string;
  readonly owner: string;
  readonly sealed: string;
}

/** What comes after a row and is not sealed with the key given, in the order of the rows. */
export async function readBatch(
  db: Queryable,
  { table, key, keyType, owner, sealed }: Target,
  keyId: string,
  after: string,
  limit: number,
): Promise<readonly SealedRow[]> {
  const result = await db.query<SealedRow>(
    `SELECT ${key}::text AS key, ${owner}::text AS owner, ${sealed} AS sealed FROM ${table}
     WHERE split_part(${sealed}, '.', 2) <> $1 AND ${key} > $2::${keyType}
     ORDER BY ${key} LIMIT $3`,
    [keyId, after, limit],
  );
  return result.rows;
}

/** False when the row is gone or holds something else by now. */
export async function replaceSealed(
  db: Queryable,
  { table, key, keyType, sealed }: Target,
  row: SealedRow,
  next: Sealed,
): Promise<boolean> {
  const result = await db.query(
    `UPDATE ${table} SET ${sealed} = $3 WHERE ${key} = $1::${keyType} AND ${sealed} = $2`,
    [row.key, row.sealed, next],
  );
  return result.rowCount === 1;
}

/** How many are sealed under which key. */
export async function countByKey(
  db: Queryable,
  { table, sealed }: Target,
): Promise<ReadonlyMap<string, number>> {
  const result = await db.query<{ keyId: string; count: number }>(
    `SELECT split_part(${sealed}, '.', 2) AS "keyId", count(*) AS count FROM ${table}
     WHERE ${sealed} IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
  return new Map(result.rows.map(({ keyId, count }) => [keyId, count]));
}
