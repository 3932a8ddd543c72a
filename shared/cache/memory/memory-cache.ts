// The cache in memory: for one process that has no Redis. Other processes do not see it.
import { TerminalError } from '../../domain/failure.ts';
import type { Cache, CacheEntry, CacheMessage, CounterReading } from '../cache.ts';
import type { SubscribeOptions, Subscription } from '../cache.ts';
import { checkAmount, checkEntries, checkKey, checkMessages, checkTtl } from '../cache-limits.ts';
import type { CacheLog } from '../cache-log.ts';
import { MemoryStore } from './memory-store.ts';

export class MemoryCache implements Cache {
  readonly #store: MemoryStore;
  readonly #log: CacheLog;
  readonly #subscriptions = new Set<Subscription>();
  #isClosed = false;

  constructor(log: CacheLog, store = new MemoryStore()) {
    this.#store = store;
    this.#log = log;
  }

  get isAvailable(): boolean {
    return !this.#isClosed;
  }

  async get(key: string): Promise<string | null> {
    return this.#do(() => {
      checkKey(key);
      return this.#store.get(key);
    });
  }

  async set(entries: readonly CacheEntry[]): Promise<void> {
    await this.#do(() => {
      checkEntries(entries);
      for (const entry of entries) this.#store.set(entry);
    });
  }

  async setIfAbsent(entry: CacheEntry): Promise<boolean> {
    return this.#do(() => {
      checkEntries([entry]);
      if (this.#store.get(entry.key) !== null) return false;
      this.#store.set(entry);
      return true;
    });
  }

  async delete(key: string): Promise<boolean> {
    return this.#do(() => {
      checkKey(key);
      return this.#store.delete(key);
    });
  }

  async count(key: string, amount: number, ttlMs: number): Promise<CounterReading> {
    return this.#do(() => {
      checkKey(key);
      checkAmount(amount);
      checkTtl(ttlMs);
      return this.#store.count(key, amount, ttlMs);
    });
  }

  async publish(messages: readonly CacheMessage[]): Promise<void> {
    await this.#do(() => {
      checkMessages(messages);
      for (const { channel, text } of messages) this.#store.publish(channel, text);
    });
  }

  async subscribe({ channel, onMessage }: SubscribeOptions): Promise<Subscription> {
    return this.#do(() => {
      checkKey(channel);
      let isOn = true;
      // Later, as from a real server: a listener never runs inside the call of the publisher.
      const listener = (text: string): void => {
        setImmediate(() => {
          if (isOn) this.#handOver(channel, onMessage, text);
        });
      };
      this.#store.listen(channel, listener);
      const subscription: Subscription = {
        get isStanding() {
          return isOn;
        },
        end: () => {
          isOn = false;
          this.#store.unlisten(channel, listener);
          this.#subscriptions.delete(subscription);
          return Promise.resolve();
        },
      };
      this.#subscriptions.add(subscription);
      return subscription;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) await subscription.end();
  }

  #handOver(channel: string, onMessage: (text: string) => void, text: string): void {
    try {
      onMessage(text);
    } catch (error) {
      this.#log.error({ err: error, channel }, 'a listener of the cache failed');
    }
  }

  /** As a promise, refusals included. */
  #do<Answer>(work: () => Answer): Promise<Answer> {
    return new Promise((done) => {
      if (this.#isClosed) throw new TerminalError('the cache is closed');
      done(work());
    });
  }
}
