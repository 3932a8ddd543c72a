// What holds for factors of every kind: the list, and the removal of one.
import type { Queryable, Tx } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import type { FactorFacts } from './present.ts';

/** In the order in which they were added; read as the owner. */
export async function listFactors(tx: Tx, userNumber: number): Promise<FactorFacts[]> {
  const result = await tx.query<FactorFacts>(
    `SELECT factor_number AS "factorNumber", kind, name, created_at AS "createdAt",
       last_used_at AS "lastUsedAt"
     FROM auth.own_factors WHERE user_number = $1 ORDER BY 1`,
    [userNumber],
  );
  return result.rows;
}

/** False when the user has no such factor. */
export async function deleteFactor(
  db: Queryable,
  userNumber: number,
  factorNumber: number,
): Promise<boolean> {
  const result = await db.query(
    `WITH totp AS (
       DELETE FROM auth.totp
       WHERE user_number = $1 AND factor_number = $2 AND confirmed_at IS NOT NULL RETURNING 1
     ), passkey AS (
       DELETE FROM auth.passkeys WHERE user_number = $1 AND factor_number = $2 RETURNING 1
     )
     SELECT FROM totp UNION ALL SELECT FROM passkey`,
    [userNumber, factorNumber],
  );
  return result.rows.length === 1;
}

export interface FactorOwner {
  readonly status: string;
  readonly passwordHash: string;
}

/** Null for who cannot sign in at all, such as a sub-account. */
export async function findOwner(db: Queryable, userNumber: number): Promise<FactorOwner | null> {
  const result = await db.query<{ [Key in keyof FactorOwner]: FactorOwner[Key] | null }>(
    `SELECT status, password_hash AS "passwordHash"
     FROM users.find_for_factors($1::bigint)`,
    [userNumber],
  );
  const row = result.rows[0];
  assert(row !== undefined, 'the function answers one row');
  const { status, passwordHash } = row;
  return status === null || passwordHash === null ? null : { status, passwordHash };
}
