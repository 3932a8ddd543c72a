// The bus port on Kafka, through KafkaJS.
import kafkajs, { type Admin, type ISocketFactory, type Kafka } from 'kafkajs';
import { readKafkaSettings, type KafkaSettings } from '../../config/kafka-config.ts';
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
import { backoffMs, waitMs } from '../wait.ts';
import { createBrokerBreaker, isAway, type BrokerBreaker } from './broker-breaker.ts';
import { ADMIN_RETRY, CONSUMER_RETRY, createKafka, PRODUCER_RETRY } from './kafka-client.ts';
import { KafkaGroupMember } from './kafka-group-member.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { KafkaTail } from './kafka-tail.ts';
import { beginAtEnd, findOffsets, listCommitted, listTopics } from './kafka-topics.ts';
import { deleteTopics, planTopics, provisionTopics } from './kafka-topics.ts';
import type { TopicPlan } from './topic-plan.ts';
import { assertSafe } from './topic-safety.ts';

const ASK_ATTEMPTS_MAX = 6;
const ASK_WAIT_FIRST_MS = 25;
const ASK_WAIT_MAX_MS = 1_000;
const NEVER = new AbortController().signal;

export interface KafkaBusOptions {
  readonly brokers: readonly string[];
  readonly applicationName: string;
  /** From this process's environment when not given. */
  readonly settings?: KafkaSettings;
  readonly log: BusLog;
  readonly socketFactory?: ISocketFactory;
}

