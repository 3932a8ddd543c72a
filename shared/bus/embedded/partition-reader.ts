// Reads one partition of the embedded log in order, for a tail or for a group member: fetch, hand
// over, wait for the promise, go on. Survives a lost database: its position is in memory.
import { isRetryableDatabaseError } from '../../db/failure.ts';
import type { Pool } from '../../db/pool.ts';
import type { IncomingRecord } from '../bus.ts';
import type { BusLog } from '../bus-log.ts';
import { backoffMs, waitMs } from '../wait.ts';
import { FETCH_BYTES_MAX, fetchRecords, findOffsets, type PartitionKey } from './log-store.ts';
import type { WakeListener } from './wake-listener.ts';

/** How long an idle reader trusts that it would have been notified. */
const POLL_MS = 500;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;
/** How often a member without a valid lease looks whether it has one again. */
const LEASE_CHECK_MS = 50;

export interface PartitionReaderOptions {
  readonly pool: Pool;
  readonly wake: WakeListener;
  readonly log: BusLog;
  readonly at: PartitionKey;
  readonly fromOffset: number;
  readonly batchMax: number;
  readonly onBatch: (records: readonly IncomingRecord[]) => Promise<void>;
  /** Reading has ended for good. */
  readonly onError: (error: unknown) => void;
  /** False while records must not be handed over, because the lease may have run out. */
  readonly mayDeliver?: () => boolean;
  /** Records between the two offsets are gone; throw to end the reading. */
  readonly onGap: (expectedOffset: number, foundOffset: number) => void;
}

export class PartitionReader {
  readonly #options: PartitionReaderOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #position: number;

  constructor(options: PartitionReaderOptions) {
    this.#options = options;
    this.#position = options.fromOffset;
    this.#running = this.#run();
  }

  /** Nothing is handed over any more; resolves when the last callback is done. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const records = await this.#fetch();
        if (this.#stop.signal.aborted) return;
        if (records.length > 0 && this.#options.mayDeliver?.() === false) {
          await waitMs(LEASE_CHECK_MS, this.#stop.signal);
          continue;
        }
        await this.#handOver(records);
        if (records.length === 0) await this.#skipTrimmed();
        if (!this.#mayHaveMore(records)) await this.#waitForNews();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onError(error);
    }
  }

  async #handOver(records: readonly IncomingRecord[]): Promise<void> {
    const [first] = records;
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.offset > this.#position) this.#options.onGap(this.#position, first.offset);
    await this.#options.onBatch(records);
    this.#position = last.offset + 1;
  }

  /** A fetch that did not reach a limit has reached the end; what comes next is notified. */
  #mayHaveMore(records: readonly IncomingRecord[]): boolean {
    if (records.length >= this.#options.batchMax) return true;
    let bytes = 0;
    for (const record of records) bytes += record.value.length;
    return bytes >= FETCH_BYTES_MAX;
  }

  /** Finding nothing where records were notified means that retention was faster than we are. */
  async #skipTrimmed(): Promise<void> {
    const { pool, wake, at, onGap } = this.#options;
    if (!wake.hasGrownBeyond(at.topicId, at.partition, this.#position)) return;
    const offsets = await this.#retry(() => findOffsets(pool, at.topicId, at.partition));
    if (offsets === null || offsets === undefined || offsets.first <= this.#position) return;
    onGap(this.#position, offsets.first);
    this.#position = offsets.first;
  }

  async #waitForNews(): Promise<void> {
    const { topicId, partition } = this.#options.at;
    const { wake } = this.#options;
    await wake.waitForRecord(topicId, partition, this.#position, POLL_MS, this.#stop.signal);
  }

  async #fetch(): Promise<IncomingRecord[]> {
    const { pool, at, batchMax } = this.#options;
    return (await this.#retry(() => fetchRecords(pool, at, this.#position, batchMax))) ?? [];
  }

  /** Reads until the database answers; undefined when stopped before. */
  async #retry<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
    const { at, log } = this.#options;
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      try {
        return await read();
      } catch (error) {
        if (!isRetryableDatabaseError(error)) throw error;
        if (failures === 0) {
          log.warn({ err: error, topic: at.topic }, 'event log: reading failed, trying again');
        }
        await waitMs(backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS), this.#stop.signal);
      }
    }
    return undefined;
  }
}
