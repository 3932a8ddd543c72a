// The SQL of an outbox table. Its owner creates it, in its own schema, as
//   CREATE TABLE <schema>.outbox (
//     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
//     topic text NOT NULL, partition integer NOT NULL, key text, headers jsonb NOT NULL,
//     value text NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
import type { Queryable, Tx } from '../db/pool.ts';
import { assert, TerminalError } from '../domain/failure.ts';

export interface OutboxRow {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, in practice JSON: what the record's value will be, in UTF-8. */
  readonly value: string;
}

export interface StoredRow extends OutboxRow {
  readonly id: number;
}

export class OutboxStore {
  readonly #table: string;

  constructor(schema: string) {
    // Names cannot be parameters of a statement: nothing but a plain name gets into one.
    if (!/^[a-z_]{1,63}$/.test(schema)) throw new TerminalError(`not a schema name: ${schema}`);
    this.#table = `${schema}.outbox`;
  }

  /** Answers the ids in the order of the rows; they rise. */
  async insert(
    tx: Tx,
    rows: readonly OutboxRow[],
    drawnIds: readonly number[] = [],
  ): Promise<number[]> {
    assert(drawnIds.length === 0 || drawnIds.length === rows.length, 'an id for each row, or none');
    const result = await tx.query<{ id: number }>({
      name: `insert-${this.#table}`,
      text: `INSERT INTO ${this.#table} (id, topic, partition, key, headers, value)
       OVERRIDING SYSTEM VALUE
       SELECT coalesce(($2::bigint[])[r.place], nextval('${this.#table}_id_seq')), r.topic,
         r.partition, r.key, r.headers, r.value
       FROM ROWS FROM (json_to_recordset($1::json) AS
         (topic text, partition integer, key text, headers jsonb, value text)
       ) WITH ORDINALITY AS r (topic, partition, key, headers, value, place)
       ORDER BY r.place
       RETURNING id`,
      values: [JSON.stringify(rows), drawnIds],
    });
    return result.rows.map((row) => row.id);
  }

  async load(db: Queryable, ids: readonly number[]): Promise<StoredRow[]> {
    const result = await db.query<StoredRow>(
      `SELECT id, topic, partition, key, headers, value FROM ${this.#table}
       WHERE id = ANY($1::bigint[]) ORDER BY id`,
      [ids],
    );
    return result.rows;
  }

  /** Ids of the rows in the table, the lowest `rowsMax`: by the index, and never all of them. */
  async listIds(db: Queryable, rowsMax: number): Promise<number[]> {
    const result = await db.query<{ id: number }>({
      name: `list-${this.#table}`,
      text: `SELECT id FROM ${this.#table} ORDER BY id LIMIT $1`,
      values: [rowsMax],
    });
    return result.rows.map((row) => row.id);
  }

  /**
   * Rows that nobody has published in time, below `belowId`, locked; none when another sweeper is
   * at work, because two of them would not keep the order. A row of the future was written before
   * the server's clock was set back: its age is not known, and nobody may wait until it is.
   */
  async lockForgotten(
    tx: Tx,
    limits: { readonly olderThanMs: number; readonly belowId: number; readonly rowsMax: number },
  ): Promise<StoredRow[]> {
    const lock = await tx.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked',
      [this.#table],
    );
    if (lock.rows[0]?.locked !== true) return [];
    const result = await tx.query<StoredRow>(
      `SELECT id, topic, partition, key, headers, value FROM ${this.#table}
       WHERE id < $1 AND (created_at <= clock_timestamp() - $2::bigint * interval '1 millisecond'
         OR created_at > clock_timestamp())
       ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`,
      [limits.belowId, limits.olderThanMs, limits.rowsMax],
    );
    return result.rows;
  }

  /**
   * The bounds keep the scan off the dead index entries of all that was deleted before. The commit
   * does not wait for the disk: a deletion that a crash undoes is a row published twice, and every
   * consumer expects that.
   */
  async delete(db: Queryable, ids: readonly number[]): Promise<void> {
    await db.query({
      name: `delete-${this.#table}`,
      text: `WITH unhurried AS MATERIALIZED
         (SELECT set_config('synchronous_commit', 'off', true) AS setting)
       DELETE FROM ${this.#table} USING unhurried
       WHERE setting = 'off' AND id >= $1 AND id <= $2 AND id = ANY($3::bigint[])`,
      values: [Math.min(...ids), Math.max(...ids), ids],
    });
  }
}
