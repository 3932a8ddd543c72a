// The right to run a shard's engine: waited for, renewed, given back. It keeps a second engine from
// writing in normal operation; what slips through is the same events again, which consumers know.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { TerminalError } from '../../shared/domain/failure.ts';
import { EngineStopped } from '../stopped.ts';
import { findHolder, raiseEpoch, releaseLease, renewLease, takeLease } from './store.ts';
import type { Progress } from './store.ts';

/** How often one who waits asks again. */
const POLL_MS = 100;
/** Renewals in the time of one lease: all but one may fail. */
const RENEWALS_PER_LEASE = 5;
/** A renewal that failed is tried again so soon. */
const RETRY_MS = 100;
/** One for renewals; releasing must not wait behind one that hangs. */
const CONNECTIONS_MAX = 2;

/** What the engine needs to know of its lease. */
export interface EngineLease {
  /** Stands in all that the holder writes. */
  readonly epoch: number;
  /** False from the moment the lease may have run out, by the clock of this process. */
  readonly isHeld: boolean;
  /** Resolves when the lease is held; rejects when it is lost for good or given back. */
  whenHeld(): Promise<void>;
  /** Moves the epoch above one met elsewhere. */
  raiseAbove(epoch: number): Promise<void>;
}

export interface LeaseOptions {
  readonly url: string;
  readonly shard: number;
  /** Names this place, not this process: one that is started again in it follows itself at once. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly log: Logger;
  /** Another engine has taken the shard: this one must end. */
  readonly onLost: (error: TerminalError) => void;
  /** Ends the waiting for a lease, with EngineStopped. */
  readonly signal?: AbortSignal;
  /** Hears how far the holder is, each time that the lease is refused. */
  readonly onStandby?: (holder: Progress) => void;
}

export class Lease implements EngineLease {
  /** Asked at each renewal, so that whoever stands by hears of it. */
  findProgress: () => Progress | null = () => null;
  readonly #options: LeaseOptions;
  readonly #pool: Pool;
  #epoch: number;
  /** By `performance.now()`, which goes on while a process is stopped. */
  #deadlineMs: number;
  #ended: Error | null = null;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  /** Waits as long as it takes. Rejects when the database cannot be asked the first time. */
  static async acquire(options: LeaseOptions): Promise<Lease> {
    const { url, shard, leaseMs, log } = options;
    const renewEveryMs = leaseMs / RENEWALS_PER_LEASE;
    const pool = createPool({
      url,
      applicationName: `bourse-engine-lease-${shard}`,
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: Math.ceil(renewEveryMs),
      queryTimeoutMs: Math.ceil(2 * renewEveryMs),
      onError: (error) => log.warn({ err: error }, 'the connection of the lease broke'),
    });
    try {
      return await waitForLease(pool, options);
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  constructor(pool: Pool, options: LeaseOptions, epoch: number, deadlineMs: number) {
    this.#pool = pool;
    this.#options = options;
    this.#epoch = epoch;
    this.#deadlineMs = deadlineMs;
    this.#renewIn(options.leaseMs / RENEWALS_PER_LEASE);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isHeld(): boolean {
    return this.#ended === null && performance.now() < this.#deadlineMs;
  }

  /** Until the lease runs out if it is not renewed. */
  get remainingMs(): number {
    return this.isHeld ? this.#deadlineMs - performance.now() : 0;
  }

  async whenHeld(): Promise<void> {
    if (this.isHeld) return;
    if (this.#ended !== null) throw this.#ended;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async raiseAbove(epoch: number): Promise<void> {
    if (epoch < this.#epoch) return;
    // Renewals name the epoch: none may be under way while it changes.
    await this.#pauseRenewals();
    const { shard } = this.#options;
    const raised = await raiseEpoch(this.#pool, { shard, epoch: this.#epoch }, epoch);
    if (raised === null) throw this.#lose();
    this.#epoch = raised;
    this.#renewIn(0);
  }

  /** Gives the lease back and forgets it. Whoever waits for it is told EngineStopped. */
  async release(): Promise<void> {
    const isOurs = this.#ended === null;
    this.#end(new EngineStopped('the lease was given back'));
    await this.#working;
    try {
      const { shard } = this.#options;
      if (isOurs) await releaseLease(this.#pool, { shard, epoch: this.#epoch });
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the lease could not be given back: it runs out');
    }
    await this.#pool.end();
  }

  /** As a crash: the connection goes, the lease stays. */
  async abandon(): Promise<void> {
    this.#end(new EngineStopped('the lease was abandoned'));
    await this.#working;
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #pauseRenewals(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#working;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #renewIn(delayMs: number): void {
    if (this.#ended !== null) return;
    this.#timer = setTimeout(() => {
      this.#working = this.#renew();
    }, delayMs);
  }

  async #renew(): Promise<void> {
    const { leaseMs, log, shard } = this.#options;
    const sentMs = performance.now();
    let isOurs: boolean;
    try {
      const lease = { shard, epoch: this.#epoch, leaseMs };
      isOurs = await renewLease(this.#pool, lease, this.findProgress());
    } catch (error) {
      if (this.#ended !== null) return;
      log.warn({ err: error, isHeld: this.isHeld }, 'the lease could not be renewed');
      this.#renewIn(RETRY_MS);
      return;
    }
    if (this.#ended !== null) return;
    if (!isOurs) {
      this.#options.onLost(this.#lose());
      return;
    }
    this.#deadlineMs = sentMs + leaseMs;
    // A process that was stopped while the answer was on its way knows no more than before.
    if (this.isHeld) for (const waiting of this.#waiting.splice(0)) waiting.resolve();
    this.#renewIn(leaseMs / RENEWALS_PER_LEASE);
  }

  #lose(): TerminalError {
    const { shard } = this.#options;
    const error = new TerminalError(
      `another engine runs shard ${shard}: epoch ${this.#epoch} has ended`,
    );
    this.#end(error);
    return error;
  }

  #end(reason: Error): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#ended ??= reason;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended);
  }
}

async function waitForLease(pool: Pool, options: LeaseOptions): Promise<Lease> {
  const { shard, holder, leaseMs, log, signal } = options;
  const silentMs = (2 * leaseMs) / RENEWALS_PER_LEASE;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    const askedMs = performance.now();
    try {
      const epoch = await takeLease(pool, { shard, holder, leaseMs, silentMs });
      if (epoch !== null) return new Lease(pool, options, epoch, askedMs + leaseMs);
      const other = await findHolder(pool, shard);
      if (attempt === 0) log.info({ shard, other }, 'standing by for the lease');
      if (other !== null) options.onStandby?.(other.progress);
    } catch (error) {
      if (attempt === 0) throw error;
      log.warn({ err: error }, 'the lease could not be asked for');
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
