// The SQL of the embedded log: one function an operation. Schema: migration 0020_log.sql.
import type { Queryable } from '../../db/pool.ts';
import type { IncomingRecord, OutgoingRecord, TopicSpec } from '../bus.ts';
import type { Topic } from '../topic-cache.ts';

/** A fetch stops after the record that reaches this many bytes. */
export const FETCH_BYTES_MAX = 4_000_000;

export interface PartitionKey {
  readonly topic: string;
  readonly topicId: number;
  readonly partition: number;
}

export interface Assignment extends PartitionKey {
  readonly epoch: number;
  readonly committedOffset: number | null;
  /** False when another member waits for this partition. */
  readonly keep: boolean;
}

interface Batch {
  readonly topic_id: number;
  readonly partition: number;
  readonly records: { k: string | null; h: object; s: number; n: number }[];
}

/** Appends records that have their partition, in one transaction. */
export async function appendRecords(
  db: Queryable,
  records: readonly OutgoingRecord[],
  topicIdOf: (topic: string) => number,
): Promise<void> {
  const batches = new Map<string, Batch>();
  let start = 0;
  for (const { topic, partition = 0, key, headers, value } of records) {
    const at = `${topic}/${partition}`;
    let batch = batches.get(at);
    if (batch === undefined) {
      batch = { topic_id: topicIdOf(topic), partition, records: [] };
      batches.set(at, batch);
    }
    batch.records.push({ k: key, h: headers, s: start, n: value.length });
    start += value.length;
  }
  const payload = Buffer.concat(records.map((record) => record.value));
  await db.query({
    name: 'log_append',
    text: 'SELECT log.append($1::json, $2::bytea)',
    values: [JSON.stringify([...batches.values()]), payload],
  });
}

/** Records of one partition from an offset on, in order, as far as the limits let. */
export async function fetchRecords(
  db: Queryable,
  { topic, topicId, partition }: PartitionKey,
  fromOffset: number,
  recordsMax: number,
): Promise<IncomingRecord[]> {
  const result = await db.query<{
    record_offset: number;
    key: string | null;
    headers: Record<string, string>;
    value: Buffer;
    created_at: Date;
  }>({
    name: 'log_fetch',
    text: `
      SELECT r.record_offset, r.key, r.headers, r.value, r.created_at
      FROM (
        SELECT o.*, sum(octet_length(o.value)) OVER (ORDER BY o.record_offset)
          - octet_length(o.value) AS bytes_before
        FROM (
          SELECT record_offset, key, headers, value, created_at FROM log.records
          WHERE topic_id = $1 AND partition = $2 AND record_offset >= $3
          ORDER BY record_offset LIMIT $4
        ) AS o
      ) AS r
      WHERE r.bytes_before < $5
      ORDER BY r.record_offset`,
    values: [topicId, partition, fromOffset, recordsMax, FETCH_BYTES_MAX],
  });
  return result.rows.map((row) => ({
    topic,
    partition,
    offset: row.record_offset,
    key: row.key,
    headers: row.headers,
    value: row.value,
    timestampMs: row.created_at.getTime(),
  }));
}

export async function listTopics(db: Queryable): Promise<Topic[]> {
  const result = await db.query<{ name: string; topic_id: number; partitions: number }>(`
    SELECT t.name, t.topic_id, count(*)::integer AS partitions
    FROM log.topics AS t JOIN log.partitions AS p ON p.topic_id = t.topic_id
    GROUP BY t.topic_id`);
  return result.rows.map((row) => ({
    name: row.name,
    topicId: row.topic_id,
    partitions: row.partitions,
  }));
}

/** Answers how many partitions the topic has now; more than asked for when it was left alone. */
export async function provisionTopic(db: Queryable, topic: TopicSpec): Promise<number> {
  const result = await db.query<{ partitions: number }>(
    'SELECT log.provision($1, $2, $3) AS partitions',
    [topic.name, topic.partitions, topic.retentionMs],
  );
  return result.rows[0]?.partitions ?? 0;
}

export async function findOffsets(
  db: Queryable,
  topicId: number,
  partition: number,
): Promise<{ first: number; next: number } | null> {
  const result = await db.query<{ first_offset: number; next_offset: number }>({
    name: 'log_offsets',
    text: `SELECT first_offset, next_offset FROM log.partitions
           WHERE topic_id = $1 AND partition = $2`,
    values: [topicId, partition],
  });
  const row = result.rows[0];
  return row === undefined ? null : { first: row.first_offset, next: row.next_offset };
}

export async function listCommitted(
  db: Queryable,
  group: string,
  topicId: number,
): Promise<Map<number, number>> {
  const result = await db.query<{ partition: number; committed_offset: number }>(
    `SELECT g.partition, g.committed_offset
     FROM log.group_partitions AS g JOIN log.groups AS n ON n.group_id = g.group_id
     WHERE n.name = $1 AND g.topic_id = $2 AND g.committed_offset IS NOT NULL
     ORDER BY g.partition`,
    [group, topicId],
  );
  return new Map(result.rows.map((row) => [row.partition, row.committed_offset]));
}
