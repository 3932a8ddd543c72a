// Who of the staff is calling, as the database knows them now: a person who was demoted or disabled
// a moment ago may nothing, however they have signed in.
import { appendAudit } from '../../shared/audit/append.ts';
import type { Queryable } from '../../shared/db/pool.ts';
import { assert } from '../../shared/domain/failure.ts';
import { staffId } from '../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../shared/domain/rejection.ts';
import type { HandlerRequest, HandlerResponse } from '../../shared/function/definition.ts';
import { refuseStale } from './decide/freshness.ts';
import { may, type Permission, type Staff } from './decide/permissions.ts';
import type { AdminDeps } from './deps.ts';
import { findStaff } from './store/staff.ts';

type AnyRequest = HandlerRequest<unknown, unknown, unknown>;
type Handled = Promise<HandlerResponse | Rejection>;

/** Refuses with ACCESS_DENIED who is not active, or lacks the permission (null: none is needed). */
export async function asStaff(
  request: AnyRequest,
  deps: AdminDeps,
  permission: Permission | null,
  handle: (staff: Staff) => Handled,
): Handled {
  const staff = await getStaff(request, deps);
  if (isRejection(staff)) return staff;
  if (permission !== null && !may(staff, permission)) return reject('ACCESS_DENIED');
  return handle(staff);
}

/** As `asStaff`, for what nobody may do who has not shown their passkey a moment ago. */
export async function asFreshStaff(
  request: AnyRequest,
  deps: AdminDeps,
  handle: (staff: Staff) => Handled,
): Handled {
  return asStaff(request, deps, null, (staff) => {
    const stale = refuseStale(request.caller?.signedInAtMs, deps.now());
    return stale === null ? handle(staff) : Promise.resolve(stale);
  });
}

async function getStaff(request: AnyRequest, deps: AdminDeps): Promise<Staff | Rejection> {
  const { caller } = request;
  assert(caller?.kind === 'staff', 'the policy lets only staff in');
  const staff = await findStaff(deps.pool, caller.userNumber);
  if (staff?.isActive !== true) return reject('ACCESS_DENIED');
  if (staff.isBreakGlass) await alarm(request, deps, staff);
  return staff;
}

/** Before anything is done: what cannot be told of does not happen. */
export async function alarm(
  request: AnyRequest,
  deps: AdminDeps,
  staff: Pick<Staff, 'staffNumber'>,
  db: Queryable = deps.pool,
): Promise<void> {
  const id = staffId(staff.staffNumber);
  const { method, path, requestId } = request;
  deps.breakGlassUses.add();
  request.log.error({ staff: id, method, path }, 'a break-glass account is in use');
  await appendAudit(db, {
    stream: 'admin',
    actor: { kind: 'staff', id },
    action: 'break_glass.use',
    subject: id,
    before: null,
    after: { method, path },
    reason: null,
    requestId,
  });
}
