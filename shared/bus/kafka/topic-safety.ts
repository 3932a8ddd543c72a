// What a topic must be like for our promises to hold: copies, how many of them acknowledge, no
// election of a leader that lacks records, nothing compacted away. Settings belong to operators: an
// unsafe topic is refused, never changed.
import kafkajs, { type Admin, type ConfigEntries } from 'kafkajs';
import { RetryableError, TerminalError } from '../../domain/failure.ts';

/** What the environment demands; see `KafkaSettings`. */
export interface TopicDemands {
  readonly replicationMin: number;
  readonly inSyncMin: number;
}

export interface TopicState {
  readonly name: string;
  readonly partitions: number;
  /** Copies of the partition that has the fewest. */
  readonly replication: number;
  readonly settings: ReadonlyMap<string, string>;
}

const IN_SYNC = 'min.insync.replicas';
const UNCLEAN = 'unclean.leader.election.enable';
const CLEANUP = 'cleanup.policy';

/** The settings of a topic that we create. */
export function safeSettings({ inSyncMin }: TopicDemands): { name: string; value: string }[] {
  return [
    { name: IN_SYNC, value: String(inSyncMin) },
    { name: UNCLEAN, value: 'false' },
    { name: CLEANUP, value: 'delete' },
  ];
}

/** Throws TerminalError, naming every fault of every topic, unless all are as safe as demanded. */
export async function assertSafe(
  admin: Admin,
  names: readonly string[],
  demands: TopicDemands,
): Promise<void> {
  const states = await readStates(admin, names, []);
  const faults = states.flatMap((state) => findFaults(state, demands));
  if (faults.length > 0) throw new TerminalError(`unsafe topics: ${faults.join('; ')}`);
}

/** In words for an operator: what the topic has, and what is demanded. */
export function findFaults(state: TopicState, demands: TopicDemands): string[] {
  const { name, replication, settings } = state;
  const { replicationMin, inSyncMin } = demands;
  const inSync = Number(settings.get(IN_SYNC) ?? '1');
  const cleanup = settings.get(CLEANUP) ?? 'delete';
  const faults: string[] = [];
  if (replication < replicationMin) {
    faults.push(`${name} has ${replication} copies, not the ${replicationMin} demanded`);
  }
  if (inSync < inSyncMin) {
    faults.push(`${name} has ${IN_SYNC}=${inSync}, not the ${inSyncMin} demanded`);
  }
  if (inSync > replication) {
    faults.push(`${name} has ${IN_SYNC}=${inSync}, more than its ${replication} copies`);
  }
  if (settings.get(UNCLEAN) === 'true') faults.push(`${name} has ${UNCLEAN}=true`);
  if (cleanup !== 'delete') faults.push(`${name} has ${CLEANUP}=${cleanup}, not delete`);
  return faults;
}

/** All that safety needs to know of topics that are there, and the settings of `others`. */
export async function readStates(
  admin: Admin,
  names: readonly string[],
  others: readonly string[],
): Promise<TopicState[]> {
  if (names.length === 0) return [];
  const [metadata, described] = await Promise.all([
    admin.fetchTopicMetadata({ topics: [...names] }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: [IN_SYNC, UNCLEAN, CLEANUP, ...others],
      })),
    }),
  ]);
  const settings = new Map(
    described.resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]),
  );
  return metadata.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: readEntries(name, settings.get(name)),
  }));
}

function readEntries(name: string, entries: readonly ConfigEntries[] | undefined) {
  if (entries === undefined) throw new RetryableError(`the settings of ${name} are not known yet`);
  return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
}
