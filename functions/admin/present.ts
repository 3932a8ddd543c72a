// Stored rows as staff see them.
import { approvalId, staffId } from '../../shared/domain/ids.ts';
import type { RequestAnswer } from './schema.ts';
import type { AuditRow } from './store/audit.ts';
import type { StoredRequest } from './store/requests.ts';

export function presentRequest(row: StoredRequest, nowMs: number): RequestAnswer {
  const isOver = row.status === 'pending' && nowMs >= row.expiresAt.getTime();
  return {
    id: approvalId(row.requestNumber),
    action: row.action,
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    payloadSha256: row.payloadSha256,
    reason: row.reason,
    status: isOver ? 'expired' : row.status,
    maker: staffId(row.makerNumber),
    checker: row.checkerNumber === null ? null : staffId(row.checkerNumber),
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
  };
}

export function presentAudit(row: AuditRow): object {
  const record = JSON.parse(row.record) as Record<string, unknown>;
  const { actor, action, subject, before, after, reason, requestId } = record;
  return {
    stream: row.stream,
    sequence: row.sequence,
    recordedAt: new Date(row.recordedAtMs).toISOString(),
    hash: row.hash,
    ...{ actor, action, subject, before, after, reason, requestId },
  };
}
