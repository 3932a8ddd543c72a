// One shard's engine, put together: recover, replay, serve, snapshot, tick, stop. The process
// around it (signals, HTTP, IPC) is main.ts.
import type { Logger } from 'pino';
import { crashPoint } from '../shared/config/crash-point.ts';
import type { Bus, Consumer, IncomingRecord } from '../shared/bus/bus.ts';
import { assert, RetryableError } from '../shared/domain/failure.ts';
import { TOPICS } from '../shared/events/catalog.ts';
import type { MetricsRegistry } from '../shared/telemetry/metrics/registry.ts';
import { ShardClock } from './clock.ts';
import type { Shard } from './core/shard.ts';
import type { MarketFeed } from './feed/market-feed.ts';
import { fenceBus } from './lease/fenced-bus.ts';
import type { EngineLease } from './lease/lease.ts';
import type { Progress } from './lease/store.ts';
import { ShardLoop } from './loop.ts';
import { MarketMoves } from './market-moves.ts';
import { registerEngineMetrics, type EngineFigures, type EngineMetrics } from './metrics.ts';
import { prepareStart, type Prepared } from './prepare.ts';
import { recordSha256, type StartingPoint } from './recover.ts';
import { ShardBatch } from './shard-batch.ts';
import { Snapshotter } from './snapshot/snapshotter.ts';
import { SnapshotStore } from './snapshot/store.ts';
import { EngineStopped } from './stopped.ts';

const INPUT = TOPICS['orders.accepted'].name;
const OUTPUT = TOPICS['engine.executions'].name;

/** Most records in one batch. Each packs the commands of one accept batch for one market. */
const BATCH_RECORDS_MAX = 512;
/** How long a stop waits for outputs that cannot be published; the next start publishes them. */
const FLUSH_TIMEOUT_MS = 10_000;

export interface EngineDaemonOptions {
  readonly bus: Bus;
  /** Nothing is published while it is not held. Its owner gives it back after the stop. */
  readonly lease: EngineLease;
  readonly shard: number;
  readonly snapshotDir: string;
  readonly snapshotEveryCommands: number;
  readonly snapshotEveryMs: number;
  readonly snapshotsKept: number;
  readonly tickMs: number;
  readonly metrics: MetricsRegistry;
  readonly log: Logger;
  /** Tells the world through the cache; left out, nobody is told. */
  readonly feed?: MarketFeed | null;
  /** The engine cannot go on; the process must end, the next one recovers. */
  readonly onFailure: (error: unknown) => void;
  readonly now?: () => number;
  readonly flushTimeoutMs?: number;
  /** The state that this process followed the log with while it stood by. */
  readonly followed?: StartingPoint | null;
  /** For tests: bytes of a state that moves in one record. */
  readonly pieceBytesMax?: number;
}

export class EngineDaemon {
  readonly epoch: number;
  /** Resolves when the log was applied up to where it ended at the start. */
  readonly ready: Promise<void>;
  #becomeReady: () => void = () => undefined;
  readonly #options: EngineDaemonOptions;
  readonly #now: () => number;
  readonly #abandon = new AbortController();
  readonly #shard: Shard;
  readonly #moves: MarketMoves;
  readonly #loop: ShardLoop;
  readonly #snapshotter: Snapshotter;
  readonly #clock: ShardClock;
  readonly #metrics: EngineMetrics;
  /** What must not overlap runs one after the other: batches and the copying of the state. */
  #turn: Promise<void> = Promise.resolve();
  #consumer: Consumer | null = null;
  #snapshotTimer: NodeJS.Timeout | null = null;
  #stopping: Promise<void> | null = null;
  #isReady = false;
  /** Where the newest snapshot stands. */
  #snapshotInput: { readonly offset: number; readonly commandsApplied: number };
  #outputOffset: number;
  readonly #replayUntil: number;

