// What each command of `npm run admin` does; answers lines for a person.
import { appendAudit } from '../../../shared/audit/append.ts';
import { byOperator } from '../../../shared/audit/record.ts';
import { withTransaction, type Pool } from '../../../shared/db/pool.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import { staffId } from '../../../shared/domain/ids.ts';
import { ROLE_GRANTERS_MIN } from '../decide/approval.ts';
import * as store from '../store/staff.ts';
import type { Command } from './options.ts';

export const MEANINGS: Readonly<Record<string, string>> = {
  staff_email_once: 'somebody has this address already',
};

export async function runCommand(pool: Pool, command: Command): Promise<readonly string[]> {
  return command.kind === 'create' ? create(pool, command) : setStatus(pool, command);
}

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

async function create(pool: Pool, command: Of<'create'>): Promise<string[]> {
  const { email, name, roles, isBreakGlass, operator } = command;
  const id = await withTransaction(pool, async (tx) => {
    await store.lockStaff(tx);
    const number = await store.insertStaff(tx, command);
    for (const role of roles) await store.grantRole(tx, number, role, null);
    const subject = staffId(number);
    const after = { email, name, roles, isBreakGlass };
    const head = { stream: 'admin', action: 'staff.create', subject, requestId: null } as const;
    await appendAudit(tx, { ...head, ...byOperator(operator), before: null, after });
    return subject;
  });
  return [`${id}  ${email}  ${isBreakGlass ? 'break-glass' : roles.join(', ')}`];
}

async function setStatus(pool: Pool, command: Of<'disable' | 'enable'>): Promise<string[]> {
  const { email, kind, operator } = command;
  const status = kind === 'disable' ? 'disabled' : 'active';
  return withTransaction(pool, async (tx) => {
    await store.lockStaff(tx);
    const number = await store.findStaffByEmail(tx, email);
    const person = number === null ? null : await store.findStaff(tx, number);
    if (person === null) throw new TerminalError(`nobody has the address ${email}`);
    const subject = staffId(person.staffNumber);
    const held = person.isActive ? 'active' : 'disabled';
    if (held === status) return [`${subject} is ${status} (nothing changed)`];
    const couldGive = await store.countRoleGranters(tx);
    await store.setStaffStatus(tx, person.staffNumber, status);
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
