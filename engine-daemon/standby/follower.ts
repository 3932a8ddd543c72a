// What a standby does while it waits for the lease: it applies the command log, publishes nothing,
// and stays behind the holder. It goes no further than what the holder has finished: a command that
// it applied and forgot, and whose outputs never reached the log, would be lost.
// docs/decisions/0008-a-standby-follows-the-log.md
import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Bus, Consumer, IncomingRecord } from '../../shared/bus/bus.ts';
import { assert } from '../../shared/domain/failure.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import { applyRecord, type ApplyTarget } from '../apply-record.ts';
import type { Progress } from '../lease/store.ts';
import { MarketMoves } from '../market-moves.ts';
import { findStartingPoint, type StartingPoint } from '../recover.ts';
import { ShardBatch } from '../shard-batch.ts';
import { SnapshotStore } from '../snapshot/store.ts';
import { EngineStopped } from '../stopped.ts';

const INPUT = TOPICS['orders.accepted'].name;

/** Small, so that asking for the lease is never far away. */
const BATCH_RECORDS_MAX = 64;
/** What failed is begun anew after this time. */
const RESTART_MS = 5_000;
/** Stands in no output: a follower makes none. */
const NO_EPOCH = 0;

export interface FollowerOptions {
  readonly bus: Bus;
  readonly shard: number;
  readonly snapshotDir: string;
  readonly log: Logger;
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  /** The state, and where it stands in both logs; null while there is none. */
  #point: StartingPoint | null = null;
  #target: ApplyTarget | null = null;
  /** As far as the holder was last heard to be. */
  #holder: Progress = { inputOffset: -1, outputOffset: 0 };
  #wake: () => void = () => undefined;
  #working: Promise<void> | null = null;
  #consumer: Consumer | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Offset of the last record that is in the state; -1 before the first. */
  get inputOffset(): number {
    return this.#point?.inputOffset ?? -1;
  }

  /** Goes on to where the holder is, without waiting for it. */
  follow(holder: Progress): void {
    this.#working ??= this.#start();
    if (holder.inputOffset <= this.#holder.inputOffset) return;
    this.#holder = holder;
    this.#notePosition();
    this.#wake();
  }

  /** Ends the following and answers the state; null when there is none that can be used. */
  async stop(): Promise<StartingPoint | null> {
    this.#stop.abort();
    this.#wake();
    await this.#working;
    await this.#consumer?.stop();
    return this.#point;
  }

  async #start(): Promise<void> {
    const { bus, log, shard, snapshotDir } = this.#options;
    try {
      // The folder may be the holder's as well: nothing is tidied up in it.
      await mkdir(snapshotDir, { recursive: true });
      const store = new SnapshotStore({ dir: snapshotDir, shard, snapshotsKept: 1 });
      const point = await findStartingPoint({ bus, store, shardNumber: shard, log });
      const moves = new MarketMoves(point.shard);
      this.#target = { batch: new ShardBatch(point.shard, NO_EPOCH), moves, log };
      this.#point = { ...point, moves };
      this.#consumer = await bus.tail({
        topic: INPUT,
        partition: shard,
        from: point.inputOffset + 1,
        batchMax: BATCH_RECORDS_MAX,
        onBatch: (records) => this.#takeBatch(records),
        onError: (error) => this.#fail(error),
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #takeBatch(records: readonly IncomingRecord[]): Promise<void> {
    for (const record of records) {
      while (record.offset > this.#holder.inputOffset) await this.#news();
      if (this.#stop.signal.aborted) throw new EngineStopped('the standby follows no more');
      this.#apply(record);
    }
  }

  #apply(record: IncomingRecord): void {
    const [point, target] = [this.#point, this.#target];
    assert(point !== null && target !== null, 'a tail begins with a state');
    assert(record.offset > point.inputOffset, `offset ${record.offset} was applied before`);
    // A state that a fault left half changed is none.
    this.#point = null;
    applyRecord(target, record);
    target.batch.discard();
    this.#point = { ...point, inputOffset: record.offset, lastRecord: record };
    this.#notePosition();
  }

  /** Where outputs begin is known for the very offset that the holder spoke of. */
  #notePosition(): void {
    const { inputOffset, outputOffset } = this.#holder;
    if (this.#point?.inputOffset !== inputOffset) return;
    this.#point = { ...this.#point, outputOffset };
  }

  async #news(): Promise<void> {
    if (!this.#stop.signal.aborted) await new Promise<void>((wake) => (this.#wake = wake));
    if (this.#stop.signal.aborted) throw new EngineStopped('the standby follows no more');
  }

  /** Nothing is lost but time: whoever takes over without a state recovers as ever. */
  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#options.log.warn({ err: error }, 'the standby cannot follow, and begins anew');
    this.#point = null;
    const consumer = this.#consumer;
    this.#consumer = null;
    setTimeout(() => {
      this.#working = null;
    }, RESTART_MS).unref();
    consumer?.stop().catch(() => undefined);
  }
}
