// Reads a closed range of one partition at the reader's own pace: a tail turned into something that
// can be asked for the next records. While nobody asks, the tail's callback is held open, so one
// batch at most is in memory.
import type { Bus, Consumer, IncomingRecord } from '../shared/bus/bus.ts';
import { EngineStopped } from './stopped.ts';

export interface LogRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  /** First offset that is not read any more. */
  readonly end: number;
}

const BATCH_MAX = 256;

interface Waiting {
  readonly resolve: (records: readonly IncomingRecord[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The record at an offset, or null when there is none (yet, or any more). */
export async function readRecord(
  bus: Bus,
  topic: string,
  partition: number,
  offset: number,
): Promise<IncomingRecord | null> {
  const { first, next } = await bus.offsets(topic, partition);
  if (offset < first || offset >= next) return null;
  const reader = await LogReader.open(bus, { topic, partition, from: offset, end: offset + 1 });
  try {
    const [record] = await reader.read();
    return record ?? null;
  } finally {
    await reader.close();
  }
}

export class LogReader {
  readonly #range: LogRange;
  #consumer: Consumer | null = null;
  #ready: readonly IncomingRecord[] | null = null;
  #resume: (() => void) | null = null;
  #waiting: Waiting | null = null;
  #failure: { readonly error: unknown } | null = null;
  #next: number;

  private constructor(range: LogRange) {
    this.#range = range;
    this.#next = range.from;
  }

  static async open(bus: Bus, range: LogRange): Promise<LogReader> {
    const reader = new LogReader(range);
    if (range.from < range.end) {
      reader.#consumer = await bus.tail({
        topic: range.topic,
        partition: range.partition,
        from: range.from,
        batchMax: BATCH_MAX,
        onBatch: (records) => reader.#take(records),
        onError: (error) => reader.#fail(error),
      });
    }
    return reader;
  }

  /** True when every record of the range has been handed out. */
  get isDone(): boolean {
    return this.#next >= this.#range.end;
  }

  /** The next records of the range; empty at its end. One caller at a time. */
  async read(): Promise<readonly IncomingRecord[]> {
    if (this.isDone) return [];
    const records = await this.#receive();
    const last = records.at(-1);
    if (last !== undefined) this.#next = last.offset + 1;
    return records.filter((record) => record.offset < this.#range.end);
  }

  /** Ends the reading; a `read` that waits is rejected with EngineStopped. */
  async close(): Promise<void> {
    this.#next = this.#range.end;
    this.#resume?.();
    this.#fail(new EngineStopped('stopped while reading the log'));
    await this.#consumer?.stop();
  }

  async #receive(): Promise<readonly IncomingRecord[]> {
    const ready = this.#ready;
    if (ready !== null) {
      this.#ready = null;
      this.#resume?.();
      return ready;
    }
    if (this.#failure !== null) throw this.#failure.error;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #take(records: readonly IncomingRecord[]): Promise<void> {
    if (this.isDone) return Promise.resolve();
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      waiting.resolve(records);
      return Promise.resolve();
    }
    this.#ready = records;
    return new Promise((resume) => {
      this.#resume = resume;
    });
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
