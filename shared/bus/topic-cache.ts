// What topics exist and how many partitions they have, remembered for a while, and from it the
// partition of a record.
import { TerminalError } from '../domain/failure.ts';
import type { OutgoingRecord } from './bus.ts';
import { partitionOfKey } from './key-partition.ts';

export interface Topic {
  readonly name: string;
  /** The embedded log's number of the topic; 0 on Kafka. */
  readonly topicId: number;
  readonly partitions: number;
}

/** Partitions added elsewhere are looked for when what is known is older than this. */
const AGE_MAX_MS = 30_000;

export class TopicCache {
  readonly #load: () => Promise<readonly Topic[]>;
  #topics: ReadonlyMap<string, Topic> = new Map();
  #loadedAtMs = -Infinity;
  #loading: Promise<void> | null = null;
  #turn = 0;

  constructor(load: () => Promise<readonly Topic[]>) {
    this.#load = load;
  }

  /** Throws TerminalError when there is no such topic. */
  async get(name: string): Promise<Topic> {
    // A topic that is known stays usable while nobody can be asked about it.
    if (!this.#topics.has(name)) await this.refresh();
    else if (performance.now() - this.#loadedAtMs > AGE_MAX_MS) this.#refreshMeanwhile();
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new TerminalError(`unknown topic ${name}`);
    return topic;
  }

  /** Throws TerminalError when the topic has no such partition. */
  async getPartition(name: string, partition: number): Promise<Topic> {
    let topic = await this.get(name);
    if (partition >= topic.partitions) {
      await this.refresh();
      topic = await this.get(name);
    }
    if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return topic;
    throw new TerminalError(`topic ${name} has no partition ${partition}`);
  }

  /** The same records, each with its partition: as given, by its key, or in turn without a key. */
  async place(records: readonly OutgoingRecord[]): Promise<OutgoingRecord[]> {
    // All look-ups first: records of one call must not be parted by waiting.
    const topics = new Map<string, Topic>();
    for (const { topic, partition } of records) {
      if (partition !== undefined) topics.set(topic, await this.getPartition(topic, partition));
      else if (!topics.has(topic)) topics.set(topic, await this.get(topic));
    }
    return records.map((record) => {
      if (record.partition !== undefined) return record;
      const partitions = topics.get(record.topic)?.partitions ?? 1;
      const partition =
        record.key === null
          ? (this.#turn = (this.#turn + 1) & 0x7fffffff) % partitions
          : partitionOfKey(record.key, partitions);
      return { ...record, partition };
    });
  }

  /** Reads the topics again; callers that come meanwhile share one reading. */
  async refresh(): Promise<void> {
    this.#loading ??= this.#readAll().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  #refreshMeanwhile(): void {
    // Tried again with the next use; whoever needs something new asks and hears of the failure.
    this.refresh().catch(() => undefined);
  }

  async #readAll(): Promise<void> {
    const topics = await this.#load();
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
    this.#loadedAtMs = performance.now();
  }
}
