// The SQL of closing an account: all that is of the person goes, the number stays for the ledger.
import type { Pool, Tx } from '../../../shared/db/pool.ts';
import { openEmail } from '../../../shared/secrets/email.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import type { KnownOfUser, User } from '../decide.ts';
import { listTransfers } from './transfers.ts';

/** The newest: all of them are a list of their own. */
const EXPORT_TRANSFERS_MAX = 10_000;

/**
 * Closes a user and their sub-accounts; answers the numbers, none when one of them has something.
 * The balances are looked at in the same statement; what is settled at that very moment for an
 * order that was held is still held, and keeps the account open.
 */
export async function closeAccounts(tx: Tx, userNumber: number, now: Date): Promise<number[]> {
  const result = await tx.query<{ userNumber: number }>(
    `WITH family AS (
       SELECT user_number, 'usr_' || lpad(user_number::text, 16, '0') AS owner FROM users.users
       WHERE user_number = $1 OR parent_number = $1
     )
     UPDATE users.users u SET status = 'closed', closed_at = $2, email_sealed = NULL,
       email_index = NULL, email_verified_at = NULL, anti_phishing_code = NULL, label = NULL
     FROM family f
     WHERE u.user_number = f.user_number AND u.status <> 'closed' AND NOT EXISTS (
       SELECT FROM ledger.balances b JOIN family o ON b.owner = o.owner
       WHERE b.total <> 0 OR b.held <> 0)
     RETURNING u.user_number AS "userNumber"`,
    [userNumber, now],
  );
  return result.rows.map((row) => row.userNumber);
}

export async function forgetUsers(tx: Tx, userNumbers: readonly number[]): Promise<void> {
  for (const table of ['passwords', 'links', 'email_changes', 'mails'] as const) {
    await tx.query(`DELETE FROM users.${table} WHERE user_number = ANY($1::bigint[])`, [
      userNumbers,
    ]);
  }
  await tx.query('SELECT auth.forget_user(n) FROM unnest($1::bigint[]) n', [userNumbers]);
}

/** All that is known of the user, read as the owner and at one moment. */
export async function readKnown(tx: Tx, ring: KeyRing, user: User): Promise<KnownOfUser> {
  const { userNumber } = user;
  const subAccounts = await tx.query<KnownOfUser['subAccounts'][number]>(
    `SELECT user_number AS "userNumber", label, created_at AS "createdAt" FROM users.own_sub_accounts
     WHERE owner_number = $1 ORDER BY user_number`,
    [userNumber],
  );
  const transfers = await listTransfers(tx, userNumber, {
    below: Number.MAX_SAFE_INTEGER,
    rowsMax: EXPORT_TRANSFERS_MAX,
  });
  const emailChanges = await tx.query<KnownOfUser['emailChanges'][number]>(
    `SELECT old_email_sealed AS "from", new_email_sealed AS "to", requested_at AS "requestedAt",
       confirmed_at AS "confirmedAt", cancelled_at AS "cancelledAt"
     FROM users.own_email_changes WHERE user_number = $1 ORDER BY change_number`,
    [userNumber],
  );
  const mails = await tx.query<KnownOfUser['mails'][number]>(
    `SELECT template, requested_at AS "requestedAt" FROM users.own_mails WHERE user_number = $1
     ORDER BY requested_at`,
    [userNumber],
  );
  const sessions = await tx.query<KnownOfUser['sessions'][number]>(
    `SELECT session_number AS "sessionNumber", created_at AS "createdAt",
       last_used_at AS "lastUsedAt", ended_at AS "endedAt", address, user_agent AS "userAgent"
     FROM auth.own_sessions WHERE user_number = $1 ORDER BY session_number DESC LIMIT 1000`,
    [userNumber],
  );
  const balances = await tx.query<KnownOfUser['balances'][number]>(
    `SELECT b.user_number AS "userNumber", b.asset, a.decimals::integer AS decimals,
       b.total::text AS total, b.held::text AS held
     FROM users.own_balances b JOIN reference.assets a ON a.asset = b.asset
     WHERE b.owner_number = $1 ORDER BY b.user_number, b.asset`,
    [userNumber],
  );
  return {
    user,
    subAccounts: subAccounts.rows,
    transfers,
    emailChanges: emailChanges.rows.map((change) => ({
      ...change,
      from: openEmail(ring, userNumber, change.from),
      to: openEmail(ring, userNumber, change.to),
    })),
    mails: mails.rows,
    sessions: sessions.rows,
    balances: balances.rows,
  };
}

/** What is too old to be of use. Answers how many sign-ups that nobody confirmed were dropped. */
export async function forgetOld(pool: Pool, nowMs: number): Promise<number> {
  const day = 86_400_000;
  await pool.query('DELETE FROM users.mails WHERE requested_at < $1', [new Date(nowMs - 30 * day)]);
  await pool.query('DELETE FROM users.links WHERE expires_at < $1', [new Date(nowMs - day)]);
  await pool.query('DELETE FROM users.email_changes WHERE requested_at < $1', [
    new Date(nowMs - 90 * day),
  ]);
  // A row that another sign-up holds is in use.
  const dropped = await pool.query(
    `DELETE FROM users.users WHERE user_number IN (
       SELECT u.user_number FROM users.users u
       WHERE u.status = 'pending' AND u.created_at < $1
         AND NOT EXISTS (SELECT FROM users.links l WHERE l.user_number = u.user_number)
       LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
    [new Date(nowMs - 7 * day)],
  );
  return dropped.rowCount ?? 0;
}
