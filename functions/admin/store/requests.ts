// The SQL of what staff ask for and approve.
import type { Queryable } from '../../../shared/db/pool.ts';
import type { Action } from '../decide/permissions.ts';

export interface StoredRequest {
  readonly requestNumber: number;
  readonly action: Action;
  /** Canonical JSON. */
  readonly payload: string;
  readonly payloadSha256: string;
  readonly reason: string;
  readonly makerNumber: number;
  readonly status: 'pending' | 'executed' | 'rejected';
  readonly checkerNumber: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decidedAt: Date | null;
}

const COLUMNS = `request_number AS "requestNumber", action, payload,
  encode(payload_sha256, 'hex') AS "payloadSha256", reason, maker_number AS "makerNumber", status,
  checker_number AS "checkerNumber", created_at AS "createdAt", expires_at AS "expiresAt",
  decided_at AS "decidedAt"`;

export async function insertRequest(
  db: Queryable,
  asked: {
    readonly action: Action;
    readonly payload: string;
    readonly reason: string;
    readonly makerNumber: number;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
): Promise<StoredRequest> {
  const { action, payload, reason, makerNumber, createdAt, expiresAt } = asked;
  const result = await db.query<StoredRequest>(
    `INSERT INTO admin.requests
       (action, payload, payload_sha256, reason, maker_number, created_at, expires_at)
     VALUES ($1, $2, sha256(convert_to($2, 'UTF8')), $3, $4, $5, $6) RETURNING ${COLUMNS}`,
    [action, payload, reason, makerNumber, createdAt, expiresAt],
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('a new request has no row');
  return row;
}

export async function findRequest(db: Queryable, number: number): Promise<StoredRequest | null> {
  const result = await db.query<StoredRequest>(
    `SELECT ${COLUMNS} FROM admin.requests WHERE request_number = $1`,
    [number],
  );
  return result.rows[0] ?? null;
}

/** Newest first, before a number. */
export async function listRequests(
  db: Queryable,
  status: string | null,
  beforeNumber: number | null,
  rowsMax: number,
): Promise<StoredRequest[]> {
  const result = await db.query<StoredRequest>(
    `SELECT ${COLUMNS} FROM admin.requests
     WHERE ($1::text IS NULL OR status = $1) AND ($2::bigint IS NULL OR request_number < $2)
     ORDER BY request_number DESC LIMIT $3`,
    [status, beforeNumber, rowsMax],
  );
  return result.rows;
}

/** The one statement that decides; null when somebody was faster, or it has expired. */
export async function decideRequest(
  tx: Queryable,
  decided: {
    readonly requestNumber: number;
    readonly status: 'executed' | 'rejected';
    readonly checkerNumber: number;
    readonly byBreakGlass: boolean;
    readonly at: Date;
  },
): Promise<StoredRequest | null> {
  const { requestNumber, status, checkerNumber, byBreakGlass, at } = decided;
  const result = await tx.query<StoredRequest>(
    `UPDATE admin.requests SET status = $2, checker_number = $3, by_break_glass = $4,
       decided_at = $5
     WHERE request_number = $1 AND status = 'pending'
       AND ($2 = 'rejected' OR expires_at > $5::timestamptz)
     RETURNING ${COLUMNS}`,
    [requestNumber, status, checkerNumber, byBreakGlass, at],
  );
  return result.rows[0] ?? null;
}
