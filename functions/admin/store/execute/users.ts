// What staff do to users: their status, sessions, keys, flags and limits.
import type { Tx } from '../../../../shared/db/pool.ts';
import { parseKeyId, userId } from '../../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import type { Payload } from '../../schema.ts';
import { userNumberOf, type Author, type Effect } from './effect.ts';

/** Their orders are frozen with them; a flag that is to end is taken back by itself. */
export async function setSuspended(
  tx: Tx,
  { userId }: Payload<'users.suspend'>,
  suspended: boolean,
  author: Author,
): Promise<Effect | Rejection> {
  const changed = await tx.query<{ userNumber: number; oldStatus: string }>(
    `SELECT user_number AS "userNumber", old_status AS "oldStatus"
     FROM users.admin_set_suspended($1, $2) ORDER BY risk.flag_lock(user_number)`,
    [userNumberOf(userId), suspended],
  );
  const numbers = changed.rows.map(({ userNumber }) => userNumber);
  if (!numbers.includes(userNumberOf(userId))) {
    const wanted = suspended ? 'active' : 'suspended';
    return reject('APPROVAL_SUBJECT_UNFIT', `${userId} is no ${wanted} user`);
  }
  await tx.query('SELECT auth.admin_block_users($1::bigint[], $2)', [numbers, suspended]);
  if (suspended) {
    // In the order of their locks, as accepts take them.
    for (const number of numbers) {
      await tx.query(`SELECT risk.set_flag($1, 'frozen', true, $2, $3)`, [
        number,
        author.actor,
        author.reason,
      ]);
    }
  }
  const [before, after] = suspended
    ? (['active', 'suspended'] as const)
    : (['suspended', 'active'] as const);
  return {
    subject: userId,
    before: { status: before },
    after: { status: after, accounts: numbers.length },
  };
}

export async function endSessions(tx: Tx, { userId }: Payload<'sessions.revoke'>): Promise<Effect> {
  const result = await tx.query<{ ended: number }>(
    `SELECT auth.admin_end_sessions($1, 'revoked') AS ended`,
    [userNumberOf(userId)],
  );
  const ended = result.rows[0]?.ended ?? 0;
  return { subject: userId, before: { sessions: ended }, after: { sessions: 0 } };
}

export async function endKey(
  tx: Tx,
  { keyId }: Payload<'keys.revoke'>,
): Promise<Effect | Rejection> {
  const result = await tx.query<{ user: number; label: string }>(
    'SELECT key_user AS "user", key_label AS label FROM auth.admin_end_api_key($1)',
    [parseKeyId(keyId)],
  );
  const ended = result.rows[0];
  if (ended === undefined) return reject('APPROVAL_SUBJECT_UNFIT', `${keyId} is no key in use`);
  const whose = { userId: userId(ended.user), label: ended.label };
  return {
    subject: keyId,
    before: { ...whose, status: 'active' },
    after: { ...whose, status: 'ended' },
  };
}

export async function setFlag(
  tx: Tx,
  payload: Payload<'flags.change'>,
  author: Author,
): Promise<Effect> {
  const { userId, flag, on } = payload;
  const changed = await tx.query<{ changed: boolean }>(
    'SELECT risk.set_flag($1, $2, $3, $4, $5) AS changed',
    [userNumberOf(userId), flag, on, author.actor, author.reason],
  );
  const before = changed.rows[0]?.changed === true ? !on : on;
  return { subject: userId, before: { [flag]: before }, after: { [flag]: on } };
}

export async function setLimit(
  tx: Tx,
  { userId, scope, name, value }: Payload<'limits.change'>,
  author: Author,
): Promise<Effect | Rejection> {
  const userNumber = userId === null ? 0 : userNumberOf(userId);
  const fits = scope === '*' || (name === 'position_max') !== scope.includes('-');
  const isCount = name === 'open_orders_max' || name === 'waiting_orders_max';
  const isWhole = value?.includes('.') !== true || !(isCount || name === 'orders_per_10s_max');
  if (!fits || !isWhole) return reject('APPROVAL_SUBJECT_UNFIT', `${name} ${scope} ${value ?? ''}`);
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('risk.limits', 0))`);
  const held = await tx.query<{ value: string }>(
    `SELECT trim_scale(value)::text AS value FROM risk.limits
     WHERE user_number = $1 AND scope = $2 AND name = $3`,
    [userNumber, scope, name],
  );
  await tx.query('SELECT risk.set_limit($1, $2, $3, $4::numeric, $5, $6)', [
    userNumber,
    scope,
    name,
    value,
    author.actor,
    author.reason,
  ]);
  return {
    subject: userId ?? 'everybody',
    before: { scope, name, value: held.rows[0]?.value ?? null },
    after: { scope, name, value },
  };
}
