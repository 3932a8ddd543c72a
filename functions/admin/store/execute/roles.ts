// What staff do to the roles of others.
import type { Tx } from '../../../../shared/db/pool.ts';
import { parseStaffId } from '../../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { ROLE_GRANTERS_MIN } from '../../decide/approval.ts';
import { rolesGiving } from '../../decide/permissions.ts';
import type { Payload } from '../../schema.ts';
import { countRoleGranters, findStaff, grantRole, revokeRole } from '../staff.ts';
import type { Author, Effect } from './effect.ts';

export async function giveRole(
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

export async function takeRole(
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
