// Records of an event log that is kept in Kafka, read with the client library alone: nothing of the
// exchange's own bus stands between the auditor and the brokers.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Consumer, type KafkaConfig, type KafkaMessage } from 'kafkajs';
import { readKafkaSettings } from '../../shared/config/kafka-config.ts';
import type { EventLog, PartitionBounds } from './read-log.ts';
import type { LogRecord } from './wire.ts';

/** Records in memory before the brokers are asked for no more. */
const BUFFERED_MAX = 20_000;
const FETCH_WAIT_MS = 500;
/** No record for this long although there must be some. */
const SILENCE_MAX_MS = 60_000;

/** The log cannot be read. */
export class KafkaLogError extends Error {
  override readonly name = 'KafkaLogError';
}

export interface KafkaLog extends EventLog {
  close(): Promise<void>;
}

/** `brokers` is `host:port,...`; TLS, login and prefix are those of the environment. */
export async function openKafkaLog(brokers: string): Promise<KafkaLog> {
  const { tls, sasl, topicPrefix } = readKafkaSettings();
  const kafka = new Kafka({
    brokers: brokers.split(','),
    clientId: 'bourse-audit',
    logLevel: logLevel.NOTHING,
    ...(tls === null ? {} : { ssl: { ...tls } }),
    ...(sasl === null ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
  } catch (cause) {
    throw new KafkaLogError('the brokers cannot be reached', { cause });
  }
  const readBounds = async (topic: string): Promise<PartitionBounds[]> => {
    const name = `${topicPrefix}${topic}`;
    if (!(await admin.listTopics()).includes(name)) return [];
    const offsets = await admin.fetchTopicOffsets(name);
    return offsets
      .map(({ partition, low, high }) => ({
        partition,
        firstOffset: Number(low),
        nextOffset: Number(high),
      }))
      .sort((a, b) => a.partition - b.partition);
  };
  return {
    readBounds,
    readRecords: async function* (topic, bounds) {
      for (const each of bounds) {
        if (each.firstOffset === each.nextOffset) continue;
        yield* readPartition(kafka, `${topicPrefix}${topic}`, each);
      }
    },
    close: () => admin.disconnect(),
  };
}

/** One partition within its bounds, in offset order. What is appended meanwhile is left out. */
async function* readPartition(
  kafka: Kafka,
  topic: string,
  bounds: PartitionBounds,
): AsyncGenerator<LogRecord> {
  const queue = new RecordQueue(bounds.firstOffset);
  const consumer = kafka.consumer({
    groupId: `bourse-audit-${randomUUID()}`,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
  });
  try {
    await begin(consumer, topic, bounds.partition, queue);
    for (let next = bounds.firstOffset; next < bounds.nextOffset;) {
      for (const record of await queue.take()) {
        next = record.offset + 1;
        if (record.offset < bounds.nextOffset) yield record;
      }
    }
  } finally {
    queue.end();
    await consumer.disconnect();
  }
}

async function begin(
  consumer: Consumer,
  topic: string,
  wanted: number,
  queue: RecordQueue,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const others = (payload.memberAssignment[topic] ?? []).filter((each) => each !== wanted);
    if (others.length > 0) consumer.pause([{ topic, partitions: others }]);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) queue.fail(payload.error);
  });
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      const { batch } = payload;
      if (batch.partition !== wanted) return;
      queue.put(batch.messages.map((message) => toRecord(wanted, message)));
      while (queue.isFull) {
        await sleep(FETCH_WAIT_MS);
        await payload.heartbeat();
      }
    },
  });
}

/** What the consumer has brought and nobody has taken yet. */
class RecordQueue {
  #records: LogRecord[] = [];
  #nextOffset: number;
  #failure: Error | null = null;
  #wake: () => void = () => undefined;
  #hasEnded = false;

  constructor(firstOffset: number) {
    this.#nextOffset = firstOffset;
  }

  get isFull(): boolean {
    return !this.#hasEnded && this.#records.length >= BUFFERED_MAX;
  }

  /** A consumer that had to join its group again begins at the start once more. */
  put(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.offset < this.#nextOffset) continue;
      this.#records.push(record);
      this.#nextOffset = record.offset + 1;
    }
    this.#wake();
  }

  fail(cause: Error): void {
    this.#failure = new KafkaLogError('the brokers stopped answering', { cause });
    this.#wake();
  }

  end(): void {
    this.#hasEnded = true;
  }

  /** At least one record; throws when none comes. */
  async take(): Promise<readonly LogRecord[]> {
    if (this.#records.length === 0 && this.#failure === null) await this.#untilSomething();
    if (this.#failure !== null) throw this.#failure;
    const taken = this.#records;
    this.#records = [];
    return taken;
  }

  async #untilSomething(): Promise<void> {
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => {
        fail(new KafkaLogError('the brokers bring no records, though there are some'));
      }, SILENCE_MAX_MS);
      this.#wake = () => {
        if (this.#records.length === 0 && this.#failure === null) return;
        clearTimeout(timer);
        done();
      };
    });
  }
}

function toRecord(partition: number, message: KafkaMessage): LogRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const one = Array.isArray(value) ? value.at(-1) : value;
    if (one !== undefined) headers[name] = one.toString();
  }
  return {
    partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString('utf8'),
    headers,
    value: message.value ?? new Uint8Array(),
  };
}
