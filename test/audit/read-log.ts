// Records of the event log and of the outboxes. The embedded log and the outboxes are read as they
// lie in the tables; a log in Kafka has a reader of its own (kafka-log.ts).
import type pg from 'pg';
import { readAll, readRows } from './database.ts';
import type { LogRecord } from './wire.ts';

export interface PartitionBounds {
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
}

export const COMMAND_LOG = 'orders.accepted';
export const EXECUTION_LOG = 'engine.executions';

/** Where the records are: the tables of the embedded log, or Kafka. */
export interface EventLog {
  /** The partitions of a topic, in order; none when the topic was never made. */
  readBounds(topic: string): Promise<PartitionBounds[]>;
  /** The records within the bounds, partition by partition, in offset order. */
  readRecords(topic: string, bounds: readonly PartitionBounds[]): AsyncGenerator<LogRecord>;
}

export function embeddedLog(client: pg.Client): EventLog {
  return {
    readBounds: (topic) => readBounds(client, topic),
    // The snapshot of the database bounds them.
    readRecords: (topic, bounds) => readLog(client, topic, bounds),
  };
}

function readBounds(client: pg.Client, topic: string): Promise<PartitionBounds[]> {
  return readAll<PartitionBounds>(
    client,
    `SELECT p.partition, p.first_offset AS "firstOffset", p.next_offset AS "nextOffset"
     FROM log.topics t JOIN log.partitions p USING (topic_id)
     WHERE t.name = $1 ORDER BY p.partition`,
    [topic],
  );
}

function readLog(
  client: pg.Client,
  topic: string,
  bounds: readonly PartitionBounds[],
): AsyncGenerator<LogRecord> {
  return readRows<LogRecord>(
    client,
    `SELECT r.partition, r.record_offset AS "offset", r.key, r.headers, r.value
     FROM log.topics t JOIN log.records r USING (topic_id)
     WHERE t.name = $1 AND r.partition = ANY ($2)
     ORDER BY r.topic_id, r.partition, r.record_offset`,
    [topic, bounds.map(({ partition }) => partition)],
  );
}

/** What is committed for a topic, but perhaps not yet published. */
export async function* readOutboxes(client: pg.Client, topic: string): AsyncGenerator<LogRecord> {
  const rows = readRows<Omit<LogRecord, 'value'> & { readonly value: string }>(
    client,
    `SELECT o.partition, o.id AS "offset", o.key, o.headers, o.value FROM (
       SELECT topic, partition, id, key, headers, value FROM reference.outbox
       UNION ALL
       SELECT topic, partition, id, key, headers, value FROM orders.outbox) o
     WHERE o.topic = $1 ORDER BY o.id`,
    [topic],
  );
  for await (const row of rows) yield { ...row, value: Buffer.from(row.value) };
}