export class KafkaBus implements Bus {
  readonly #consumers: Kafka;
  readonly #admins: Kafka;
  /** A client id of its own for each group: the broker's figures and quotas go by it. */
  readonly #createMember: (group: string) => Kafka;
  readonly #settings: KafkaSettings;
  readonly #log: BusLog;
  readonly #breaker: BrokerBreaker = createBrokerBreaker();
  readonly #producer: KafkaProducer;
  readonly #topics: TopicCache;
  readonly #queue: PublishQueue;
  readonly #stops = new Set<() => Promise<void>>();
  /** Topics that were found to be as safe as the environment demands. */
  readonly #safe = new Map<string, Promise<void>>();
  #admin: Promise<Admin> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: KafkaBusOptions) {
    const { settings = readKafkaSettings() } = options;
    this.#settings = settings;
    this.#log = options.log;
    const client = { ...options, settings, clientId: options.applicationName };
    this.#consumers = createKafka({ ...client, retry: CONSUMER_RETRY });
    this.#createMember = (group) => {
      const clientId = `${client.clientId}-${group}`;
      return createKafka({ ...client, clientId, retry: CONSUMER_RETRY });
    };
    this.#admins = createKafka({ ...client, retry: ADMIN_RETRY, closesSilent: true });
    const producers = createKafka({ ...client, retry: PRODUCER_RETRY, closesSilent: true });
    this.#producer = new KafkaProducer(producers);
    this.#topics = new TopicCache(() => this.#ask(listTopics));
    this.#queue = new PublishQueue((records) => this.#producer.send(records));
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.#refuseWhenClosed();
    const placed = await this.#topics.place(records);
    for (const topic of new Set(records.map((record) => record.topic))) await this.#check(topic);
    await this.#queue.add(placed);
  }

  async tail(options: TailOptions): Promise<Consumer> {
    const { topic, partition, from } = options;
    const { first, next } = await this.offsets(topic, partition);
    const fromOffset = from === 'end' ? next : from;
    if (!Number.isInteger(fromOffset) || fromOffset < first || fromOffset > next) {
      throw new TerminalError(
        `${topic}/${partition} cannot be read from ${fromOffset}: it holds ${first} to ${next}`,
      );
    }
    const deps = {
      kafka: this.#consumers,
      log: this.#log,
      findBounds: () => this.offsets(topic, partition),
    };
    const tail = new KafkaTail(deps, options, fromOffset);
    const stop = this.#track(() => tail.stop());
    await this.#startOrStop(() => tail.start(), stop, `tailing ${topic}/${partition}`);
    return { stop };
  }

  async joinGroup(options: GroupOptions): Promise<GroupConsumer> {
    this.#refuseWhenClosed();
    for (const topic of options.topics) {
      await this.#topics.get(topic);
      await this.#check(topic);
      if (options.initialOffset === 'latest') {
        await this.#ask((admin) => beginAtEnd(admin, options.group, topic));
      }
    }
    const kafka = this.#createMember(options.group);
    const member = new KafkaGroupMember(kafka, options, this.#log);
    const stop = this.#track(() => member.stop());
    await this.#startOrStop(() => member.start(), stop, `joining group ${options.group}`);
    return {
      stop,
      commit: (topic, partition, nextOffset) => member.commit(topic, partition, nextOffset),
    };
  }

  async provision(topics: readonly TopicSpec[]): Promise<void> {
    await this.applyTopics(topics);
  }

  /** As `provision`, and answers what was done. */
  async applyTopics(topics: readonly TopicSpec[]): Promise<TopicPlan[]> {
    const plans = await this.#ask((admin) => provisionTopics(admin, topics, this.#settings));
    await this.#topics.refresh();
    return plans;
  }

  /** What `provision` would do, and why it would refuse. */
  compareTopics(topics: readonly TopicSpec[]): Promise<TopicPlan[]> {
    return this.#ask((admin) => planTopics(admin, topics, this.#settings));
  }

  /** Throws topics and all that is in them away: only where somebody asked for just that. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#ask((admin) => deleteTopics(admin, names));
    await this.#topics.refresh();
  }

  async offsets(topic: string, partition: number): Promise<{ first: number; next: number }> {
    await this.#topics.getPartition(topic, partition);
    await this.#check(topic);
    const offsets = await this.#ask((admin) => findOffsets(admin, topic, partition));
    if (offsets === null) throw new TerminalError(`topic ${topic} has no partition ${partition}`);
    return offsets;
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    await this.#topics.get(topic);
    return this.#ask((admin) => listCommitted(admin, group, topic));
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
    await this.#producer.close();
    const admin = this.#admin;
    await admin?.then((each) => each.disconnect()).catch(() => undefined);
  }

  /** Refuses to use a topic that is less safe than demanded; asks once. */
  async #check(topic: string): Promise<void> {
    let checked = this.#safe.get(topic);
    if (checked === undefined) {
      checked = this.#ask((admin) => assertSafe(admin, [topic], this.#settings));
      this.#safe.set(topic, checked);
      // What is refused or unknown now is looked at again: an operator may put it right.
      checked.catch(() => this.#safe.delete(topic));
    }
    await checked;
  }

  /**
   * One question to the cluster, repeated while the answer is that it cannot be given just now:
   * the admin client does not follow a coordinator or a leader that has moved. While the cluster is
   * known to be away, the answer is no at once.
   */
  async #ask<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      this.#refuseWhenClosed();
      try {
        return await this.#breaker.execute(() => this.#askOnce(question));
      } catch (cause) {
        if (cause instanceof TerminalError || cause instanceof RetryableError) throw cause;
        if (isAway(cause)) throw new RetryableError('Kafka is away', { cause });
        const isPassing = cause instanceof kafkajs.KafkaJSError && cause.retriable;
        if (!isPassing || attempt >= ASK_ATTEMPTS_MAX) {
          throw new RetryableError('the cluster could not be asked', { cause });
        }
      }
      await waitMs(backoffMs(attempt, ASK_WAIT_FIRST_MS, ASK_WAIT_MAX_MS), NEVER);
    }
  }

  async #askOnce<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    const connecting = (this.#admin ??= this.#connectAdmin());
    try {
      return await question(await connecting);
    } catch (error) {
      if (error instanceof TerminalError || error instanceof RetryableError) throw error;
      // A client of its own has fresh metadata and connections.
      if (this.#admin === connecting) this.#admin = null;
      connecting.then((admin) => admin.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = this.#admins.admin();
    await admin.connect();
    return admin;
  }

  async #startOrStop(
    start: () => Promise<void>,
    stop: () => Promise<void>,
    what: string,
  ): Promise<void> {
    try {
      await start();
    } catch (cause) {
      await stop();
      if (cause instanceof TerminalError) throw cause;
      throw new RetryableError(`${what} failed`, { cause });
    }
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
