// The SQL of admin.enrolments: the right of a person to make their next passkey, once.
import type { Queryable, Tx } from '../../../../shared/db/pool.ts';
import { drawSecret, hashSecret } from '../../../../shared/secrets/token.ts';

const ENROLMENT_LIFE_MS = 24 * 3_600_000;

/** An earlier one is good no more. The secret is shown once: only its hash is kept. */
export async function openEnrolment(
  tx: Tx,
  staffNumber: number,
  nowMs: number,
): Promise<{ readonly enrolment: string; readonly expiresAt: Date }> {
  const enrolment = drawSecret('ben');
  const expiresAt = new Date(nowMs + ENROLMENT_LIFE_MS);
  await tx.query(
    `INSERT INTO admin.enrolments (staff_number, enrolment_hash, created_at, expires_at)
     VALUES ($1, $2::bytea, $3, $4)
     ON CONFLICT (staff_number) DO UPDATE SET enrolment_hash = excluded.enrolment_hash,
       created_at = excluded.created_at, expires_at = excluded.expires_at`,
    [staffNumber, hashSecret(enrolment), new Date(nowMs), expiresAt],
  );
  return { enrolment, expiresAt };
}

/** Whose it is; null when it is unknown, used or too old. */
export async function findEnrolment(
  db: Queryable,
  enrolmentHash: Buffer,
  nowMs: number,
): Promise<number | null> {
  const result = await db.query<{ staffNumber: number }>(
    `SELECT staff_number AS "staffNumber" FROM admin.enrolments
     WHERE enrolment_hash = $1::bytea AND expires_at > $2`,
    [enrolmentHash, new Date(nowMs)],
  );
  return result.rows[0]?.staffNumber ?? null;
}

export async function useEnrolment(tx: Tx, enrolmentHash: Buffer): Promise<void> {
  await tx.query('DELETE FROM admin.enrolments WHERE enrolment_hash = $1::bytea', [enrolmentHash]);
}

/** Of a person who may act no more. */
export async function dropEnrolment(tx: Tx, staffNumber: number): Promise<void> {
  await tx.query('DELETE FROM admin.enrolments WHERE staff_number = $1', [staffNumber]);
}
