// The holds of withdrawals.
import type { Pool, Queryable } from '../../../../shared/db/pool.ts';
import { readOwn } from '../../read-own.ts';

/** Hours that each change holds withdrawals for; docs/identity.md. */
const HOLD_HOURS = { factors_changed: 24, recovery_code_used: 72 } as const;

export async function startHold(
  db: Queryable,
  userNumber: number,
  kind: keyof typeof HOLD_HOURS,
): Promise<void> {
  await db.query('SELECT auth.start_withdrawal_hold($1::bigint, $2::text, $3::integer)', [
    userNumber,
    kind,
    HOLD_HOURS[kind],
  ]);
}

export interface Hold {
  readonly kind: string;
  readonly startedAt: Date;
  readonly until: Date;
}

/** Those in force, the one that ends last first. */
export async function listHolds(pool: Pool, userNumber: number, nowMs: number): Promise<Hold[]> {
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<Hold>(
      `SELECT kind, started_at AS "startedAt", until FROM auth.own_withdrawal_holds
       WHERE user_number = $1 AND until > $2 ORDER BY until DESC, hold_number DESC LIMIT $3`,
      [userNumber, new Date(nowMs), HOLDS_SHOWN_MAX],
    ),
  );
  return result.rows;
}

const HOLDS_SHOWN_MAX = 50;
