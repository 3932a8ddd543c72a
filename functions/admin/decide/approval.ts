// Whether a second person may carry out what a first one asked for.
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { may, mayBeside, type Action, type Staff } from './permissions.ts';

/** What nobody has approved in a day is forgotten. */
export const REQUEST_LIFE_MS = 86_400_000;

/** Two: one asks, another approves. With fewer, nobody could ever be given a role again. */
export const ROLE_GRANTERS_MIN = 2;

export interface RequestFacts {
  readonly action: Action;
  /** Lower-case hex. */
  readonly payloadSha256: string;
  readonly status: 'pending' | 'executed' | 'rejected';
  readonly makerNumber: number;
  readonly expiresAtMs: number;
  /** The person whose roles it changes; null: it changes nobody's. */
  readonly subjectStaff: number | null;
}

export interface ApprovalFacts {
  readonly request: RequestFacts;
  readonly maker: Staff;
  readonly checker: Staff;
  /** What the checker has seen. */
  readonly seenSha256: string;
  readonly nowMs: number;
}

/** Null when it may be carried out now. */
export function refuseApproval(facts: ApprovalFacts): Rejection | null {
  const { request, maker, checker, seenSha256, nowMs } = facts;
  const { action } = request;
  if (request.status !== 'pending') return reject('APPROVAL_DONE');
  if (nowMs >= request.expiresAtMs) return reject('APPROVAL_EXPIRED');
  if (!may(checker, `approve:${action}`)) return reject('ACCESS_DENIED');
  if (seenSha256 !== request.payloadSha256) return reject('APPROVAL_PAYLOAD_DIFFERS');
  if (checker.isBreakGlass) return null;
  const isSelf = checker.staffNumber === maker.staffNumber;
  if (isSelf || checker.staffNumber === request.subjectStaff) return reject('APPROVAL_OWN');
  if (!mayBeside(checker, `approve:${action}`, maker.staffNumber)) return reject('APPROVAL_OWN');
  const stands = mayBeside(maker, action, checker.staffNumber);
  return stands ? null : reject('APPROVAL_MAKER_NOT_ALLOWED');
}

/** Null when the person may ask for it. */
export function refuseRequest(
  maker: Staff,
  action: Action,
  subjectStaff: number | null,
): Rejection | null {
  if (!may(maker, action)) return reject('ACCESS_DENIED');
  const isOwn = subjectStaff === maker.staffNumber && !maker.isBreakGlass;
  return isOwn ? reject('APPROVAL_OWN', 'nobody asks for their own roles') : null;
}

/** May the request be turned down: by its maker, or by whoever could approve it. */
export function refuseRejection(request: RequestFacts, staff: Staff): Rejection | null {
  if (request.status !== 'pending') return reject('APPROVAL_DONE');
  const isOwn = request.makerNumber === staff.staffNumber;
  return isOwn || may(staff, `approve:${request.action}`) ? null : reject('ACCESS_DENIED');
}
