// The SQL of auth.sessions and auth.pending_sign_ins.
import type { Pool, Queryable, Tx } from '../../../../shared/db/pool.ts';
import { hashSecret } from '../../../../shared/secrets/token.ts';
import { readOwn } from '../../read-own.ts';
import type { SessionRow } from '../decide.ts';
import { SESSION_IDLE_MS, USER_AGENT_CHARACTERS_MAX } from '../open-session.ts';

/** Sessions that are shown to their user: the newest. */
const SESSIONS_LISTED_MAX = 100;
const PENDING_CLEARED_MAX = 20;

export type EndReason = 'signed_out' | 'revoked' | 'expired' | 'factors_changed';

export interface UsedSession {
  readonly sessionNumber: number;
  readonly userNumber: number;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
}

/** Uses a session, which keeps it alive; null when there is none, or no longer, or not for them. */
export async function useSession(
  db: Queryable,
  sessionToken: string,
  nowMs: number,
): Promise<UsedSession | null> {
  const result = await db.query<UsedSession>(
    `UPDATE auth.sessions s SET last_used_at = greatest(s.last_used_at, $2::timestamptz)
     FROM users.standings u
     WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2
       AND s.last_used_at > $3 AND u.user_number = s.user_number AND u.status = 'active'
     RETURNING s.session_number AS "sessionNumber", s.user_number AS "userNumber", s.amr,
       s.authenticated_at AS "authenticatedAt", s.expires_at AS "expiresAt"`,
    [hashSecret(sessionToken), new Date(nowMs), idleSince(nowMs)],
  );
  return result.rows[0] ?? null;
}

/** Those that still last, newest first. */
export async function listSessions(
  pool: Pool,
  userNumber: number,
  nowMs: number,
): Promise<SessionRow[]> {
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<SessionRow>(
      `SELECT session_number AS "sessionNumber", created_at AS "createdAt",
         last_used_at AS "lastUsedAt", address, user_agent AS "userAgent", amr
       FROM auth.own_sessions
       WHERE user_number = $1 AND ended_at IS NULL AND expires_at > $2 AND last_used_at > $3
       ORDER BY session_number DESC LIMIT $4`,
      [userNumber, new Date(nowMs), idleSince(nowMs), SESSIONS_LISTED_MAX],
    ),
  );
  return result.rows;
}

/** Whether the user has signed in from an address since then. */
export async function isKnownAddress(
  db: Queryable,
  userNumber: number,
  address: string,
  sinceMs: number,
): Promise<boolean> {
  const result = await db.query(
    `SELECT FROM auth.sessions
     WHERE user_number = $1 AND created_at > $2 AND address = $3::inet LIMIT 1`,
    [userNumber, new Date(sinceMs), address],
  );
  return result.rowCount !== 0;
}

/**
 * Whether the user has signed in from the subnet with the same agent since then. The very first
 * sign-in is from a device that is known: there is nothing that it could differ from.
 */
