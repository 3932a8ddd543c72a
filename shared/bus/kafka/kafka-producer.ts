// Sends requests to Kafka: acknowledged by all in-sync replicas, idempotent within a producer.
import { CompressionTypes, Partitioners, type Kafka, type Producer } from 'kafkajs';
import kafkajs, { type TopicMessages } from 'kafkajs';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import type { OutgoingRecord } from '../bus.ts';
import { backoffMs, waitMs } from '../wait.ts';
import { PRODUCER_RETRY } from './kafka-client.ts';

const ACKS_ALL = -1;
const PRODUCE_TIMEOUT_MS = 10_000;
const LEADER_ATTEMPTS_MAX = 6;
const LEADER_WAIT_FIRST_MS = 20;
const LEADER_WAIT_MAX_MS = 500;
const NEVER = new AbortController().signal;

export class KafkaProducer {
  readonly #kafka: Kafka;
  #producer: Promise<Producer> | null = null;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Sends records that have their partition; those of one partition in one request. */
  async send(records: readonly OutgoingRecord[]): Promise<void> {
    let unsent = records;
    for (let attempt = 0; attempt < LEADER_ATTEMPTS_MAX; attempt++) {
      unsent = await this.#sendOnce(unsent);
      if (unsent.length === 0) return;
      // A producer of its own has fresh metadata.
      await this.close();
      await waitMs(backoffMs(attempt, LEADER_WAIT_FIRST_MS, LEADER_WAIT_MAX_MS), NEVER);
    }
    throw new RetryableError(`a partition of ${unsent[0]?.topic ?? ''} has no leader`);
  }

  /**
   * Answers the records that were not sent: KafkaJS drops messages whose partition has no leader
   * that it knows of, without a word.
   */
  async #sendOnce(records: readonly OutgoingRecord[]): Promise<readonly OutgoingRecord[]> {
    try {
      this.#producer ??= this.#connect();
      const producer = await this.#producer;
      const results = await producer.sendBatch({
        acks: ACKS_ALL,
        timeout: PRODUCE_TIMEOUT_MS,
        compression: CompressionTypes.None,
        topicMessages: groupByTopic(records),
      });
      const sent = new Set(results.map((each) => `${each.topicName}/${each.partition}`));
      return records.filter(({ topic, partition = 0 }) => !sent.has(`${topic}/${partition}`));
    } catch (cause) {
      // After a failure the producer's sequence may be behind the broker's: the next record would
      // be taken for a repetition and dropped. A new producer starts a sequence of its own.
      await this.close();
      if (cause instanceof kafkajs.KafkaJSProtocolError && cause.type === 'MESSAGE_TOO_LARGE') {
        throw new TerminalError('a record is larger than the broker accepts', { cause });
      }
      throw new RetryableError('publishing failed, the records may be in the log or not', {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    // Nobody is interested in how a producer that is given up says good-bye.
    await producer?.then((each) => each.disconnect()).catch(() => undefined);
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // KafkaJS warns about fewer repetitions than for ever; exactly-once needs only no gap.
      retry: { ...PRODUCER_RETRY },
    });
    await producer.connect();
    return producer;
  }
}

function groupByTopic(records: readonly OutgoingRecord[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>();
  for (const { topic, partition, key, headers, value } of records) {
    const group = topics.get(topic) ?? { topic, messages: [] };
    topics.set(topic, group);
    group.messages.push({
      ...(partition === undefined ? {} : { partition }),
      key: key === null ? null : Buffer.from(key, 'utf8'),
      headers: { ...headers },
      value,
    });
  }
  return [...topics.values()];
}
