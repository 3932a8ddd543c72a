// Topics and offsets through Kafka's admin API.
import kafkajs, { type Admin } from 'kafkajs';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import type { TopicSpec } from '../bus.ts';
import type { Topic } from '../topic-cache.ts';
import { waitMs } from '../wait.ts';
import { assertSafe, safeSettings, type TopicDemands } from './topic-safety.ts';

const RETENTION = 'retention.ms';
const TOO_FEW_BROKERS = 'INVALID_REPLICATION_FACTOR';
const CREATE_TIMEOUT_MS = 15_000;
/** Metadata of a change spreads to the brokers after the call has been answered. */
const VISIBLE_TIMEOUT_MS = 15_000;
const VISIBLE_POLL_MS = 50;
/** `-1`: the number of replicas that the cluster is configured for. */
const REPLICATION_DEFAULT = -1;

export async function listTopics(admin: Admin): Promise<Topic[]> {
  const { topics } = await admin.fetchTopicMetadata();
  return topics.map(({ name, partitions }) => ({
    name,
    topicId: 0,
    partitions: partitions.length,
  }));
}

/**
 * Creates or grows topics and sets their retention. Refuses to shrink one, and refuses one that is
 * less safe than demanded: how many copies there are is for an operator to change, not for us.
 */
export async function provisionTopics(
  admin: Admin,
  specs: readonly TopicSpec[],
  demands: TopicDemands,
): Promise<void> {
  const present = new Map((await listTopics(admin)).map((topic) => [topic.name, topic]));
  const known = specs.filter((spec) => present.has(spec.name));
  await assertSafe(
    admin,
    known.map((spec) => spec.name),
    demands,
  );
  for (const spec of specs) {
    const partitions = present.get(spec.name)?.partitions;
    if (partitions === undefined) {
      await createTopic(admin, spec, demands);
    } else if (partitions > spec.partitions) {
      throw new TerminalError(
        `topic ${spec.name} has ${partitions} partitions and cannot shrink to ${spec.partitions}`,
      );
    } else {
      if (partitions < spec.partitions) {
        await admin.createPartitions({
          topicPartitions: [{ topic: spec.name, count: spec.partitions }],
          timeout: CREATE_TIMEOUT_MS,
        });
      }
      await setRetention(admin, spec);
    }
  }
  await waitUntilVisible(admin, specs);
}

async function createTopic(
  admin: Admin,
  { name, partitions, retentionMs }: TopicSpec,
  demands: TopicDemands,
): Promise<void> {
  const { replicationMin } = demands;
  try {
    // False when another process was faster, which is as good.
    await admin.createTopics({
      waitForLeaders: true,
      timeout: CREATE_TIMEOUT_MS,
      topics: [
        {
          topic: name,
          numPartitions: partitions,
          replicationFactor: replicationMin > 1 ? replicationMin : REPLICATION_DEFAULT,
          configEntries: [
            ...safeSettings(demands),
            { name: RETENTION, value: String(retentionMs) },
            { name: 'retention.bytes', value: '-1' },
          ],
        },
      ],
    });
  } catch (cause) {
    if (!isTooFewBrokers(cause)) throw cause;
    const why = `the cluster has fewer brokers than the ${replicationMin} copies demanded`;
    throw new TerminalError(`topic ${name} cannot be created: ${why}`, { cause });
  }
}

function isTooFewBrokers(error: unknown): boolean {
  const causes = error instanceof kafkajs.KafkaJSAggregateError ? error.errors : [error];
  return causes.some(
    (each) => each instanceof kafkajs.KafkaJSProtocolError && each.type === TOO_FEW_BROKERS,
  );
}

async function setRetention(admin: Admin, { name, retentionMs }: TopicSpec): Promise<void> {
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name };
  const described = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
  const entries = described.resources[0]?.configEntries ?? [];
  const value = String(retentionMs);
  if (entries.some((entry) => entry.configName === RETENTION && entry.configValue === value))
    return;
  // The request replaces all settings of the topic: those of others are sent along.
  const others = entries
    .filter((entry) => !entry.isDefault && !entry.readOnly && entry.configName !== RETENTION)
    .map((entry) => ({ name: entry.configName, value: entry.configValue }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [...others, { name: RETENTION, value }] }],
  });
}

/** Throws topics and all that is in them away; those that are not there are left out. */
export async function deleteTopics(admin: Admin, names: readonly string[]): Promise<void> {
  const present = new Set((await listTopics(admin)).map(({ name }) => name));
  const topics = names.filter((name) => present.has(name));
  if (topics.length === 0) return;
  await admin.deleteTopics({ topics, timeout: CREATE_TIMEOUT_MS });
  await waitUntil(
    async () => {
      const left = new Set((await listTopics(admin)).map(({ name }) => name));
      return topics.find((name) => left.has(name)) ?? null;
    },
    (name) => `topic ${name} was deleted but is still there`,
  );
}

async function waitUntilVisible(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  await waitUntil(
    async () => {
      const present = new Map((await listTopics(admin)).map((topic) => [topic.name, topic]));
      const missing = specs.find(
        (spec) => (present.get(spec.name)?.partitions ?? 0) < spec.partitions,
      );
      return missing?.name ?? null;
    },
    (name) => `topic ${name} was created but is not visible`,
  );
}

/** Asks until the answer is null; what is still in the way after a while becomes the error. */
async function waitUntil(
  findObstacle: () => Promise<string | null>,
  describe: (obstacle: string) => string,
): Promise<void> {
  const untilMs = performance.now() + VISIBLE_TIMEOUT_MS;
  const never = new AbortController().signal;
  for (;;) {
    const obstacle = await findObstacle();
    if (obstacle === null) return;
    if (performance.now() > untilMs) throw new RetryableError(describe(obstacle));
    await waitMs(VISIBLE_POLL_MS, never);
  }
}

export async function findOffsets(
  admin: Admin,
  topic: string,
  partition: number,
): Promise<{ first: number; next: number } | null> {
  const offsets = await admin.fetchTopicOffsets(topic);
  const found = offsets.find((each) => each.partition === partition);
  return found === undefined ? null : { first: Number(found.low), next: Number(found.high) };
}

export async function listCommitted(
  admin: Admin,
  group: string,
  topic: string,
): Promise<Map<number, number>> {
  const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = (offsets?.partitions ?? [])
    .map(({ partition, offset }): [number, number] => [partition, Number(offset)])
    .filter(([, offset]) => offset >= 0)
    .sort(([a], [b]) => a - b);
  return new Map(committed);
}

/** Fixes where a group without any committed offset begins, so that nothing after is lost. */
export async function beginAtEnd(admin: Admin, group: string, topic: string): Promise<void> {
  if ((await listCommitted(admin, group, topic)).size > 0) return;
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.setOffsets({
    groupId: group,
    topic,
    partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
  });
}
