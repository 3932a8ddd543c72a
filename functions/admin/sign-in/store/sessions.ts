// The SQL of admin.sessions. Who a session belongs to is asked by admin.use_session, which the host
// calls for each request.
import type { Tx } from '../../../../shared/db/pool.ts';
import { drawSecret, hashSecret } from '../../../../shared/secrets/token.ts';

/** Whatever is done with it. It ends before after 15 min without a request (migration 0200). */
export const SESSION_LIFE_MS = 8 * 3_600_000;

export type EndReason = 'signed_out' | 'signed_in_again' | 'disabled' | 'enrolled_anew';

export interface Person {
  readonly staffNumber: number;
  readonly email: string;
  readonly isActive: boolean;
  readonly isBreakGlass: boolean;
}

/**
 * Whatever lets a person sign in, and whatever takes that away, goes one after the other. Null when
 * there is no such person.
 */
export async function lockPerson(tx: Tx, staffNumber: number): Promise<Person | null> {
  const result = await tx.query<Person>(
    `SELECT staff_number AS "staffNumber", email, status = 'active' AS "isActive",
       is_break_glass AS "isBreakGlass"
     FROM admin.staff WHERE staff_number = $1 FOR NO KEY UPDATE`,
    [staffNumber],
  );
  return result.rows[0] ?? null;
}

/** Ends the one before. The token is shown once: only its hash is kept. */
export async function openSession(
  tx: Tx,
  signedIn: {
    readonly staffNumber: number;
    readonly passkeyNumber: number;
    readonly address: string;
  },
  nowMs: number,
): Promise<{ readonly sessionToken: string; readonly expiresAt: Date }> {
  const { staffNumber, passkeyNumber, address } = signedIn;
  const sessionToken = drawSecret('bas');
  const expiresAt = new Date(nowMs + SESSION_LIFE_MS);
  await endSessions(tx, staffNumber, 'signed_in_again', nowMs);
  await tx.query(
    `INSERT INTO admin.sessions (staff_number, token_hash, passkey_number, address, signed_in_at,
       last_used_at, expires_at)
     VALUES ($1, $2::bytea, $3, $4::inet, $5, $5, $6)`,
    [staffNumber, hashSecret(sessionToken), passkeyNumber, address, new Date(nowMs), expiresAt],
  );
  return { sessionToken, expiresAt };
}

/** Answers how many there were; of one person there is one at most. */
export async function endSessions(
  tx: Tx,
  staffNumber: number,
  reason: EndReason,
  nowMs: number,
): Promise<number> {
  const result = await tx.query(
    `UPDATE admin.sessions SET ended_at = $2, end_reason = $3
     WHERE staff_number = $1 AND ended_at IS NULL`,
    [staffNumber, new Date(nowMs), reason],
  );
  return result.rowCount ?? 0;
}
