// The SQL of consumer groups on the embedded log, and of its retention.
import type { Queryable } from '../../db/pool.ts';
import type { Assignment, PartitionKey } from './log-store.ts';

export interface Membership {
  readonly group: string;
  readonly memberId: string;
  readonly topics: readonly string[];
  readonly leaseMs: number;
}

/** Joins or renews; answers what the member owns now. */
export async function renewMembership(
  db: Queryable,
  membership: Membership,
  beginAtEnd: boolean,
): Promise<Assignment[]> {
  const result = await db.query<{
    topic_id: number;
    topic: string;
    partition: number;
    epoch: number;
    committed_offset: number | null;
    keep: boolean;
  }>({
    name: 'log_renew_membership',
    text: `SELECT topic_id, topic, partition, epoch, committed_offset, keep
           FROM log.renew_membership($1, $2, $3::text[], $4, $5)`,
    values: [
      membership.group,
      membership.memberId,
      membership.topics,
      membership.leaseMs,
      beginAtEnd,
    ],
  });
  return result.rows.map((row) => ({
    topic: row.topic,
    topicId: row.topic_id,
    partition: row.partition,
    epoch: row.epoch,
    committedOffset: row.committed_offset,
    keep: row.keep,
  }));
}

export async function releasePartition(
  db: Queryable,
  { group, memberId }: Membership,
  { topicId, partition }: PartitionKey,
): Promise<void> {
  await db.query('SELECT log.release_partition($1, $2, $3, $4)', [
    group,
    memberId,
    topicId,
    partition,
  ]);
}

export async function leaveGroup(db: Queryable, { group, memberId }: Membership): Promise<void> {
  await db.query('SELECT log.leave_group($1, $2)', [group, memberId]);
}

/** False when the partition has changed hands since it was assigned. */
export async function commitOffset(
  db: Queryable,
  { group, memberId }: Membership,
  held: PartitionKey & { readonly epoch: number },
  nextOffset: number,
): Promise<boolean> {
  const result = await db.query<{ done: boolean }>({
    name: 'log_commit_offset',
    text: 'SELECT log.commit_offset($1, $2, $3, $4, $5, $6) AS done',
    values: [group, memberId, held.topicId, held.partition, held.epoch, nextOffset],
  });
  return result.rows[0]?.done ?? false;
}

/** Partitions of topics that do not keep records for ever, and how long they keep them. */
export async function listExpiring(
  db: Queryable,
): Promise<{ topicId: number; partition: number; retentionMs: number }[]> {
  const result = await db.query<{ topic_id: number; partition: number; retention_ms: number }>(
    `SELECT p.topic_id, p.partition, t.retention_ms
     FROM log.partitions AS p JOIN log.topics AS t ON t.topic_id = p.topic_id
     WHERE t.retention_ms >= 0 ORDER BY p.topic_id, p.partition`,
  );
  return result.rows.map((row) => ({
    topicId: row.topic_id,
    partition: row.partition,
    retentionMs: row.retention_ms,
  }));
}

/** Deletes what is older than the retention, at most `batchMax` records; answers how many. */
export async function trimPartition(
  db: Queryable,
  topicId: number,
  partition: number,
  retentionMs: number,
  batchMax: number,
): Promise<number> {
  const result = await db.query<{ trimmed: number }>(
    `SELECT log.trim($1, $2, clock_timestamp() - $3::bigint * interval '1 millisecond', $4)
       AS trimmed`,
    [topicId, partition, retentionMs, batchMax],
  );
  return result.rows[0]?.trimmed ?? 0;
}
