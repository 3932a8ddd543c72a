// Reads one fixed partition from an offset of our choice. KafkaJS cannot assign partitions by hand,
// so a group of this one member is told by its own assigner to read just that one, and is sent to
// the offset each time it has joined. It never commits.
import { randomUUID } from 'node:crypto';
import { AssignerProtocol, type Consumer, type Kafka, type PartitionAssigner } from 'kafkajs';
import type { EachBatchPayload } from 'kafkajs';
import { TerminalError } from '../../domain/failure.ts';
import type { TailOptions } from '../bus.ts';
import { consumerConfig, startConsumer } from './consumer-settings.ts';
import { PartitionPump, toIncoming } from './partition-pump.ts';

const ASSIGNER_VERSION = 0;

export class KafkaTail {
  readonly #options: TailOptions;
  readonly #consumer: Consumer;
  readonly #pump: PartitionPump;
  readonly #findFirst: () => Promise<number>;
  #nextOffset: number;
  #stopping: Promise<void> | null = null;

  /** `findFirst` answers the first offset that is still kept. */
  constructor(
    kafka: Kafka,
    options: TailOptions,
    fromOffset: number,
    findFirst: () => Promise<number>,
  ) {
    this.#options = options;
    this.#nextOffset = fromOffset;
    this.#findFirst = findFirst;
    this.#consumer = kafka.consumer({
      ...consumerConfig(`tail-${randomUUID()}`),
      partitionAssigners: [fixedAssigner(options.topic, options.partition)],
    });
    this.#pump = new PartitionPump({
      batchMax: options.batchMax,
      onBatch: options.onBatch,
      onError: (error) => this.#fail(error),
    });
  }

  async start(): Promise<void> {
    const { topic, partition } = this.#options;
    const { GROUP_JOIN, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, () => {
      this.#consumer.seek({ topic, partition, offset: String(this.#nextOffset) });
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#fail(payload.error);
    });
    await startConsumer(this.#consumer, [topic], (payload) => this.#receive(payload));
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    await this.#stopping;
  }

  async #stopAll(): Promise<void> {
    await Promise.all([this.#pump.end(), this.#consumer.disconnect()]);
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
    // A fetch from before the seek may bring older records once more.
    const records = batch.messages
      .map((message) => toIncoming(batch.topic, batch.partition, message))
      .filter((record) => record.offset >= this.#nextOffset);
    const [first] = records;
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.offset > this.#nextOffset && (await this.#isLost(first.offset))) return;
    this.#nextOffset = last.offset + 1;
    await this.#pump.push(records, () => payload.pause());
  }

  /** Kafka may leave gaps; only retention makes one that matters. */
  async #isLost(foundOffset: number): Promise<boolean> {
    if ((await this.#findFirst()) <= this.#nextOffset) return false;
    const { topic, partition } = this.#options;
    const lost = `offsets ${this.#nextOffset} to ${foundOffset - 1} are no longer kept`;
    this.#fail(new TerminalError(`${topic}/${partition}: ${lost}`));
    return true;
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
