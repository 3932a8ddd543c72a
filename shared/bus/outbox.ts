// The outbox of one owner: rows are written in the owner's transaction, published right after the
// commit by the same instance, and deleted once the publish has resolved. What a crash leaves
// behind, a sweeper publishes. At least once, always.
import { crashPoint } from '../config/crash-point.ts';
import { withTransaction, type Pool, type Tx } from '../db/pool.ts';
import { RetryableError } from '../domain/failure.ts';
import type { Bus, OutgoingRecord } from './bus.ts';
import type { BusLog } from './bus-log.ts';
import { OutboxStore, type OutboxRow, type StoredRow } from './outbox-store.ts';
import { backoffMs, waitMs } from './wait.ts';

export type { OutboxRow } from './outbox-store.ts';

export interface OutboxOptions {
  readonly pool: Pool;
  /** The schema that holds the table `outbox`; see outbox-store.ts for its shape. */
  readonly schema: string;
  readonly bus: Bus;
  readonly log: BusLog;
  /** With this many unpublished rows the owner should refuse work: see `isFull`. */
  readonly waitingMax?: number;
  readonly sweepIntervalMs?: number;
  readonly lookIntervalMs?: number;
  /** Younger rows are left to the instance that wrote them. */
  readonly sweepAgeMs?: number;
}

const WAITING_MAX = 10_000;
/** Beyond the bound, as much again for what must still get through: see `isOverfull`. */
const URGENT_SHARE = 0.25;
const SWEEP_INTERVAL_MS = 1_000;
/** Between two looks at what others have waiting: by so much they may overshoot the bound. */
const LOOK_INTERVAL_MS = 1_000;
const SWEEP_AGE_MS = 5_000;
const ROWS_PER_PUBLISH_MAX = 500;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 2_000;
/** Published rows are deleted together: a commit costs more than a row. */
const DELETE_LINGER_MS = 100;
/** Rows remembered between insert and publishNow; those of rolled-back transactions fall out. */
const DRAFTS_MAX = 5_000;

