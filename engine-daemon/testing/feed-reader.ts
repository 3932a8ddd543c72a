// For tests: keeps a book from the feed alone, as a gateway would: changes in sequence, and a
// snapshot whenever something was missed.
import type { Cache, Subscription } from '../../shared/cache/cache.ts';
import type { MarketId } from '../../shared/domain/ids.ts';
import { bookKey, depthChannel, outcomesChannel } from '../../shared/feed/feed-channels.ts';
import { tradesChannel } from '../../shared/feed/feed-channels.ts';
import { parseBookSnapshot, parseDepthMessage } from '../../shared/feed/feed-messages.ts';
import { parseTradesMessage, type FeedTrade } from '../../shared/feed/feed-messages.ts';
import type { LevelTotal } from '../core/market-book.ts';

const SNAPSHOT_RETRY_MS = 10;

export class FeedReader {
  readonly trades: FeedTrade[] = [];
  readonly outcomes: string[] = [];
  sequence = 0;
  gaps = 0;
  /** A test sets it to lose messages on purpose. */
  isDeaf = false;
  readonly #cache: Cache;
  readonly #market: MarketId;
  readonly #bids = new Map<number, number>();
  readonly #asks = new Map<number, number>();
  #subscriptions: Subscription[] = [];
  #reading: Promise<void> | null = null;
  /** The oldest state that will do, and how often one was asked for. */
  #wanted = 0;
  #asked = 0;
  #isClosed = false;

  private constructor(cache: Cache, market: MarketId) {
    this.#cache = cache;
    this.#market = market;
  }

  static async open(cache: Cache, market: MarketId, shard: number): Promise<FeedReader> {
    const reader = new FeedReader(cache, market);
    const hear = (channel: string, onMessage: (text: string) => void) =>
      cache.subscribe({ channel, onMessage, onGap: () => reader.#readAgain(reader.sequence) });
    reader.#subscriptions = [
      await hear(depthChannel(market), (text) => reader.#takeDepth(text)),
      await hear(tradesChannel(market), (text) => {
        reader.trades.push(...(parseTradesMessage(text)?.trades ?? []));
      }),
      await hear(outcomesChannel(shard), (text) => reader.outcomes.push(text)),
    ];
    return reader;
  }

  /** False while a snapshot is looked for. */
  get isSure(): boolean {
    return this.#reading === null;
  }

  level2(): { bids: LevelTotal[]; asks: LevelTotal[] } {
    return {
      bids: [...this.#bids].sort(([one], [other]) => other - one),
      asks: [...this.#asks].sort(([one], [other]) => one - other),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) await subscription.end();
    await this.#reading;
  }

  #takeDepth(text: string): void {
    const message = parseDepthMessage(text);
    if (this.isDeaf || message === null || message.sequence <= this.sequence) return;
    if (message.after > this.sequence || this.#reading !== null) {
      this.gaps += 1;
      this.#readAgain(message.sequence);
      return;
    }
    for (const [side, price, lots] of message.levels) {
      const levels = side === 'buy' ? this.#bids : this.#asks;
      if (lots === 0) levels.delete(price);
      else levels.set(price, lots);
    }
    this.sequence = message.sequence;
  }

  /** Also while one is being read: what it finds may be older than what was missed since. */
  #readAgain(sequence: number): void {
    this.#wanted = Math.max(this.#wanted, sequence);
    this.#asked += 1;
    this.#reading ??= this.#readSnapshot().finally(() => (this.#reading = null));
  }

  /** Until there is one that is new enough, and that was read after all was asked for. */
  async #readSnapshot(): Promise<void> {
    while (!this.#isClosed) {
      const asked = this.#asked;
      const text = await this.#cache.get(bookKey(this.#market)).catch(() => null);
      const snapshot = text === null ? null : parseBookSnapshot(text);
      const isNew = snapshot !== null && snapshot.sequence >= this.#wanted;
      if (isNew && asked === this.#asked) {
        this.sequence = snapshot.sequence;
        for (const [levels, found] of [
          [this.#bids, snapshot.bids],
          [this.#asks, snapshot.asks],
        ] as const) {
          levels.clear();
          for (const [price, lots] of found) levels.set(price, lots);
        }
        return;
      }
      await new Promise((later) => setTimeout(later, SNAPSHOT_RETRY_MS));
    }
  }
}
