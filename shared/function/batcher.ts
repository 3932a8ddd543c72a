// Gathers single items into batches for one set-based statement. A batch begins with its first item
// and waits its linger period for company: measured against "run as soon as the last is done", a
// period costs a third less CPU and a third of the tail latency, because commits cost more than
// rows.
import { assert, RetryableError } from '../domain/failure.ts';
import { isRejection, reject, type Rejection } from '../domain/rejection.ts';

export interface BatcherOptions<Item, Result> {
  /** Most items of one `run`. A full batch does not wait for the rest of its period. */
  readonly batchMax: number;
  /**
   * What an item counts for in `batchMax` and `queueMax`: 1 unless said otherwise. One that is too
   * heavy for a batch is a batch of its own.
   */
  readonly weightOf?: (item: Item) => number;
  /** How long the first item of a batch waits for others; 0 waits for the present turn only. */
  readonly lingerMs: number;
  /** Most items waiting outside a `run`; one more is refused with SERVICE_BUSY. */
  readonly queueMax: number;
  /** Most of them that may be one owner's: so a single one cannot shut out all others. */
  readonly share?: { readonly ownerOf: (item: Item) => unknown; readonly max: number };
  /**
   * What this is true for is counted by itself, against the same two bounds: a queue that is full
   * of other things still takes it. It does not overtake them.
   */
  readonly isUrgent?: (item: Item) => boolean;
  /**
   * Most `run` calls at a time; 1 unless said otherwise. Above 1, batches may finish in any order.
   */
  readonly parallel?: number;
  /**
   * When a `run` of several items throws, run each of them alone, so that one bad item cannot fail
   * the others. `run` must then be safe to repeat. A RetryableError is no item's fault: it is
   * given to all that are left, at once. Off unless said otherwise.
   */
  readonly retryAlone?: boolean;
  /** Answers one result per item, in order; an Error among them fails its item only. */
  readonly run: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | Rejection) => void;
  readonly fail: (error: unknown) => void;
}

/** What is counted together against the bounds of the queue. */
interface Lane {
  weight: number;
  /** Of each owner with items in the queue, when there are shares. */
  readonly weightOf: Map<unknown, number>;
}

/** A refused item waits this long before it is worth trying again. */
const BUSY_RETRY_AFTER_SECONDS = 1;

