// Deletes records older than their topic's retention, a bounded number at a time.
import type { Pool } from '../../db/pool.ts';
import { withTransaction } from '../../db/pool.ts';
import type { BusLog } from '../bus-log.ts';
import { waitMs } from '../wait.ts';
import { listExpiring, trimPartition } from './group-store.ts';

const TRIM_BATCH_MAX = 5_000;
/** One trimmer at a time in a database. */
const LOCK_KEY = 7_105_020;

export class RetentionJob {
  readonly #pool: Pool;
  readonly #log: BusLog;
  readonly #intervalMs: number;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(pool: Pool, log: BusLog, intervalMs: number) {
    this.#pool = pool;
    this.#log = log;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const trimmed = await trimExpired(this.#pool, this.#stop.signal);
        if (trimmed > 0) this.#log.info({ trimmed }, 'event log: expired records deleted');
      } catch (error) {
        this.#log.warn({ err: error }, 'event log: retention failed, trying again later');
      }
      await waitMs(this.#intervalMs, this.#stop.signal);
    }
  }
}

/** Trims every partition down to its retention; answers how many records went. */
export async function trimExpired(pool: Pool, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (const { topicId, partition, retentionMs } of await listExpiring(pool)) {
    let trimmed = TRIM_BATCH_MAX;
    while (trimmed === TRIM_BATCH_MAX && signal?.aborted !== true) {
      // A transaction a batch: an append that waits for the partition row waits shortly.
      trimmed = await withTransaction(pool, async (tx) => {
        await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
        return trimPartition(tx, topicId, partition, retentionMs, TRIM_BATCH_MAX);
      });
      total += trimmed;
    }
  }
  return total;
}
