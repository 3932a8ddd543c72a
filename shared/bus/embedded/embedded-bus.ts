// The bus port on the embedded event log: a Postgres schema, migration 0020_log.sql.
import { randomUUID } from 'node:crypto';
import { isRetryableDatabaseError } from '../../db/failure.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../db/pool.ts';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import type {
  Bus,
  Consumer,
  GroupConsumer,
  GroupOptions,
  OutgoingRecord,
  TailOptions,
  TopicSpec,
} from '../bus.ts';
import type { BusLog } from '../bus-log.ts';
import { PublishQueue } from '../publish-queue.ts';
import { TopicCache } from '../topic-cache.ts';
import { GroupMember } from './group-member.ts';
import { appendRecords, findOffsets, listCommitted, listTopics } from './log-store.ts';
import { provisionTopic, type PartitionKey } from './log-store.ts';
import { PartitionReader } from './partition-reader.ts';
import { RetentionJob } from './retention.ts';
import { WakeListener } from './wake-listener.ts';

const CONNECTIONS_MAX = 4;
/** A member that is silent for this long has lost its partitions. */
const LEASE_MS = 5_000;

export interface EmbeddedBusOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly log: BusLog;
  readonly connectionsMax?: number;
  readonly leaseMs?: number;
  /** Given by the one process that deletes expired records (role bourse_bus). */
  readonly retentionIntervalMs?: number;
}

export class EmbeddedBus implements Bus {
  readonly #options: EmbeddedBusOptions;
  readonly #pool: Pool;
  readonly #topics: TopicCache;
  readonly #queue: PublishQueue;
  readonly #wake: WakeListener;
  readonly #retention: RetentionJob | null;
  readonly #stops = new Set<() => Promise<void>>();
  #closing: Promise<void> | null = null;

  constructor(options: EmbeddedBusOptions) {
    const { url, applicationName, log } = options;
    this.#options = options;
    this.#pool = createPool({
      url,
      applicationName,
      connectionsMax: options.connectionsMax ?? CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => log.warn({ err: error }, 'event log: an idle connection broke'),
    });
    this.#topics = new TopicCache(() => reading(listTopics(this.#pool)));
    this.#queue = new PublishQueue((records) => this.#append(records));
    this.#wake = new WakeListener({
      url,
      applicationName: `${applicationName} listen`,
      log,
      onTopicsChanged: () => {
        // Somebody asks again if this fails.
        this.#topics.refresh().catch(() => undefined);
      },
    });
    this.#retention =
      options.retentionIntervalMs === undefined
        ? null
        : new RetentionJob(this.#pool, log, options.retentionIntervalMs);
    this.#retention?.start();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.#refuseWhenClosed();
    await this.#queue.add(await this.#topics.place(records));
  }

  async tail(options: TailOptions): Promise<Consumer> {
    this.#refuseWhenClosed();
    const at = await this.#partitionKey(options.topic, options.partition);
    const { first, next } = await this.offsets(options.topic, options.partition);
    const fromOffset = options.from === 'end' ? next : options.from;
    checkStart(at, fromOffset, first, next);
    this.#refuseWhenClosed();
    this.#wake.start();
    const reader = new PartitionReader({
      pool: this.#pool,
      wake: this.#wake,
      log: this.#options.log,
      at,
      fromOffset,
      batchMax: options.batchMax,
      onBatch: options.onBatch,
      onError: options.onError,
      onGap: (expected, found) => {
        throw new TerminalError(
          `${at.topic}/${at.partition}: offsets ${expected} to ${found - 1} are no longer kept`,
        );
      },
    });
    return { stop: this.#track(() => reader.stop()) };
  }

  async joinGroup(options: GroupOptions): Promise<GroupConsumer> {
    this.#refuseWhenClosed();
    for (const topic of options.topics) await this.#topics.get(topic);
    this.#wake.start();
    const member = new GroupMember({
      pool: this.#pool,
      wake: this.#wake,
      log: this.#options.log,
      group: options,
      membership: {
        group: options.group,
        memberId: `${this.#options.applicationName}-${randomUUID()}`,
        topics: options.topics,
        leaseMs: this.#options.leaseMs ?? LEASE_MS,
      },
    });
    const stop = this.#track(() => member.stop());
    try {
      await member.join();
    } catch (cause) {
      await stop();
      throw asFailure(`joining group ${options.group} failed`, cause);
    }
    return {
      stop,
      commit: (topic, partition, nextOffset) => member.commit(topic, partition, nextOffset),
    };
  }

  async provision(topics: readonly TopicSpec[]): Promise<void> {
    this.#refuseWhenClosed();
    for (const topic of topics) {
      const partitions = await reading(provisionTopic(this.#pool, topic));
      if (partitions > topic.partitions) {
        throw new TerminalError(
          `topic ${topic.name} has ${partitions} partitions and cannot shrink to ${topic.partitions}`,
        );
      }
    }
    await this.#topics.refresh();
  }

  async offsets(topic: string, partition: number): Promise<{ first: number; next: number }> {
    const { topicId } = await this.#partitionKey(topic, partition);
    const offsets = await reading(findOffsets(this.#pool, topicId, partition));
    if (offsets === null) throw new TerminalError(`topic ${topic} has no partition ${partition}`);
    return offsets;
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const { topicId } = await this.#topics.get(topic);
    return reading(listCommitted(this.#pool, group, topicId));
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#topics.get(topic)).partitions;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    await this.#closing;
  }

  async #closeAll(): Promise<void> {
    await this.#queue.close();
    await Promise.all([...this.#stops].map((stop) => stop()));
    await this.#retention?.stop();
    await this.#wake.stop();
    await this.#pool.end();
  }

  async #append(records: readonly OutgoingRecord[]): Promise<void> {
    const topicIds = new Map<string, number>();
    for (const { topic } of records) {
      if (!topicIds.has(topic)) topicIds.set(topic, (await this.#topics.get(topic)).topicId);
    }
    try {
      await appendRecords(this.#pool, records, (topic) => topicIds.get(topic) ?? 0);
    } catch (cause) {
      throw asFailure('publishing failed, the records may be in the log or not', cause);
    }
  }

  async #partitionKey(topic: string, partition: number): Promise<PartitionKey> {
    const { topicId } = await this.#topics.getPartition(topic, partition);
    return { topic, topicId, partition };
  }

  /** Remembers how to stop a consumer, so that it is stopped with the bus; forgets it after. */
  #track(stop: () => Promise<void>): () => Promise<void> {
    const stopOnce = async (): Promise<void> => {
      await stop();
      this.#stops.delete(stopOnce);
    };
    this.#stops.add(stopOnce);
    return stopOnce;
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== null) throw new TerminalError('the bus is closed');
  }
}

function checkStart(at: PartitionKey, from: number, first: number, next: number): void {
  if (Number.isInteger(from) && from >= first && from <= next) return;
  throw new TerminalError(
    `${at.topic}/${at.partition} cannot be read from ${from}: it holds ${first} to ${next}`,
  );
}

async function reading<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    throw asFailure('the event log could not be read', cause);
  }
}

function asFailure(message: string, cause: unknown): Error {
  if (cause instanceof TerminalError || cause instanceof RetryableError) return cause;
  return isRetryableDatabaseError(cause)
    ? new RetryableError(message, { cause })
    : new TerminalError(message, { cause });
}
