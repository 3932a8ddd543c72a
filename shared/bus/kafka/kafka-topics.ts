// Topics and offsets through Kafka's admin API.
import kafkajs, { type Admin } from 'kafkajs';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import type { TopicSpec } from '../bus.ts';
import type { Topic } from '../topic-cache.ts';
import { waitMs } from '../wait.ts';
import { RETENTION_SETTINGS, planTopic, retentionSettings, type TopicPlan } from './topic-plan.ts';
import { readStates, safeSettings, type TopicDemands } from './topic-safety.ts';

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

/** Compares topics with what they shall be. Changes nothing. */
export async function planTopics(
  admin: Admin,
  specs: readonly TopicSpec[],
  demands: TopicDemands,
): Promise<TopicPlan[]> {
  const present = new Set((await listTopics(admin)).map(({ name }) => name));
  const known = specs.map(({ name }) => name).filter((name) => present.has(name));
  const states = await readStates(admin, known, RETENTION_SETTINGS);
  const byName = new Map(states.map((state) => [state.name, state]));
  return specs.map((spec) => planTopic(spec, byName.get(spec.name) ?? null, demands));
}

/**
 * Creates or grows topics and sets their retention; answers what was to be done. Throws
 * TerminalError, with nothing changed, when one would have to shrink or is less safe than demanded:
 * how many copies there are is for an operator to change, not for us.
 */
export async function provisionTopics(
  admin: Admin,
  specs: readonly TopicSpec[],
  demands: TopicDemands,
): Promise<TopicPlan[]> {
  const plans = await planTopics(admin, specs, demands);
  const refusals = plans.flatMap((plan) => plan.refusals);
  if (refusals.length > 0) throw new TerminalError(refusals.join('; '));
  for (const { spec, changes } of plans) {
    const kinds = new Set(changes.map(({ kind }) => kind));
    if (kinds.has('create')) await createTopic(admin, spec, demands);
    if (kinds.has('grow')) await growTopic(admin, spec);
    if (kinds.has('retain')) await setRetention(admin, spec);
  }
  await waitUntilVisible(admin, specs);
  return plans;
}

async function growTopic(admin: Admin, { name, partitions }: TopicSpec): Promise<void> {
  await admin.createPartitions({
    topicPartitions: [{ topic: name, count: partitions }],
    timeout: CREATE_TIMEOUT_MS,
  });
}

async function createTopic(admin: Admin, spec: TopicSpec, demands: TopicDemands): Promise<void> {
  const { name, partitions } = spec;
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
          configEntries: [...safeSettings(demands), ...retentionSettings(spec)],
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

async function setRetention(admin: Admin, spec: TopicSpec): Promise<void> {
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: spec.name };
  const described = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
  const entries = described.resources[0]?.configEntries ?? [];
  const ours = retentionSettings(spec);
  const isOurs = (name: string): boolean => ours.some((each) => each.name === name);
  // The request replaces all settings of the topic: those of others are sent along.
  const others = entries
    .filter((entry) => !entry.isDefault && !entry.readOnly && !isOurs(entry.configName))
    .map((entry) => ({ name: entry.configName, value: entry.configValue }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [...others, ...ours] }],
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