interface Waiting {
  readonly rows: readonly StoredRow[];
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #store: OutboxStore;
  readonly #stop = new AbortController();
  /** Inserted, perhaps not committed: spares reading the rows back. */
  readonly #drafts = new Map<number, StoredRow>();
  /** Committed by this instance and still in the table, as far as we know. */
  readonly #own = new Set<number>();
  /** In the table at the last look, and not our own: of other instances, or of an earlier run. */
  #others = new Set<number>();
  readonly #queue: Waiting[] = [];
  #loading: Promise<void> = Promise.resolve();
  #waitingRows = 0;
  #published: number[] = [];
  #publishing: Promise<void> | null = null;
  #deleting: Promise<void> | null = null;
  #sweeping: Promise<void> | null = null;
  #looking: Promise<void> | null = null;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#store = new OutboxStore(options.schema);
  }

  /**
   * Writes rows in the owner's transaction; answers their ids, rising, for `publishNow`. An owner
   * that needs the ids before the rows are written has drawn them from the table's sequence.
   */
  async insert(
    tx: Tx,
    rows: readonly OutboxRow[],
    drawnIds?: readonly number[],
  ): Promise<readonly number[]> {
    if (rows.length === 0) return [];
    const ids = await this.#store.insert(tx, rows, drawnIds);
    rows.forEach((row, at) => {
      const id = ids[at];
      if (id !== undefined) this.#drafts.set(id, { ...row, id });
    });
    for (const id of this.#drafts.keys()) {
      if (this.#drafts.size <= DRAFTS_MAX) break;
      this.#drafts.delete(id);
    }
    return ids;
  }

  /**
   * Publishes committed rows; call it right after the commit. Rows go out in the order of the
   * calls, one publish at a time, and a failed publish is repeated before anything that follows.
   * Resolves when they are in the log; rejects with RetryableError when the outbox is stopped
   * before: then a sweeper publishes them.
   */
  async publishNow(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    if (this.#stop.signal.aborted) throw stoppedError();
    this.#waitingRows += ids.length;
    for (const id of ids) {
      this.#own.add(id);
      // A look between the commit and now took it for somebody else's.
      this.#others.delete(id);
    }
    const published = new Promise<void>((done, fail) => {
      // One after the other, although rows that fell out of the drafts are read back first.
      this.#loading = this.#loading.then(async () => {
        const rows = await this.#takeRows(ids);
        this.#queue.push({ rows, done, fail });
        this.#publishing ??= this.#publishAll();
      });
    });
    try {
      await published;
    } finally {
      this.#waitingRows -= ids.length;
    }
  }

  /** Rows committed by this instance that are not in the log yet. */
  waiting(): number {
    return this.#waitingRows;
  }

  /**
   * True when the log cannot keep up: refuse new work with 503. Counts what this instance has
   * waiting and what it saw of others at its last look: asking costs no query.
   */
  get isFull(): boolean {
    return this.#waitingRows + this.#others.size >= this.#waitingMax;
  }

  /**
   * True when not even urgent work has room, which is taken while `isFull` is true. The log is away
   * or slow then, and what goes into it late may still be in time.
   */
  get isOverfull(): boolean {
    return this.#waitingRows + this.#others.size >= this.#urgentMax;
  }

  /** Learns what others have waiting in the table; the sweeper goes on doing so. */
  async look(): Promise<void> {
    // What is published and deleted while we ask was never somebody else's.
    const ownBefore = new Set(this.#own);
    const ids = await this.#store.listIds(this.#options.pool, this.#urgentMax);
    this.#others = new Set(ids.filter((id) => !ownBefore.has(id) && !this.#own.has(id)));
  }

  /** True from `publishNow` on, until the row is deleted: it goes out before anything later. */
  isOwn(id: number): boolean {
    return this.#own.has(id);
  }

  /** Publishes at once what an earlier run left behind, then looks in intervals. */
  startSweeper(): void {
    this.#sweeping ??= this.#sweepForEver();
    this.#looking ??= this.#lookForEver();
  }

  /** One round of the sweeper: publishes rows older than that; answers how many. */
  async sweep(olderThanMs: number = this.#options.sweepAgeMs ?? SWEEP_AGE_MS): Promise<number> {
    let total = 0;
    for (;;) {
      const swept = await withTransaction(this.#options.pool, async (tx) => {
        const rows = await this.#store.lockForgotten(tx, {
          olderThanMs,
          // Our own rows are in good hands, and later than what a crash left behind.
          belowId: this.#lowestOwn(),
          rowsMax: ROWS_PER_PUBLISH_MAX,
        });
        if (rows.length === 0) return rows;
        await this.#options.bus.publish(rows.map(toRecord));
        crashPoint('outbox.sweep.after-publish');
        await this.#store.delete(
          tx,
          rows.map((row) => row.id),
        );
        return rows;
      });
      for (const { id } of swept) this.#others.delete(id);
      total += swept.length;
      if (swept.length < ROWS_PER_PUBLISH_MAX || this.#stop.signal.aborted) return total;
    }
  }

  /** Ends the attempts; what is unpublished stays in the table. Closes neither pool nor bus. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
    await this.#looking;
    await this.#loading;
    await this.#publishing;
    await this.#deleting;
  }

  get #waitingMax(): number {
    return this.#options.waitingMax ?? WAITING_MAX;
  }

  get #urgentMax(): number {
    return Math.ceil(this.#waitingMax * (1 + URGENT_SHARE));
  }

  #lowestOwn(): number {
    let lowest = Number.MAX_SAFE_INTEGER;
    for (const id of this.#own) lowest = Math.min(lowest, id);
    return lowest;
  }

  async #takeRows(ids: readonly number[]): Promise<StoredRow[]> {
    const rows = ids.flatMap((id) => this.#drafts.get(id) ?? []);
    const { pool } = this.#options;
    const found =
      rows.length === ids.length
        ? rows
        : ((await this.#untilItWorks('reading back', () => this.#store.load(pool, ids))) ?? []);
    for (const id of ids) this.#drafts.delete(id);
    return found;
  }

  async #publishAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const taken = this.#takeQueued();
      const records = taken.flatMap((waiting) => waiting.rows.map(toRecord));
      crashPoint('outbox.publish.before');
      const sent = await this.#untilItWorks('publishing', async () => {
        await this.#options.bus.publish(records);
        return true;
      });
      crashPoint('outbox.publish.after');
      for (const waiting of taken) {
        if (sent === undefined) {
          waiting.fail(stoppedError());
        } else {
          for (const { id } of waiting.rows) this.#published.push(id);
          waiting.done();
        }
      }
      if (this.#published.length > 0) this.#deleting ??= this.#deletePublished();
    }
    this.#publishing = null;
  }

  #takeQueued(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      rows += waiting.rows.length;
      if (count > 0 && rows > ROWS_PER_PUBLISH_MAX) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #deletePublished(): Promise<void> {
    while (this.#published.length > 0) {
      await waitMs(DELETE_LINGER_MS, this.#stop.signal);
      const ids = this.#published;
      this.#published = [];
      try {
        await this.#store.delete(this.#options.pool, ids);
        crashPoint('outbox.delete.after');
      } catch (error) {
        // The sweeper publishes them once more: consumers expect that.
        this.#options.log.warn({ err: error }, 'outbox: published rows were not deleted');
      }
      for (const id of ids) this.#own.delete(id);
    }
    this.#deleting = null;
  }

  /** Tries until it works; undefined when stopped before. */
  async #untilItWorks<Result>(
    what: string,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        this.#options.log.error({ err: error, failures }, `outbox: ${what} failed`);
        await waitMs(backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS), this.#stop.signal);
      }
      if (this.#stop.signal.aborted) return undefined;
    }
  }

  async #sweepForEver(): Promise<void> {
    const { log, sweepIntervalMs = SWEEP_INTERVAL_MS } = this.#options;
    let olderThanMs: number | undefined = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const swept = await this.sweep(olderThanMs);
        olderThanMs = undefined;
        if (swept > 0) log.info({ swept }, 'outbox: published what was left behind');
      } catch (error) {
        log.warn({ err: error }, 'outbox: sweeping failed, trying again');
      }
      await waitMs(sweepIntervalMs, this.#stop.signal);
    }
  }

  /** Not a part of sweeping: that waits for the log, which is away when the count matters. */
  async #lookForEver(): Promise<void> {
    const { log, lookIntervalMs = LOOK_INTERVAL_MS } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        log.warn({ err: error }, 'outbox: what others have waiting is not known, trying again');
      }
      await waitMs(lookIntervalMs, this.#stop.signal);
    }
  }
}

function toRecord(row: StoredRow): OutgoingRecord {
  return {
    topic: row.topic,
    partition: row.partition,
    key: row.key,
    headers: row.headers,
    value: Buffer.from(row.value, 'utf8'),
  };
}

function stoppedError(): RetryableError {
  return new RetryableError('the outbox was stopped before its rows were published');
}