export async function isKnownDevice(
  db: Queryable,
  userNumber: number,
  device: { readonly address: string | null; readonly userAgent: string | null },
  sinceMs: number,
): Promise<boolean> {
  const result = await db.query<{ isKnown: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM auth.sessions WHERE user_number = $1)
       OR EXISTS (SELECT FROM auth.sessions s
         WHERE s.user_number = $1 AND s.created_at > $2
           AND s.user_agent IS NOT DISTINCT FROM left($4::text, $5)
           AND set_masklen(s.address, CASE family(s.address) WHEN 4 THEN 24 ELSE 64 END)::cidr
             IS NOT DISTINCT FROM
             set_masklen($3::inet, CASE family($3::inet) WHEN 4 THEN 24 ELSE 64 END)::cidr
       ) AS "isKnown"`,
    [userNumber, new Date(sinceMs), device.address, device.userAgent, USER_AGENT_CHARACTERS_MAX],
  );
  return result.rows[0]?.isKnown === true;
}

/** Ends one session, whose holder has its token. Answers how many have ended. */
export async function endByToken(
  tx: Tx,
  sessionToken: string,
  reason: EndReason,
  nowMs: number,
): Promise<number> {
  const ended = await tx.query<EndedRow>(
    `UPDATE auth.sessions SET ended_at = $2, end_reason = $3
     WHERE token_hash = $1 AND ended_at IS NULL ${RETURNING_ENDED}`,
    [hashSecret(sessionToken), new Date(nowMs), reason],
  );
  return revoke(tx, ended.rows);
}

/** Ends one session of a user's. */
export async function endOne(
  tx: Tx,
  userNumber: number,
  sessionNumber: number,
  reason: EndReason,
  nowMs: number,
): Promise<number> {
  const ended = await tx.query<EndedRow>(
    `UPDATE auth.sessions SET ended_at = $3, end_reason = $4
     WHERE session_number = $1 AND user_number = $2 AND ended_at IS NULL ${RETURNING_ENDED}`,
    [sessionNumber, userNumber, new Date(nowMs), reason],
  );
  return revoke(tx, ended.rows);
}

/** Ends all sessions of a user but one. */
export async function endOthers(
  tx: Tx,
  userNumber: number,
  keptNumber: number,
  reason: EndReason,
  nowMs: number,
): Promise<number> {
  const ended = await tx.query<EndedRow>(
    `UPDATE auth.sessions SET ended_at = $3, end_reason = $4
     WHERE user_number = $1 AND session_number <> $2 AND ended_at IS NULL ${RETURNING_ENDED}`,
    [userNumber, keptNumber, new Date(nowMs), reason],
  );
  return revoke(tx, ended.rows);
}

/** Writes down the end of those that have run out. */
export async function endExpired(tx: Tx, userNumber: number, nowMs: number): Promise<number> {
  const ended = await tx.query<EndedRow>(
    `UPDATE auth.sessions SET ended_at = $2, end_reason = 'expired'
     WHERE user_number = $1 AND ended_at IS NULL AND (expires_at <= $2 OR last_used_at <= $3)
     ${RETURNING_ENDED}`,
    [userNumber, new Date(nowMs), idleSince(nowMs)],
  );
  return revoke(tx, ended.rows);
}

export interface NewPending {
  readonly pendingHash: Buffer;
  readonly userNumber: number;
  readonly expiresAtMs: number;
  readonly tries: number;
  readonly address: string;
  readonly userAgent: string | null;
}

export async function savePending(db: Queryable, pending: NewPending, nowMs: number) {
  await db.query(
    `DELETE FROM auth.pending_sign_ins p USING (
       SELECT pending_hash FROM auth.pending_sign_ins WHERE expires_at < $1
       ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) old
     WHERE p.pending_hash = old.pending_hash`,
    [new Date(nowMs), PENDING_CLEARED_MAX],
  );
  await db.query(
    `INSERT INTO auth.pending_sign_ins (pending_hash, user_number, created_at, expires_at,
       tries_left, address, user_agent)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      pending.pendingHash,
      pending.userNumber,
      new Date(nowMs),
      new Date(pending.expiresAtMs),
      pending.tries,
      pending.address,
      pending.userAgent,
    ],
  );
}

interface EndedRow {
  readonly userNumber: number;
  readonly id: string;
}

const RETURNING_ENDED = `RETURNING user_number AS "userNumber",
  'ses_' || lpad(session_number::text, 16, '0') AS id`;

/** In the same transaction: no access token of an ended session is believed a second later. */
async function revoke(tx: Tx, ended: readonly EndedRow[]): Promise<number> {
  const [first] = ended;
  if (first === undefined) return 0;
  await tx.query(`SELECT auth.revoke('credential', $1::bigint, $2::text[])`, [
    first.userNumber,
    ended.map(({ id }) => id),
  ]);
  return ended.length;
}

function idleSince(nowMs: number): Date {
  return new Date(nowMs - SESSION_IDLE_MS);
}
