// What a sign-in asks of users.
import { assert } from '../../../../shared/domain/failure.ts';
import type { Queryable, Tx } from '../../../../shared/db/pool.ts';

export interface SigningUser {
  readonly userNumber: number;
  readonly status: 'pending' | 'active' | 'suspended' | 'closed';
  readonly passwordHash: string;
}

/** Null when no account with a password has the address. */
export async function findForSignIn(
  db: Queryable,
  emailIndex: Buffer,
): Promise<SigningUser | null> {
  const result = await db.query<SigningUser>(
    `SELECT user_number AS "userNumber", status, password_hash AS "passwordHash"
     FROM users.find_for_sign_in($1::bytea) WHERE user_number IS NOT NULL`,
    [emailIndex],
  );
  return result.rows[0] ?? null;
}

/** False when the password was changed meanwhile, and nothing was done. */
export async function rehashPassword(
  db: Queryable,
  { userNumber, passwordHash }: SigningUser,
  newHash: string,
): Promise<boolean> {
  const result = await db.query<{ done: boolean }>(
    'SELECT users.rehash_password($1::bigint, $2::text, $3::text) AS done',
    [userNumber, passwordHash, newHash],
  );
  return result.rows[0]?.done === true;
}

/**
 * Whether a password is still the one that was checked. From here to the end of the transaction
 * nobody changes it: whoever does ends the session that is opened meanwhile.
 */
export async function isCurrentPassword(
  tx: Tx,
  userNumber: number,
  passwordHash: string,
): Promise<boolean> {
  const result = await tx.query<{ isCurrent: boolean }>(
    'SELECT users.is_current_password($1::bigint, $2::text) AS "isCurrent"',
    [userNumber, passwordHash],
  );
  return result.rows[0]?.isCurrent === true;
}

export async function findFactors(db: Queryable, userNumber: number): Promise<readonly string[]> {
  const result = await db.query<{ factors: string[] }>(
    'SELECT auth.factors_of($1::bigint) AS factors',
    [userNumber],
  );
  const row = result.rows[0];
  assert(row !== undefined, 'the factors of a user have no row');
  return row.factors;
}
