// What approved requests do, each in the transaction that marks it as carried out. Every one tells
// what it was done to, with before and after, or why it cannot be done.
import type { JsonValue } from '../../../shared/audit/record.ts';
import type { Tx } from '../../../shared/db/pool.ts';
import { parseStaffId, parseUserId } from '../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { ROLE_GRANTERS_MIN } from '../decide/approval.ts';
import { rolesGiving } from '../decide/permissions.ts';
import type { Order, Payload } from '../schema.ts';
import { countRoleGranters, findStaff, grantRole, revokeRole } from './staff.ts';

/** While a flag waits for its lock, one user in 64 waits behind it: so not for long. */
const LOCK_TIMEOUT_MS = 1_000;

export interface Effect {
  readonly subject: string;
  readonly before: Readonly<Record<string, JsonValue>>;
  readonly after: Readonly<Record<string, JsonValue>>;
}

export interface Author {
  readonly actor: string;
  readonly reason: string;
  readonly makerNumber: number;
}

export async function execute(tx: Tx, order: Order, author: Author): Promise<Effect | Rejection> {
  await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  switch (order.action) {
    case 'users.suspend':
      return setSuspended(tx, order.payload, true, author);
    case 'users.reinstate':
      return setSuspended(tx, order.payload, false, author);
    case 'sessions.revoke':
      return endSessions(tx, order.payload);
    case 'flags.change':
      return setFlag(tx, order.payload, author);
    case 'limits.change':
      return setLimit(tx, order.payload, author);
    case 'roles.grant':
      return giveRole(tx, order.payload, author);
    case 'roles.revoke':
      return takeRole(tx, order.payload);
  }
}

function userNumberOf(id: string): number {
  const number = parseUserId(id);
  if (number === null) throw new Error('a stored payload names no user');
  return number;
}

/** Their orders are frozen with them; a flag that is to end is taken back by itself. */
async function setSuspended(
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

async function endSessions(tx: Tx, { userId }: Payload<'sessions.revoke'>): Promise<Effect> {
  const result = await tx.query<{ ended: number }>(
    `SELECT auth.admin_end_sessions($1, 'revoked') AS ended`,
    [userNumberOf(userId)],
  );
  const ended = result.rows[0]?.ended ?? 0;
  return { subject: userId, before: { sessions: ended }, after: { sessions: 0 } };
}

async function setFlag(tx: Tx, payload: Payload<'flags.change'>, author: Author): Promise<Effect> {
  const { userId, flag, on } = payload;
  const changed = await tx.query<{ changed: boolean }>(
    'SELECT risk.set_flag($1, $2, $3, $4, $5) AS changed',
    [userNumberOf(userId), flag, on, author.actor, author.reason],
  );
  const before = changed.rows[0]?.changed === true ? !on : on;
  return { subject: userId, before: { [flag]: before }, after: { [flag]: on } };
}

async function setLimit(
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

async function giveRole(
  tx: Tx,
  { staffId, role }: Payload<'roles.grant'>,
  author: Author,
): Promise<Effect | Rejection> {
  const person = await findStaff(tx, parseStaffId(staffId) ?? 0);
  if (person === null) return reject('APPROVAL_SUBJECT_UNFIT', `there is no ${staffId}`);
  const roles = person.grants.map((grant) => grant.role);
  if (!(await grantRole(tx, person.staffNumber, role, author.makerNumber))) {
    return reject('APPROVAL_SUBJECT_UNFIT', `${staffId} has the role ${role}`);
  }
  return { subject: staffId, before: { roles }, after: { roles: [...roles, role].sort() } };
}

async function takeRole(
  tx: Tx,
  { staffId, role }: Payload<'roles.revoke'>,
): Promise<Effect | Rejection> {
  const person = await findStaff(tx, parseStaffId(staffId) ?? 0);
  if (person === null || !(await revokeRole(tx, person.staffNumber, role))) {
    return reject('APPROVAL_SUBJECT_UNFIT', `${staffId} has not the role ${role}`);
  }
  if (
    rolesGiving('roles.grant').includes(role) &&
    (await countRoleGranters(tx)) < ROLE_GRANTERS_MIN
  ) {
    return reject('APPROVAL_LAST_HOLDER');
  }
  const roles = person.grants.map((grant) => grant.role);
  return { subject: staffId, before: { roles }, after: { roles: roles.filter((r) => r !== role) } };
}
