// What goes with every change of a factor: one change of a user at a time, and after it nothing
// that was begun before counts, other sessions are over, and withdrawals are held.
import { appendAudit } from '../../../shared/audit/append.ts';
import { byUser } from '../../../shared/audit/by-user.ts';
import type { Queryable, Tx } from '../../../shared/db/pool.ts';
import type { AuthDeps } from '../deps.ts';
import { endOthers } from '../sessions/store/sessions.ts';
import { tellUser } from '../tell-user.ts';
import { startHold } from './holds/store.ts';
import type { CallingSession } from './session-of.ts';

/** Of advisory locks: no other use has this number. */
const LOCK_SPACE = 7105155;

/** Until the end of the transaction nobody else changes the factors of this user. */
export async function lockFactors(db: Queryable, userNumber: number): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock($1::integer, ($2::bigint % 2147483647)::integer)', [
    LOCK_SPACE,
    userNumber,
  ]);
}

/** Whether there is more than a password to ask for. */
export async function hasFactor(db: Queryable, userNumber: number): Promise<boolean> {
  const result = await db.query<{ has: boolean }>('SELECT auth.has_factor($1::bigint) AS has', [
    userNumber,
  ]);
  return result.rows[0]?.has === true;
}

/** What has changed: as the audit log names it, and as the mail to the user says it. */
const CHANGES = {
  totp_added: 'an authenticator app was added',
  passkey_added: 'a passkey was added',
  factor_removed: 'a factor was removed',
  recovery_codes_replaced: 'the recovery codes were replaced',
} as const;

export interface FactorChange {
  readonly what: keyof typeof CHANGES;
  readonly session: CallingSession;
  readonly requestId: string;
}

/** Last in the transaction that made the change: revocations wait for one another. */
export async function finishChange(
  tx: Tx,
  { mailRing }: Pick<AuthDeps, 'mailRing'>,
  { what, session, requestId }: FactorChange,
  nowMs: number,
): Promise<void> {
  const { userNumber, sessionNumber } = session;
  await forgetBegun(tx, userNumber);
  await startHold(tx, userNumber, 'factors_changed');
  await tellUser(tx, mailRing, userNumber, 'factors_changed', { change: CHANGES[what] }, nowMs);
  await endOthers(tx, userNumber, sessionNumber, 'factors_changed', nowMs);
  const action = `factors.${what}`;
  await appendAudit(tx, byUser('auth', session, { action, before: null, after: null, requestId }));
}

async function forgetBegun(db: Queryable, userNumber: number): Promise<void> {
  // Whoever began with less to prove than is asked now must begin again.
  await db.query('DELETE FROM auth.totp WHERE user_number = $1 AND confirmed_at IS NULL', [
    userNumber,
  ]);
  await db.query(`DELETE FROM auth.challenges WHERE user_number = $1 AND purpose <> 'sign_in'`, [
    userNumber,
  ]);
  await db.query('DELETE FROM auth.step_ups WHERE user_number = $1 AND used_at IS NULL', [
    userNumber,
  ]);
}
