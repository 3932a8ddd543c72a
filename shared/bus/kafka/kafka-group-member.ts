// A member of a Kafka consumer group. Each rebalance takes everything away and begins again at the
// committed offsets; commits are by hand only.
import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import { RetryableError } from '../../domain/failure.ts';
import type { GroupOptions } from '../bus.ts';
import type { BusLog } from '../bus-log.ts';
import { consumerConfig } from './consumer-settings.ts';
import { PartitionPump, toIncoming } from './partition-pump.ts';
import { RestartingConsumer } from './restarting-consumer.ts';

/** The coordinator's ways of saying that the partition is not ours any more. */
const FENCED_TYPES = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

interface Held {
  readonly topic: string;
  readonly partition: number;
  committedOffset: number;
}

export class KafkaGroupMember {
  readonly #options: GroupOptions;
  readonly #kafka: Kafka;
  readonly #consumer: RestartingConsumer;
  readonly #held = new Map<string, Held>();
  readonly #pumps = new Map<string, PartitionPump>();
  #committing: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | null = null;

  constructor(kafka: Kafka, options: GroupOptions, log: BusLog) {
    this.#options = options;
    this.#kafka = kafka;
    this.#consumer = new RestartingConsumer({
      create: () => this.#create(),
      topics: options.topics,
      onBatch: (payload) => this.#receive(payload),
      onLost: () => this.#revokeAll(),
      log,
    });
  }

  async start(): Promise<void> {
    await this.#consumer.start();
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    await this.#stopping;
  }

  async commit(topic: string, partition: number, nextOffset: number): Promise<boolean> {
    const held = this.#held.get(`${topic}/${partition}`);
    if (held === undefined) return false;
    // One at a time: a commit that overtakes another would move the group back.
    const done = this.#committing.then(() => this.#commitHeld(held, nextOffset));
    this.#committing = done.catch(() => undefined);
    return done;
  }

  async #commitHeld(held: Held, nextOffset: number): Promise<boolean> {
    const { topic, partition } = held;
    const isHeld = (): boolean => this.#held.get(`${topic}/${partition}`) === held;
    if (!isHeld()) return false;
    if (nextOffset <= held.committedOffset) return true;
    try {
      const consumer = this.#consumer.current;
      if (consumer === null) return false;
      await consumer.commitOffsets([{ topic, partition, offset: String(nextOffset) }]);
    } catch (cause) {
      if (cause instanceof kafkajs.KafkaJSProtocolError && FENCED_TYPES.has(cause.type))
        return false;
      if (!isHeld()) return false;
      throw new RetryableError(`commit of ${topic}/${partition} failed`, { cause });
    }
    held.committedOffset = nextOffset;
    return true;
  }

  async #stopAll(): Promise<void> {
    const pumps = [...this.#pumps.values()];
    this.#held.clear();
    await Promise.all([...pumps.map((pump) => pump.end()), this.#consumer.stop()]);
  }

  #create(): Consumer {
    const consumer = this.#kafka.consumer(consumerConfig(this.#options.group));
    const { GROUP_JOIN, REBALANCING } = consumer.events;
    consumer.on(REBALANCING, () => {
      this.#commitLast();
      this.#revokeAll();
    });
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#revokeAll();
      for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
        for (const partition of partitions) {
          this.#held.set(`${topic}/${partition}`, { topic, partition, committedOffset: -1 });
        }
      }
    });
    return consumer;
  }

  /** Started before the group is joined again: the broker takes requests in their order. */
  #commitLast(): void {
    const { lastCommit } = this.#options;
    for (const held of this.#held.values()) {
      const next = lastCommit?.(held.topic, held.partition) ?? null;
      // One that comes too late is refused, and the next owner begins at an older offset.
      if (next !== null) this.#commitHeld(held, next).catch(() => undefined);
    }
  }

  #revokeAll(): void {
    const lost = [...this.#held.values()];
    this.#held.clear();
    for (const pump of this.#pumps.values()) pump.forget();
    for (const { topic, partition } of lost) this.#options.onRevoked?.(topic, partition);
  }

  #fail(error: unknown): void {
    if (this.#stopping !== null) return;
    this.#options.onError(error);
    // In the background: we are called from within the consumer.
    this.stop().catch(() => undefined);
  }

  async #receive(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const key = `${batch.topic}/${batch.partition}`;
    if (this.#stopping !== null || !this.#held.has(key)) return;
    let pump = this.#pumps.get(key);
    if (pump === undefined) {
      const { batchMax, onBatch } = this.#options;
      pump = new PartitionPump({ batchMax, onBatch, onError: (error) => this.#fail(error) });
      this.#pumps.set(key, pump);
    }
    await pump.push(
      batch.messages.map((message) => toIncoming(batch.topic, batch.partition, message)),
      () => payload.pause(),
    );
  }
}