export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  readonly #parallel: number;
  #queue: Waiting<Item, Result>[] = [];
  readonly #common: Lane = { weight: 0, weightOf: new Map() };
  readonly #urgent: Lane = { weight: 0, weightOf: new Map() };
  #running = 0;
  #closed = false;
  /** True when the period of the batch at the head of the queue is over. */
  #due = false;
  #stopPeriod: (() => void) | null = null;
  #onIdle: (() => void)[] = [];

  constructor(options: BatcherOptions<Item, Result>) {
    const parallel = options.parallel ?? 1;
    assert(options.batchMax >= 1, 'batchMax must be at least 1');
    assert(options.queueMax >= 1, 'queueMax must be at least 1');
    assert(options.lingerMs >= 0, 'lingerMs must not be negative');
    assert(parallel >= 1, 'parallel must be at least 1');
    this.#options = options;
    this.#parallel = parallel;
  }

  /** Items that wait outside a `run`. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Hands in one item; resolves with its result, or with a Rejection (SERVICE_BUSY when the queue
   * or its owner's share is full, SERVICE_UNAVAILABLE after `close`). Fails with what `run` threw
   * or answered for the item.
   */
  submit(item: Item): Promise<Result | Rejection> {
    if (this.#closed) return Promise.resolve(reject('SERVICE_UNAVAILABLE', 'shutting down'));
    if (this.#isFull(item)) {
      return Promise.resolve(
        reject('SERVICE_BUSY', undefined, { retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS }),
      );
    }
    return new Promise((resolve, fail) => {
      this.#queue.push({ item, resolve, fail });
      this.#count(item, this.#weightOf(item));
      this.#schedule();
    });
  }

  /**
   * Like `submit`, for event handlers: a refusal is thrown as RetryableError, so it is redelivered.
   */
  async submitOrThrow(item: Item): Promise<Exclude<Result, Rejection>> {
    const result = await this.submit(item);
    if (isRejection(result)) throw new RetryableError(result.detail, { cause: result });
    return result as Exclude<Result, Rejection>;
  }

  /**
   * All items of one event, each on its own. Throws when all have ended and one has failed; with a
   * RetryableError before any other, so that what may yet succeed is redelivered.
   */
  async submitAllOrThrow(items: readonly Item[]): Promise<void> {
    const ends = await Promise.allSettled(items.map((item) => this.submitOrThrow(item)));
    const failures = ends.flatMap((end) =>
      end.status === 'rejected' ? [{ error: end.reason as unknown }] : [],
    );
    const failure = failures.find(({ error }) => error instanceof RetryableError) ?? failures[0];
    if (failure !== undefined) throw failure.error;
  }

  /** Takes no more items, runs what is queued without waiting, resolves when all are answered. */
  close(): Promise<void> {
    this.#closed = true;
    this.#schedule();
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
    });
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#running === 0;
  }

  /** Starts what may start now, and the period of what may not. */
  #schedule(): void {
    while (this.#running < this.#parallel && this.#isDue()) this.#start();
    if (this.#queue.length === 0 || this.#due || this.#stopPeriod !== null) return;
    this.#stopPeriod = startPeriod(this.#options.lingerMs, () => {
      this.#stopPeriod = null;
      this.#due = true;
      this.#schedule();
    });
  }

  #isDue(): boolean {
    if (this.#queue.length === 0) return false;
    return this.#due || this.#closed || this.#queuedWeight >= this.#options.batchMax;
  }

  #start(): void {
    const batch = this.#takeBatch();
    // What is left begins a period of its own.
    this.#due = false;
    this.#stopPeriod?.();
    this.#stopPeriod = null;
    this.#running += 1;
    void this.#runBatch(batch).then(() => {
      this.#running -= 1;
      this.#schedule();
      if (this.#isIdle()) for (const wake of this.#onIdle.splice(0)) wake();
    });
  }

  #takeBatch(): readonly Waiting<Item, Result>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.#queue) {
      const next = weight + this.#weightOf(item);
      if (count > 0 && next > this.#options.batchMax) break;
      weight = next;
      count += 1;
    }
    const batch = this.#queue.slice(0, count);
    for (const { item } of batch) this.#count(item, -this.#weightOf(item));
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  get #queuedWeight(): number {
    return this.#common.weight + this.#urgent.weight;
  }

  #isFull(item: Item): boolean {
    const { queueMax, share } = this.#options;
    const { weight, weightOf } = this.#laneOf(item);
    if (weight >= queueMax) return true;
    return share !== undefined && (weightOf.get(share.ownerOf(item)) ?? 0) >= share.max;
  }

  /** Into the queue, or with a negative weight out of it. */
  #count(item: Item, weight: number): void {
    const lane = this.#laneOf(item);
    lane.weight += weight;
    const { share } = this.#options;
    if (share === undefined) return;
    const owner = share.ownerOf(item);
    const queued = (lane.weightOf.get(owner) ?? 0) + weight;
    if (queued > 0) lane.weightOf.set(owner, queued);
    else lane.weightOf.delete(owner);
  }

  #laneOf(item: Item): Lane {
    return this.#options.isUrgent?.(item) === true ? this.#urgent : this.#common;
  }

  #weightOf(item: Item): number {
    return this.#options.weightOf?.(item) ?? 1;
  }

  /** Never fails: each item hears of its own end. */
  async #runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      await this.#settle(batch);
    } catch (error) {
      const alone = this.#options.retryAlone === true && batch.length > 1;
      if (alone && !(error instanceof RetryableError)) await this.#runAlone(batch);
      else for (const waiting of batch) waiting.fail(error);
    }
  }

  async #runAlone(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    let outage: RetryableError | null = null;
    for (const waiting of batch) {
      if (outage !== null) {
        waiting.fail(outage);
        continue;
      }
      try {
        await this.#settle([waiting]);
      } catch (error) {
        waiting.fail(error);
        if (error instanceof RetryableError) outage = error;
      }
    }
  }

  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const results = await this.#options.run(batch.map((waiting) => waiting.item));
    assert(results.length === batch.length, 'run must answer one result per item');
    batch.forEach((waiting, at) => {
      const result = results[at] as Result | Error;
      if (result instanceof Error) waiting.fail(result);
      else waiting.resolve(result);
    });
  }
}

/** A timer is never shorter than a millisecond, so no linger at all takes the event loop's turn. */
function startPeriod(lingerMs: number, end: () => void): () => void {
  if (lingerMs === 0) {
    const turn = setImmediate(end);
    return () => clearImmediate(turn);
  }
  const timer = setTimeout(end, lingerMs);
  return () => clearTimeout(timer);
}
