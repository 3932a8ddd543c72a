// Tells the world through the cache what the engine did, once it is durable: changes of the books,
// public trades, whole records for who waits for an outcome, and now and then whole books. Fire and
// forget: matching never waits for it, and what cannot be told is dropped and counted. Sequence
// numbers show readers what they missed, and the next snapshot heals it.
import type { Cache, CacheEntry } from '../../shared/cache/cache.ts';
import { bookKey } from '../../shared/feed/feed-channels.ts';
import type { BookSnapshot } from '../../shared/feed/feed-messages.ts';
import type { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { MarketBook } from '../core/market-book.ts';
import type { DurableOutput } from '../durable-output.ts';
import { registerFeedMetrics, type FeedMetrics } from './feed-metrics.ts';
import { PendingNews } from './pending-news.ts';

/** Levels of a side in a snapshot: what a request for a book asks for by default. */
export const SNAPSHOT_DEPTH = 100;
/** A changed book is written at most this often. */
const SNAPSHOT_EVERY_MS = 100;
/** A book that does not change is written again: somebody may have emptied the cache. */
const SNAPSHOT_AGAIN_MS = 2_000;
/** A book that no engine has written for so long is not to be taken for fresh. */
const SNAPSHOT_TTL_MS = 10_000;
/** Books written at once: each takes some 20 us of the engine's time. */
const SNAPSHOTS_PER_TURN_MAX = 64;
/** Pushes are at least this far apart, so that a busy engine tells more at a time. */
const PUSH_EVERY_MS = 5;

export interface MarketFeedOptions {
  readonly cache: Cache;
  readonly shard: number;
  readonly metrics: MetricsRegistry;
  readonly log: Logger;
}

export class MarketFeed {
  readonly #cache: Cache;
  readonly #log: Logger;
  readonly #pending: PendingNews;
  readonly #metrics: FeedMetrics;
  /** Sequence and time of what was written of each market. */
  readonly #written = new Map<string, { readonly sequence: number; readonly atMs: number }>();
  #pushing: Promise<void> | null = null;
  #snapshotTimer: NodeJS.Timeout | null = null;
  #isWriting = false;
  #isStopped = false;

  constructor(options: MarketFeedOptions) {
    this.#cache = options.cache;
    this.#log = options.log;
    this.#pending = new PendingNews(options.shard);
    this.#metrics = registerFeedMetrics(options.metrics, () => ({
      isAvailable: this.#cache.isAvailable,
      dropped: this.#pending.dropped,
    }));
  }

  /** What is durable now. Neither waits nor throws. */
  tell(durable: DurableOutput): void {
    if (this.#isStopped) return;
    this.#pending.add(durable);
    if (!this.#cache.isAvailable) this.#pending.giveUpAll();
    else this.#pushing ??= this.#push();
  }

  /**
   * Writes snapshots from now on. `whenAtRest` runs its work when every change of the books is
   * durable, and resolves after that.
   */
  start(books: () => Iterable<MarketBook>, whenAtRest: (work: () => void) => Promise<void>): void {
    this.#snapshotTimer = setInterval(() => {
      if (this.#isWriting || !this.#cache.isAvailable) return;
      this.#isWriting = true;
      void this.#writeSnapshots(books, whenAtRest).finally(() => (this.#isWriting = false));
    }, SNAPSHOT_EVERY_MS).unref();
  }

  /** The cache stays open. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#snapshotTimer !== null) clearInterval(this.#snapshotTimer);
    await this.#pushing;
  }

  async #push(): Promise<void> {
    // Later: now the engine has its next batch to look at.
    await new Promise((later) => setImmediate(later));
    while (!this.#pending.isEmpty) {
      const startedMs = performance.now();
      try {
        const messages = this.#pending.take();
        await this.#cache.publish(messages);
        this.#metrics.messages.add(messages.length);
      } catch (error) {
        // Whether it was told is unknown; who heard nothing sees it by the next sequence.
        this.#metrics.failures.add();
        this.#log.debug({ err: error }, 'the feed could not be told');
        this.#pending.giveUpAll();
      }
      const restMs = PUSH_EVERY_MS - (performance.now() - startedMs);
      if (restMs > 0) await new Promise((later) => setTimeout(later, restMs));
    }
    this.#pushing = null;
  }

  async #writeSnapshots(
    books: () => Iterable<MarketBook>,
    whenAtRest: (work: () => void) => Promise<void>,
  ): Promise<void> {
    let snapshots: readonly BookSnapshot[] = [];
    try {
      await whenAtRest(() => (snapshots = this.#takeDue(books())));
      await this.#cache.set(snapshots.map(entryOf));
    } catch (error) {
      this.#metrics.failures.add();
      this.#log.debug({ err: error }, 'books could not be written');
      return;
    }
    const atMs = performance.now();
    for (const { market, sequence } of snapshots) this.#written.set(market, { sequence, atMs });
    this.#metrics.snapshots.add(snapshots.length);
  }

  #takeDue(books: Iterable<MarketBook>): BookSnapshot[] {
    const nowMs = performance.now();
    const due: { readonly book: MarketBook; readonly atMs: number }[] = [];
    for (const book of books) {
      const written = this.#written.get(book.market);
      const isFresh = written !== undefined && nowMs - written.atMs < SNAPSHOT_AGAIN_MS;
      if (isFresh && written.sequence === book.sequence) continue;
      due.push({ book, atMs: written?.atMs ?? Number.NEGATIVE_INFINITY });
    }
    // Whose turn was longest ago comes first, so that none is left out.
    due.sort((left, right) => left.atMs - right.atMs);
    return due.slice(0, SNAPSHOTS_PER_TURN_MAX).map(({ book }) => snapshotOf(book));
  }
}

function snapshotOf(book: MarketBook): BookSnapshot {
  const { bids, asks } = book.level2(SNAPSHOT_DEPTH);
  const { market, sequence, nowMs } = book;
  return {
    market,
    sequence,
    timeMs: nowMs,
    depth: SNAPSHOT_DEPTH,
    bids: bids.map(([price, lots]) => [price, lots]),
    asks: asks.map(([price, lots]) => [price, lots]),
  };
}

function entryOf(snapshot: BookSnapshot): CacheEntry {
  const value = JSON.stringify(snapshot);
  return { key: bookKey(snapshot.market), value, ttlMs: SNAPSHOT_TTL_MS };
}
