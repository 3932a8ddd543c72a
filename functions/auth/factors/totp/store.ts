// The SQL of auth.totp.
import type { Queryable } from '../../../../shared/db/pool.ts';

/** An offer that is not confirmed by then is none. */
export const OFFER_LIFE_MS = 15 * 60_000;

export interface StoredTotp {
  readonly factorNumber: number;
  readonly secretSealed: string;
  readonly createdAt: Date;
}

/** False when there is a confirmed one: an offer takes the place of another offer alone. */
export async function saveOffer(
  db: Queryable,
  userNumber: number,
  secretSealed: string,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query(
    `INSERT INTO auth.totp AS t (user_number, secret_sealed, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (user_number) DO UPDATE SET secret_sealed = excluded.secret_sealed,
       factor_number = excluded.factor_number, created_at = excluded.created_at
     WHERE t.confirmed_at IS NULL
     RETURNING factor_number`,
    [userNumber, secretSealed, new Date(nowMs)],
  );
  return result.rows.length === 1;
}

export async function findOffer(
  db: Queryable,
  userNumber: number,
  nowMs: number,
): Promise<StoredTotp | null> {
  const result = await db.query<StoredTotp>(
    `SELECT factor_number AS "factorNumber", secret_sealed AS "secretSealed",
       created_at AS "createdAt"
     FROM auth.totp WHERE user_number = $1 AND confirmed_at IS NULL AND created_at > $2`,
    [userNumber, new Date(nowMs - OFFER_LIFE_MS)],
  );
  return result.rows[0] ?? null;
}

/** False when another has confirmed or replaced it since. The code's step is used with it. */
export async function confirmOffer(
  db: Queryable,
  userNumber: number,
  factorNumber: number,
  step: number,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query(
    `UPDATE auth.totp SET confirmed_at = $4, last_step = $3
     WHERE user_number = $1 AND factor_number = $2 AND confirmed_at IS NULL`,
    [userNumber, factorNumber, step, new Date(nowMs)],
  );
  return result.rowCount === 1;
}

export async function findTotp(db: Queryable, userNumber: number): Promise<StoredTotp | null> {
  const result = await db.query<StoredTotp>(
    `SELECT factor_number AS "factorNumber", secret_sealed AS "secretSealed",
       created_at AS "createdAt"
     FROM auth.totp WHERE user_number = $1 AND confirmed_at IS NOT NULL`,
    [userNumber],
  );
  return result.rows[0] ?? null;
}

/** True for one caller only: a step is used once, and none before it is used after it. */
export async function useStep(
  db: Queryable,
  userNumber: number,
  factorNumber: number,
  step: number,
  nowMs: number,
): Promise<boolean> {
  const result = await db.query(
    `UPDATE auth.totp SET last_step = $3::bigint, last_used_at = $4
     WHERE user_number = $1 AND factor_number = $2 AND confirmed_at IS NOT NULL
       AND last_step < $3::bigint`,
    [userNumber, factorNumber, step, new Date(nowMs)],
  );
  return result.rowCount === 1;
}