  private constructor(options: EngineDaemonOptions, store: SnapshotStore, prepared: Prepared) {
    const { lease, log, shard } = options;
    const { start, recorded, replayUntil, outputOffset } = prepared;
    const bus = fenceBus(options.bus, lease, this.#abandon.signal);
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.epoch = lease.epoch;
    this.ready = new Promise((done) => {
      this.#becomeReady = done;
    });
    this.#shard = start.shard;
    this.#replayUntil = replayUntil;
    this.#outputOffset = outputOffset;
    this.#snapshotInput = { offset: start.header?.inputOffset ?? -1, commandsApplied: 0 };
    this.#metrics = registerEngineMetrics(options.metrics, () => this.figures());
    this.#metrics.epoch.set(lease.epoch);
    this.#moves = start.moves ?? new MarketMoves(start.shard, options.pieceBytesMax);
    this.#loop = new ShardLoop({
      bus,
      moves: this.#moves,
      batch: new ShardBatch(start.shard, lease.epoch),
      shard,
      metrics: this.#metrics,
      log,
      abandon: this.#abandon.signal,
      inputOffset: start.inputOffset,
      lastRecord: start.lastRecord,
      recorded,
      onDurable: (durable) => options.feed?.tell(durable),
    });
    this.#snapshotter = new Snapshotter({
      store,
      shard: start.shard,
      metrics: this.#metrics,
      now: this.#now,
      log,
    });
    this.#snapshotter.takenAtMs = start.header?.createdAtMs ?? null;
    this.#clock = new ShardClock({
      bus,
      shard,
      tickMs: options.tickMs,
      nextDueMs: () => this.#nextDueMs(),
      now: this.#now,
      onTick: () => this.#metrics.ticks.add(),
      log,
    });
  }

  /** Recovers and begins to replay; `ready` tells when it has caught up. */
  static async start(options: EngineDaemonOptions): Promise<EngineDaemon> {
    const { bus, log, shard, snapshotDir, snapshotsKept } = options;
    const store = new SnapshotStore({ dir: snapshotDir, shard, snapshotsKept });
    await store.prepare();
    const prepared = await prepareStart(
      { bus, store, shardNumber: shard, log },
      options.followed ?? null,
    );
    await options.lease.raiseAbove(prepared.epochSeen);
    const daemon = new EngineDaemon(options, store, prepared);
    await daemon.#begin();
    return daemon;
  }

  /** False before the replay is done, and again once `stop` was called. */
  get isReady(): boolean {
    return this.#isReady && this.#stopping === null;
  }

  /** True when all that was read is applied and published. */
  get isIdle(): boolean {
    return !this.#loop.isMidBatch;
  }

  /** The markets as they are, for tests and tools: look, do not apply. */
  get markets(): Shard {
    return this.#shard;
  }

  /** For whoever stands by. */
  progress(): Progress {
    return { inputOffset: this.#loop.doneOffset, outputOffset: this.#outputOffset };
  }

  figures(): EngineFigures {
    const takenAtMs = this.#snapshotter.takenAtMs;
    return {
      inputOffset: this.#loop.inputOffset,
      isReady: this.isReady,
      snapshotAgeMs: takenAtMs === null ? null : this.#now() - takenAtMs,
      markets: Array.from(this.#shard.markets(), ({ market, sequence, openOrders }) => ({
        market,
        sequence,
        openOrders,
      })),
    };
  }

  /** Asks the log for its end and writes down how far behind the engine is. */
  async measureLag(): Promise<void> {
    const { next } = await this.#options.bus.offsets(INPUT, this.#options.shard);
    this.#metrics.inputLagRecords.set(Math.max(0, next - 1 - this.#loop.inputOffset));
  }

  /**
   * Stops taking commands, waits until what was taken is published, writes a snapshot. Outputs that
   * cannot be published in time are left to the next start. The bus stays open.
   */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async #begin(): Promise<void> {
    const { bus, shard, snapshotEveryMs, onFailure } = this.#options;
    await this.#finishReplayWhenDue();
    this.#consumer = await bus.tail({
      topic: INPUT,
      partition: shard,
      from: this.#loop.inputOffset + 1,
      batchMax: BATCH_RECORDS_MAX,
      onBatch: (records) => this.#exclusively(() => this.#takeBatch(records)),
      onError: (error) => {
        if (error instanceof EngineStopped) return;
        onFailure(error);
      },
    });
    this.#clock.start();
    this.#snapshotTimer = setInterval(() => {
      this.#exclusively(() => this.#takeSnapshot()).catch(onFailure);
    }, snapshotEveryMs).unref();
  }

  async #takeBatch(records: readonly IncomingRecord[]): Promise<void> {
    await this.#loop.takeBatch(records);
    await this.#finishReplayWhenDue();
    const since = this.#loop.commandsApplied - this.#snapshotInput.commandsApplied;
    if (since < this.#options.snapshotEveryCommands || this.#snapshotter.isResting) return;
    await this.#takeSnapshot();
  }

  async #finishReplayWhenDue(): Promise<void> {
    if (this.#isReady || this.#loop.inputOffset + 1 < this.#replayUntil) return;
    await this.#loop.finishReplay();
    crashPoint('engine.replay.finished');
    this.#isReady = true;
    this.#options.log.info(
      { inputOffset: this.#loop.inputOffset, commands: this.#loop.commandsApplied },
      'caught up with the command log',
    );
    this.#options.feed?.start(
      () => this.#shard.markets(),
      (work) =>
        this.#exclusively(() => {
          // A batch that failed leaves the books ahead of the log.
          if (!this.#loop.isMidBatch) work();
          return Promise.resolve();
        }),
    );
    this.#becomeReady();
  }

  /**
   * During the replay the outputs ahead belong to states to come, so there is no place to note.
   * Nor while pieces of a market that moves here are missing: they are not in the books.
   */
  async #takeSnapshot(): Promise<void> {
    const { inputOffset, isMidBatch, lastRecord, commandsApplied } = this.#loop;
    if (!this.#isReady || isMidBatch || this.#snapshotter.isWriting) return;
    if (this.#moves.isArriving) return;
    if (inputOffset === this.#snapshotInput.offset) return;
    assert(lastRecord?.offset === inputOffset, 'the last record is at hand');
    await this.#refreshOutputOffset();
    this.#snapshotter.take({
      shard: this.#options.shard,
      inputOffset,
      inputRecordSha256: recordSha256(lastRecord),
      outputOffset: this.#outputOffset,
      epoch: this.epoch,
    });
    this.#snapshotInput = { offset: inputOffset, commandsApplied };
  }

  /** An older value is as right as a newer one: the next start then reads a little more. */
  async #refreshOutputOffset(): Promise<void> {
    try {
      this.#outputOffset = (await this.#options.bus.offsets(OUTPUT, this.#options.shard)).next;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
    }
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #nextDueMs(): number {
    if (!this.#isReady) return Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const book of this.#shard.markets()) nextMs = Math.min(nextMs, book.nextDueMs);
    return nextMs;
  }

  async #stop(): Promise<void> {
    const { flushTimeoutMs, log } = this.#options;
    if (this.#snapshotTimer !== null) clearInterval(this.#snapshotTimer);
    const timeout = setTimeout(() => {
      this.#abandon.abort();
      void this.#loop.dropReplay();
    }, flushTimeoutMs ?? FLUSH_TIMEOUT_MS);
    await this.#clock.stop();
    await this.#consumer?.stop();
    await this.#turn;
    await this.#options.feed?.stop();
    clearTimeout(timeout);
    await this.#loop.dropReplay();
    await this.#snapshotter.settle();
    await this.#takeSnapshot();
    await this.#snapshotter.settle();
    log.info({ inputOffset: this.#loop.inputOffset }, 'engine stopped');
  }
}
