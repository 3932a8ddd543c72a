// Reads one fixed partition from an offset of our choice. KafkaJS cannot assign partitions by hand,
// so a group of this one member is told by its own assigner to read just that one, and is sent to
// the offset each time it has joined. It never commits.
import { randomUUID } from 'node:crypto';
import { AssignerProtocol, type Consumer, type Kafka, type PartitionAssigner } from 'kafkajs';
import type { EachBatchPayload } from 'kafkajs';
import { TerminalError } from '../../domain/failure.ts';
import type { TailOptions } from '../bus.ts';
import type { BusLog } from '../bus-log.ts';
import { consumerConfig } from './consumer-settings.ts';
import { PartitionPump, toIncoming } from './partition-pump.ts';
import { RestartingConsumer } from './restarting-consumer.ts';

const ASSIGNER_VERSION = 0;

export interface KafkaTailDeps {
  readonly kafka: Kafka;
  readonly log: BusLog;
  /** The first offset that is still kept, and the one that the next record will get. */
  readonly findBounds: () => Promise<{ first: number; next: number }>;
}

export class KafkaTail {
  readonly #options: TailOptions;
  readonly #deps: KafkaTailDeps;
  readonly #consumer: RestartingConsumer;
  readonly #pump: PartitionPump;
  #nextOffset: number;
  #stopping: Promise<void> | null = null;

  constructor(deps: KafkaTailDeps, options: TailOptions, fromOffset: number) {
    this.#options = options;
    this.#deps = deps;
    this.#nextOffset = fromOffset;
    this.#pump = new PartitionPump({
      batchMax: options.batchMax,
      onBatch: options.onBatch,
      onError: (error) => this.#fail(error),
    });
    this.#consumer = new RestartingConsumer({
      create: () => this.#create(),
      topics: [options.topic],
      onBatch: (payload) => this.#receive(payload),
      // What was received is handed over all the same: the next consumer begins behind it.
      onLost: () => undefined,
      log: deps.log,
    });
  }

  async start(): Promise<void> {
    await this.#consumer.start();
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    await this.#stopping;
  }

  async #stopAll(): Promise<void> {
    await Promise.all([this.#pump.end(), this.#consumer.stop()]);
  }

  #create(): Consumer {
    const { topic, partition } = this.#options;
    const consumer = this.#deps.kafka.consumer({
      // A group of its own each time: nobody has to wait for the end of the last one's session.
      ...consumerConfig(`tail-${randomUUID()}`),
      partitionAssigners: [fixedAssigner(topic, partition)],
    });
    consumer.on(consumer.events.GROUP_JOIN, () => {
      consumer.seek({ topic, partition, offset: String(this.#nextOffset) });
    });
    return consumer;
  }

  #fail(error: unknown): void {
    if (this.#stopping !== null) return;
    this.#options.onError(error);
    // In the background: we are called from within the consumer.
    this.stop().catch(() => undefined);
  }

  async #receive(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    if (this.#stopping !== null) return;
    const received = batch.messages.map((message) =>
      toIncoming(batch.topic, batch.partition, message),
    );
    // A fetch from before the seek may bring older records once more.
    const isBehind = received.some((record) => record.offset < this.#nextOffset);
    if (isBehind && (await this.#isCutOff())) return;
    const first = received.find((record) => record.offset >= this.#nextOffset);
    if (first === undefined) return;
    if (first.offset > this.#nextOffset && (await this.#isExpired(first.offset))) return;
    // While we asked, another consumer may have come in the place of this one.
    const records = received.filter((record) => record.offset >= this.#nextOffset);
    const last = records.at(-1);
    if (last === undefined) return;
    this.#nextOffset = last.offset + 1;
    await this.#pump.push(records, () => payload.pause());
  }

  /** Kafka may leave gaps; only retention makes one that matters. */
  async #isExpired(foundOffset: number): Promise<boolean> {
    if ((await this.#deps.findBounds()).first <= this.#nextOffset) return false;
    this.#failWith(`offsets ${this.#nextOffset} to ${foundOffset - 1} are no longer kept`);
    return true;
  }

  /**
   * KafkaJS begins again at the start when its offset is beyond the end of the log. Then the log
   * has lost what it had acknowledged (an unclean election, a restored disk): nobody may go on as
   * if it had not.
   */
  async #isCutOff(): Promise<boolean> {
    const { next } = await this.#deps.findBounds();
    if (next >= this.#nextOffset) return false;
    this.#failWith(`the log ends at ${next}, but was read up to ${this.#nextOffset} before`);
    return true;
  }

  #failWith(what: string): void {
    const { topic, partition } = this.#options;
    this.#fail(new TerminalError(`${topic}/${partition}: ${what}`));
  }
}

function fixedAssigner(topic: string, partition: number): PartitionAssigner {
  return () => ({
    name: 'FixedPartition',
    version: ASSIGNER_VERSION,
    assign: ({ members }) =>
      Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: ASSIGNER_VERSION,
            assignment: { [topic]: [partition] },
            userData: Buffer.alloc(0),
          }),
        })),
      ),
    protocol: ({ topics }) => ({
      name: 'FixedPartition',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: ASSIGNER_VERSION,
        topics,
        userData: Buffer.alloc(0),
      }),
    }),
  });
}
