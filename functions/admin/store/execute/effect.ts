// What an approved request has done, and for whom it was done.
import type { JsonValue } from '../../../../shared/audit/record.ts';
import type { Outbox } from '../../../../shared/bus/outbox.ts';
import type { Tx } from '../../../../shared/db/pool.ts';
import { assert } from '../../../../shared/domain/failure.ts';
import { parseUserId, type ApprovalId } from '../../../../shared/domain/ids.ts';

export interface Effect {
  readonly subject: string;
  readonly before: Readonly<Record<string, JsonValue>>;
  readonly after: Readonly<Record<string, JsonValue>>;
  /** Written to the outbox: published once the transaction has committed. */
  readonly outboxIds?: readonly number[];
}

export interface Author {
  /** Who approved. */
  readonly actor: string;
  readonly reason: string;
  readonly makerNumber: number;
  readonly approval: ApprovalId;
}

/** The transaction that approves, and where it tells the engine. */
export interface Place {
  readonly tx: Tx;
  readonly outbox: Outbox;
}

/** For the ids of stored payloads, which were checked when they were asked for. */
export function userNumberOf(id: string): number {
  const number = parseUserId(id);
  assert(number !== null, 'a stored payload names a user');
  return number;
}

/** Null when there is no such user. They stay so until the end of the transaction. */
export async function holdStatus(tx: Tx, id: string): Promise<string | null> {
  const result = await tx.query<{ status: string | null }>(
    'SELECT users.admin_hold_status($1) AS status',
    [userNumberOf(id)],
  );
  return result.rows[0]?.status ?? null;
}
