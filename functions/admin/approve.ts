// Asking, approving and turning down: each with its record in the audit log, in one transaction.
import { appendAudit } from '../../shared/audit/append.ts';
import { canonicalJson } from '../../shared/audit/record.ts';
import { isRetryableDatabaseError } from '../../shared/db/failure.ts';
import { withTransaction, type Tx } from '../../shared/db/pool.ts';
import { RetryableError } from '../../shared/domain/failure.ts';
import { approvalId, parseStaffId, staffId } from '../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../shared/domain/rejection.ts';
import {
  refuseApproval,
  refuseRejection,
  refuseRequest,
  REQUEST_LIFE_MS,
  type RequestFacts,
} from './decide/approval.ts';
import type { Staff } from './decide/permissions.ts';
import type { AdminDeps } from './deps.ts';
import { readOrder, type Order, type RequestBody } from './schema.ts';
import { execute } from './store/execute/execute.ts';
import { decideRequest, findRequest, insertRequest, type StoredRequest } from './store/requests.ts';
import { findStaff, lockStaff } from './store/staff.ts';

/** Rolls back what a refusal must leave undone. */
class Refused extends Error {
  readonly rejection: Rejection;
  constructor(rejection: Rejection) {
    super(rejection.detail);
    this.rejection = rejection;
  }
}

export async function ask(
  deps: AdminDeps,
  maker: Staff,
  { action, payload, reason }: RequestBody,
  requestId: string,
): Promise<StoredRequest | Rejection> {
  const refused = refuseRequest(maker, action, subjectStaff({ action, payload } as Order));
  if (refused !== null) return refused;
  const nowMs = deps.now();
  return decideIn(deps, async (tx) => {
    const stored = await insertRequest(tx, {
      action,
      payload: canonicalJson(payload),
      reason,
      makerNumber: maker.staffNumber,
      createdAt: new Date(nowMs),
      expiresAt: new Date(nowMs + REQUEST_LIFE_MS),
    });
    const after = { action, payload, payloadSha256: stored.payloadSha256 };
    await record(tx, 'approvals.ask', maker, stored, { after, reason, requestId });
    return stored;
  });
}

/** Carries it out at once, in the transaction that approves it: once, or not at all. */
export async function approve(
  deps: AdminDeps,
  checkerNumber: number,
  asked: { readonly number: number; readonly seenSha256: string; readonly requestId: string },
): Promise<StoredRequest | Rejection> {
  let outboxIds: readonly number[] = [];
  const outcome = await decideIn(deps, async (tx) => {
    await lockStaff(tx);
    const request = await findRequest(tx, asked.number);
    if (request === null) return reject('APPROVAL_NOT_FOUND');
    const checker = await findStaff(tx, checkerNumber);
    const maker = await findStaff(tx, request.makerNumber);
    if (checker === null || maker === null) return reject('ACCESS_DENIED');
    const order = readOrder(request.action, JSON.parse(request.payload));
    const nowMs = deps.now();
    const facts = { ...factsOf(request), subjectStaff: subjectStaff(order) };
    const { seenSha256, requestId } = asked;
    const refused = refuseApproval({ request: facts, maker, checker, seenSha256, nowMs });
    if (refused !== null) return refused;
    const decided = await decideRequest(tx, {
      requestNumber: request.requestNumber,
      status: 'executed',
      checkerNumber,
      byBreakGlass: checker.isBreakGlass,
      at: new Date(nowMs),
    });
    if (decided === null) return reject('APPROVAL_DONE');
    const { reason, makerNumber } = request;
    const actor = staffId(checkerNumber);
    const approval = approvalId(request.requestNumber);
    const author = { actor, reason, makerNumber, approval };
    const effect = await execute({ tx, outbox: deps.outbox }, order, author);
    if (isRejection(effect)) return effect;
    outboxIds = effect.outboxIds ?? [];
    await appendAudit(tx, {
      stream: 'admin',
      actor: { kind: 'staff', id: actor },
      action: request.action,
      subject: effect.subject,
      before: effect.before,
      after: {
        ...effect.after,
        approval,
        maker: staffId(makerNumber),
        payloadSha256: request.payloadSha256,
      },
      reason,
      requestId,
    });
    return decided;
  });
  if (!isRejection(outcome)) publish(deps, outboxIds);
  return outcome;
}

/** Not waited for: what is carried out is in the outbox, and stays there until the log has it. */
function publish({ outbox, log }: AdminDeps, ids: readonly number[]): void {
  outbox.publishNow(ids).catch((error: unknown) => {
    log.warn({ err: error }, 'what was carried out will be told by the next sweep');
  });
}

export async function turnDown(
  deps: AdminDeps,
  staffNumber: number,
  asked: { readonly number: number; readonly reason: string; readonly requestId: string },
): Promise<StoredRequest | Rejection> {
  return decideIn(deps, async (tx) => {
    await lockStaff(tx);
    const request = await findRequest(tx, asked.number);
    if (request === null) return reject('APPROVAL_NOT_FOUND');
    const staff = await findStaff(tx, staffNumber);
    if (staff === null) return reject('ACCESS_DENIED');
    const refused = refuseRejection({ ...factsOf(request), subjectStaff: null }, staff);
    if (refused !== null) return refused;
    const decided = await decideRequest(tx, {
      requestNumber: request.requestNumber,
      status: 'rejected',
      checkerNumber: staffNumber,
      byBreakGlass: false,
      at: new Date(deps.now()),
    });
    if (decided === null) return reject('APPROVAL_DONE');
    const { reason, requestId } = asked;
    await record(tx, 'approvals.reject', staff, decided, {
      after: { status: 'rejected' },
      reason,
      requestId,
    });
    return decided;
  });
}

function factsOf(request: StoredRequest): Omit<RequestFacts, 'subjectStaff'> {
  const { action, payloadSha256, status, makerNumber, expiresAt } = request;
  return { action, payloadSha256, status, makerNumber, expiresAtMs: expiresAt.getTime() };
}

function subjectStaff(order: Order): number | null {
  return 'staffId' in order.payload ? parseStaffId(order.payload.staffId) : null;
}

async function record(
  tx: Tx,
  action: string,
  staff: Staff,
  request: StoredRequest,
  more: {
    readonly after: Parameters<typeof appendAudit>[1]['after'];
    readonly reason: string;
    readonly requestId: string;
  },
): Promise<void> {
  const actor = { kind: 'staff', id: staffId(staff.staffNumber) } as const;
  const subject = approvalId(request.requestNumber);
  await appendAudit(tx, { stream: 'admin', actor, action, subject, before: null, ...more });
}

async function decideIn(
  deps: AdminDeps,
  work: (tx: Tx) => Promise<StoredRequest | Rejection>,
): Promise<StoredRequest | Rejection> {
  try {
    return await withTransaction(deps.pool, async (tx) => {
      const outcome = await work(tx);
      if (isRejection(outcome)) throw new Refused(outcome);
      return outcome;
    });
  } catch (error) {
    if (error instanceof Refused) return error.rejection;
    if (!isRetryableDatabaseError(error)) throw error;
    throw new RetryableError('a request of staff was not decided', { cause: error });
  }
}
