// The SQL of auth.recovery_codes.
import type { Queryable, Tx } from '../../../../shared/db/pool.ts';
import { drawRecoveryCodes, hashRecoveryCode } from './codes.ts';

/** In place of all that there were. Answers the codes: only their hashes are kept. */
export async function replaceCodes(
  db: Queryable,
  userNumber: number,
  nowMs: number,
): Promise<string[]> {
  const codes = drawRecoveryCodes();
  await deleteCodes(db, userNumber);
  await db.query(
    `INSERT INTO auth.recovery_codes (user_number, code_hash, created_at)
     SELECT $1, h, $3 FROM unnest($2::bytea[]) h`,
    [userNumber, codes.map(hashRecoveryCode), new Date(nowMs)],
  );
  return codes;
}

export async function deleteCodes(db: Queryable, userNumber: number): Promise<void> {
  await db.query('DELETE FROM auth.recovery_codes WHERE user_number = $1', [userNumber]);
}

/** True for one caller only. */
export async function useCode(
  db: Queryable,
  userNumber: number,
  codeHash: Buffer,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query(
    `UPDATE auth.recovery_codes SET used_at = $3
     WHERE user_number = $1 AND code_hash = $2::bytea AND used_at IS NULL`,
    [userNumber, codeHash, new Date(nowMs)],
  );
  return result.rowCount === 1;
}

/** Read as the owner. */
export async function countCodesLeft(tx: Tx, userNumber: number): Promise<number> {
  const result = await tx.query<{ codes: number }>(
    `SELECT count(*)::integer AS codes FROM auth.own_recovery_codes
     WHERE user_number = $1 AND used_at IS NULL`,
    [userNumber],
  );
  return result.rows[0]?.codes ?? 0;
}
