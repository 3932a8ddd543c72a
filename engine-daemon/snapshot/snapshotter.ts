// Takes snapshots of a running shard. Matching waits only while the core copies its state; hashing,
// checking and writing the copy go on beside it.
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Logger } from 'pino';
import { assert } from '../../shared/domain/failure.ts';
import type { Shard } from '../core/shard.ts';
import { decodeSnapshot, encodeSnapshot } from '../core/snapshot.ts';
import type { EngineMetrics } from '../metrics.ts';
import { encodeSnapshotFile, type SnapshotFacts } from './format.ts';
import { digestMarkets } from './state-digest.ts';
import type { SnapshotStore } from './store.ts';

/**
 * Snapshots by count keep this many times their own duration apart. Writing one competes with
 * matching for the one thread: under a flood of commands it may have a tenth of it.
 */
const PAUSE_FACTOR = 9;

/** Where in both logs the state stands. */
export type SnapshotPosition = Omit<SnapshotFacts, 'markets' | 'createdAtMs'>;

export interface SnapshotterOptions {
  readonly store: SnapshotStore;
  readonly shard: Shard;
  readonly metrics: EngineMetrics;
  readonly now: () => number;
  readonly log: Logger;
}

export class Snapshotter {
  /** When the newest snapshot on disk was taken; null before the first of this process. */
  takenAtMs: number | null = null;
  readonly #options: SnapshotterOptions;
  #writing: Promise<void> | null = null;
  #restsUntilMs = 0;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
  }

  get isWriting(): boolean {
    return this.#writing !== null;
  }

  /** True for a while after a snapshot: one that the clock does not demand should wait. */
  get isResting(): boolean {
    return performance.now() < this.#restsUntilMs;
  }

  /**
   * Copies the state now and writes it in the background. To be called between batches, when
   * everything up to the position is published, and not while `isWriting`.
   */
  take(position: SnapshotPosition): void {
    const { metrics, now, shard } = this.#options;
    assert(this.#writing === null, 'one snapshot is written at a time');
    const startedMs = performance.now();
    const payload = encodeSnapshot(shard);
    metrics.snapshotPauseSeconds.observe((performance.now() - startedMs) / 1_000);
    this.#writing = this.#write(payload, position, now()).finally(() => {
      this.#writing = null;
      const endedMs = performance.now();
      this.#restsUntilMs = endedMs + PAUSE_FACTOR * (endedMs - startedMs);
    });
  }

  /** Resolves when no snapshot is being written. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** A failure is reported and not thrown: the engine can go on, with a longer replay to come. */
  async #write(payload: Uint8Array, position: SnapshotPosition, takenAtMs: number): Promise<void> {
    const { log, metrics, store } = this.#options;
    const startedMs = performance.now();
    try {
      // Batches that wait since the copying go first.
      await yieldToOthers();
      // Hashing the copy rather than the live books also proves that the copy can be read.
      const markets = await digestMarkets(decodeSnapshot(payload));
      const file = encodeSnapshotFile({ ...position, createdAtMs: takenAtMs, markets }, payload);
      const name = await store.write(position.inputOffset, file);
      this.takenAtMs = takenAtMs;
      metrics.snapshotBytes.set(file.byteLength);
      const durationMs = Math.round(performance.now() - startedMs);
      log.info(
        { file: name, bytes: file.byteLength, inputOffset: position.inputOffset, durationMs },
        'snapshot written',
      );
    } catch (error) {
      metrics.snapshotFailures.add();
      log.error({ err: error, inputOffset: position.inputOffset }, 'a snapshot failed');
    }
  }
}
