// The SQL of what was done to dead letters (schema operations, role bourse_operator).
import { appendAudit } from '../audit/append.ts';
import { withTransaction, type Pool, type Queryable } from '../db/pool.ts';
import { LETTERS_TOPIC, formatPosition, type Position } from './position.ts';

export type ActionKind = 'started' | 'redriven' | 'failed' | 'dropped';

export interface Action {
  readonly action: ActionKind;
  readonly actor: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly databaseRole: string;
  readonly at: Date;
}

export interface NewAction {
  readonly position: Position;
  readonly action: ActionKind;
  readonly runId: string;
  readonly actor: string;
  readonly reason: string;
  readonly consumer: string;
  readonly detail: string | null;
}

const LOCK_KEY = "hashtextextended('bourse dead letters', 0)";
const DETAIL_CHARACTERS_MAX = 1_000;

/** Writes down what was done, here and in the audit log, in one transaction. */
export async function recordAction(pool: Pool, action: NewAction): Promise<void> {
  const { position, runId, actor, reason, consumer } = action;
  // Postgres has no zero character in text, and a consumer may answer anything.
  const detail = action.detail?.replaceAll('\0', '').slice(0, DETAIL_CHARACTERS_MAX) ?? null;
  await withTransaction(pool, async (tx) => {
    await tx.query(
      `INSERT INTO operations.dead_letter_actions
         (topic, partition, record_offset, action, run_id, actor, reason, consumer, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        LETTERS_TOPIC,
        position.partition,
        position.offset,
        action.action,
        runId,
        actor,
        reason,
        consumer,
        detail,
      ],
    );
    await appendAudit(tx, {
      stream: 'dead-letters',
      actor: { kind: 'operator', id: actor },
      action: `letters.${action.action}`,
      subject: formatPosition(position),
      before: null,
      after: { consumer, detail, runId },
      reason,
      requestId: null,
    });
  });
}

/** The latest action of each of these records, by position. */
export async function findLatest(
  db: Queryable,
  positions: readonly Position[],
): Promise<ReadonlyMap<string, Action>> {
  const result = await db.query<ActionRow & { partition: number; record_offset: number }>(
    `SELECT DISTINCT ON (a.partition, a.record_offset)
       a.partition, a.record_offset, a.action, a.actor, a.reason, a.detail, a.database_role,
       a.acted_at
     FROM operations.dead_letter_actions AS a
     JOIN unnest($2::integer[], $3::bigint[]) AS p (partition, record_offset)
       ON p.partition = a.partition AND p.record_offset = a.record_offset
     WHERE a.topic = $1
     ORDER BY a.partition, a.record_offset, a.action_id DESC`,
    [LETTERS_TOPIC, positions.map((each) => each.partition), positions.map((each) => each.offset)],
  );
  return new Map(
    result.rows.map((row) => [
      formatPosition({ partition: row.partition, offset: row.record_offset }),
      toAction(row),
    ]),
  );
}

/** All that was done to one record, oldest first. */
export async function listActions(db: Queryable, position: Position): Promise<Action[]> {
  const result = await db.query<ActionRow>(
    `SELECT action, actor, reason, detail, database_role, acted_at
     FROM operations.dead_letter_actions
     WHERE topic = $1 AND partition = $2 AND record_offset = $3
     ORDER BY action_id`,
    [LETTERS_TOPIC, position.partition, position.offset],
  );
  return result.rows.map(toAction);
}

export interface ActionLock {
  release(): Promise<void>;
}

/** One run at a time acts; null when another one does. It ends with this process in any case. */
export async function lockActions(pool: Pool): Promise<ActionLock | null> {
  const holder = await pool.connect();
  try {
    const found = await holder.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(${LOCK_KEY}) AS locked`,
    );
    if (found.rows[0]?.locked !== true) {
      holder.release();
      return null;
    }
  } catch (error) {
    holder.release(true);
    throw error;
  }
  return {
    release: async () => {
      try {
        await holder.query(`SELECT pg_advisory_unlock(${LOCK_KEY})`);
        holder.release();
      } catch {
        holder.release(true); // the connection is gone, and the lock with it
      }
    },
  };
}

interface ActionRow {
  readonly action: ActionKind;
  readonly actor: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly database_role: string;
  readonly acted_at: Date;
}

function toAction(row: ActionRow): Action {
  return {
    action: row.action,
    actor: row.actor,
    reason: row.reason,
    detail: row.detail,
    databaseRole: row.database_role,
    at: row.acted_at,
  };
}
