// The topics of the catalog, as an exchange of so many shards needs them.
import type { TopicSpec } from '../bus/bus.ts';
import { TOPICS } from '../events/catalog.ts';

export function topicsFor(shards: number): TopicSpec[] {
  return Object.values(TOPICS).map(({ name, partitioning, partitions, retentionMs }) => ({
    name,
    partitions: partitioning === 'shard' ? shards : partitions,
    retentionMs,
  }));
}
