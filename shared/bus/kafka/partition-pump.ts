// Hands the records of one partition over in order, one batch at a time. KafkaJS fetches nothing
// from a broker while a handler runs, and leaves the group when it runs for too long: so work that
// takes longer than a moment goes on by itself with its partition paused.
import type { KafkaMessage } from 'kafkajs';
import type { IncomingRecord } from '../bus.ts';

const HOLD_MS = 1_000;

export interface PartitionPumpOptions {
  readonly batchMax: number;
  readonly onBatch: (records: readonly IncomingRecord[]) => Promise<void>;
  /** Nothing is handed over after this. */
  readonly onError: (error: unknown) => void;
}

export class PartitionPump {
  readonly #options: PartitionPumpOptions;
  #work: Promise<void> = Promise.resolve();
  #epoch = 0;
  #ended = false;

  constructor(options: PartitionPumpOptions) {
    this.#options = options;
  }

  /** Queues records; resolves when they are handed over, or soon, with the partition paused. */
  async push(records: readonly IncomingRecord[], pause: () => () => void): Promise<void> {
    const epoch = this.#epoch;
    const work = this.#work.then(() => this.#handOver(records, epoch));
    this.#work = work;
    let timer: NodeJS.Timeout | undefined;
    const isDone = await Promise.race([
      work.then(() => true),
      new Promise<false>((held) => (timer = setTimeout(held, HOLD_MS, false))),
    ]);
    clearTimeout(timer);
    if (!isDone) {
      const resume = pause();
      void work.then(resume);
    }
  }

  /** Drops what is queued; the batch that is being handed over comes to its end. */
  forget(): void {
    this.#epoch += 1;
  }

  /** Nothing is handed over any more; resolves when the last callback is done. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#work;
  }

  async #handOver(records: readonly IncomingRecord[], epoch: number): Promise<void> {
    const { batchMax, onBatch, onError } = this.#options;
    try {
      for (let at = 0; at < records.length; at += batchMax) {
        if (this.#ended || epoch !== this.#epoch) return;
        await onBatch(records.slice(at, at + batchMax));
      }
    } catch (error) {
      if (this.#ended) return;
      this.#ended = true;
      onError(error);
    }
  }
}

export function toIncoming(
  topic: string,
  partition: number,
  message: KafkaMessage,
): IncomingRecord {
  const headers = Object.entries(message.headers ?? {}).flatMap(([name, value]) => {
    const one = Array.isArray(value) ? value.at(-1) : value;
    return one === undefined ? [] : [[name, one.toString()]];
  });
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString('utf8'),
    headers: Object.fromEntries(headers) as Record<string, string>,
    value: message.value ?? Buffer.alloc(0),
    timestampMs: Number(message.timestamp),
  };
}
