// What each command of `npm run admin` does; answers lines for a person.
import { appendAudit } from '../../../shared/audit/append.ts';
import { byOperator } from '../../../shared/audit/record.ts';
import { withTransaction, type Pool, type Tx } from '../../../shared/db/pool.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import { staffId } from '../../../shared/domain/ids.ts';
import { ROLE_GRANTERS_MIN } from '../decide/approval.ts';
import { dropEnrolment, openEnrolment } from '../sign-in/store/enrolments.ts';
import { dropPasskeys } from '../sign-in/store/passkeys.ts';
import { endSessions, lockPerson, type Person } from '../sign-in/store/sessions.ts';
import * as store from '../store/staff.ts';
import type { Command } from './options.ts';

export const MEANINGS: Readonly<Record<string, string>> = {
  staff_email_once: 'somebody has this address already',
};

export async function runCommand(
  pool: Pool,
  command: Command,
  nowMs = Date.now(),
): Promise<readonly string[]> {
  switch (command.kind) {
    case 'create':
      return create(pool, command, nowMs);
    case 'enrol':
      return enrol(pool, command, nowMs);
    case 'disable':
    case 'enable':
      return setStatus(pool, command, nowMs);
  }
}

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

async function create(pool: Pool, command: Of<'create'>, nowMs: number): Promise<string[]> {
  const { email, name, roles, isBreakGlass, operator } = command;
  const [id, opened] = await withTransaction(pool, async (tx) => {
    await store.lockStaff(tx);
    const number = await store.insertStaff(tx, command);
    for (const role of roles) await store.grantRole(tx, number, role, null);
    const enrolment = await openEnrolment(tx, number, nowMs);
    const subject = staffId(number);
    const after = { email, name, roles, isBreakGlass };
    const head = { stream: 'admin', action: 'staff.create', subject, requestId: null } as const;
    await appendAudit(tx, { ...head, ...byOperator(operator), before: null, after });
    return [subject, enrolment] as const;
  });
  const may = isBreakGlass ? 'break-glass' : roles.join(', ');
  return [`${id}  ${email}  ${may}`, ...describeEnrolment(opened)];
}

/** Whoever has the old passkeys, or is signed in by one, is out from now on. */
async function enrol(pool: Pool, command: Of<'enrol'>, nowMs: number): Promise<string[]> {
  const { email, operator } = command;
  return withTransaction(pool, async (tx) => {
    const person = await lockByEmail(tx, email);
    const { staffNumber } = person;
    const subject = staffId(staffNumber);
    if (!person.isActive) throw new TerminalError(`${subject} is disabled: enable them first`);
    const passkeys = await dropPasskeys(tx, staffNumber);
    const sessions = await endSessions(tx, staffNumber, 'enrolled_anew', nowMs);
    const opened = await openEnrolment(tx, staffNumber, nowMs);
    const head = { stream: 'admin', action: 'staff.enrol', subject, requestId: null } as const;
    const change = { before: { passkeys, sessions }, after: { passkeys: 0, sessions: 0 } };
    await appendAudit(tx, { ...head, ...byOperator(operator), ...change });
    return [
      `${subject}  ${email}  passkeys taken away: ${passkeys}, sessions ended: ${sessions}`,
      ...describeEnrolment(opened),
    ];
  });
}

type Opened = Awaited<ReturnType<typeof openEnrolment>>;

function describeEnrolment({ enrolment, expiresAt }: Opened): string[] {
  return [`enrolment  ${enrolment}  (once, until ${expiresAt.toISOString()})`];
}

/** Throws TerminalError when nobody has it. Until the transaction ends they sign in by nothing. */
async function lockByEmail(tx: Tx, email: string): Promise<Person> {
  await store.lockStaff(tx);
  const number = await store.findStaffByEmail(tx, email);
  const person = number === null ? null : await lockPerson(tx, number);
  if (person === null) throw new TerminalError(`nobody has the address ${email}`);
  return person;
}

async function setStatus(
  pool: Pool,
  command: Of<'disable' | 'enable'>,
  nowMs: number,
): Promise<string[]> {
  const { email, kind, operator } = command;
  const status = kind === 'disable' ? 'disabled' : 'active';
  return withTransaction(pool, async (tx) => {
    const person = await lockByEmail(tx, email);
    const subject = staffId(person.staffNumber);
    const held = person.isActive ? 'active' : 'disabled';
    if (held === status) return [`${subject} is ${status} (nothing changed)`];
    const couldGive = await store.countRoleGranters(tx);
    await store.setStaffStatus(tx, person.staffNumber, status);
    if (kind === 'disable') {
      await endSessions(tx, person.staffNumber, 'disabled', nowMs);
      await dropEnrolment(tx, person.staffNumber);
    }
    const canGive = await store.countRoleGranters(tx);
    if (canGive < couldGive && canGive < ROLE_GRANTERS_MIN) {
      throw new TerminalError('too few would be left who may give and approve roles');
    }
    const head = { stream: 'admin', action: `staff.${kind}`, subject, requestId: null } as const;
    const change = { before: { status: held }, after: { status } };
    await appendAudit(tx, { ...head, ...byOperator(operator), ...change });
    return [`${subject} is ${status}`];
  });
}
