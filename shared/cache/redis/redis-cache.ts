// The cache in Redis 7 or later. One connection for commands, a second one, once somebody
// subscribes, for messages: a slow listener then holds up nobody's reads.
import type { ChainableCommander, Redis } from 'ioredis';
import { assert, TerminalError } from '../../domain/failure.ts';
import type { Cache, CacheEntry, CacheMessage, CounterReading } from '../cache.ts';
import type { SubscribeOptions, Subscription } from '../cache.ts';
import { checkAmount, checkEntries, checkKey, checkMessages, checkTtl } from '../cache-limits.ts';
import { OutageBreaker } from './outage-breaker.ts';
import { asCacheFailure, isOutage } from './redis-failure.ts';
import { RedisLink, type RedisLinkOptions } from './redis-link.ts';
import { RedisSubscriber } from './redis-subscriber.ts';

export class RedisCache implements Cache {
  readonly #options: RedisLinkOptions;
  readonly #link: RedisLink;
  readonly #breaker: OutageBreaker;
  #subscriber: RedisSubscriber | null = null;
  #isClosed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#link = new RedisLink(options);
    this.#breaker = new OutageBreaker({
      isOutage,
      probe: () => this.#link.redis.ping(),
      onChange: (isOpen) => {
        const facts = { name: options.applicationName };
        if (isOpen) options.log.warn(facts, 'cache: away, calls fail at once');
        else options.log.info(facts, 'cache: answers again');
      },
    });
  }

  get isAvailable(): boolean {
    return this.#link.isReady && !this.#breaker.isOpen && !this.#isClosed;
  }

  async get(key: string): Promise<string | null> {
    checkKey(key);
    return this.#call((redis) => redis.get(key));
  }

  async set(entries: readonly CacheEntry[]): Promise<void> {
    checkEntries(entries);
    await this.#send(entries.length, (pipeline, at) => {
      const entry = entries[at];
      if (entry !== undefined) pipeline.set(entry.key, entry.value, 'PX', entry.ttlMs);
    });
  }

  async setIfAbsent(entry: CacheEntry): Promise<boolean> {
    checkEntries([entry]);
    const { key, value, ttlMs } = entry;
    return (await this.#call((redis) => redis.set(key, value, 'PX', ttlMs, 'NX'))) === 'OK';
  }

  async delete(key: string): Promise<boolean> {
    checkKey(key);
    return (await this.#call((redis) => redis.del(key))) === 1;
  }

  async count(key: string, amount: number, ttlMs: number): Promise<CounterReading> {
    checkKey(key);
    checkAmount(amount);
    checkTtl(ttlMs);
    return this.#call(async (redis) => {
      // One unit, so that a counter can never be without an end; NX leaves the first end as it is.
      const unit = redis.multi().incrby(key, amount).pexpire(key, ttlMs, 'NX').pttl(key);
      const [count, , remainingMs] = resultsOf(await unit.exec());
      assert(typeof count === 'number' && typeof remainingMs === 'number', 'counts are numbers');
      return { count, expiresInMs: Math.max(1, remainingMs) };
    });
  }

  async publish(messages: readonly CacheMessage[]): Promise<void> {
    checkMessages(messages);
    await this.#send(messages.length, (pipeline, at) => {
      const message = messages[at];
      if (message !== undefined) pipeline.publish(message.channel, message.text);
    });
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    checkKey(options.channel);
    this.#assertOpen();
    this.#subscriber ??= new RedisSubscriber(this.#options);
    try {
      return await this.#subscriber.subscribe(options);
    } catch (error) {
      throw asCacheFailure(error);
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#breaker.close();
    this.#subscriber?.close();
    this.#link.close();
    return Promise.resolve();
  }

  /** All in one round trip. */
  async #send(
    count: number,
    add: (pipeline: ChainableCommander, at: number) => void,
  ): Promise<void> {
    if (count === 0) return;
    await this.#call(async (redis) => {
      const pipeline = redis.pipeline();
      for (let at = 0; at < count; at += 1) add(pipeline, at);
      resultsOf(await pipeline.exec());
    });
  }

  async #call<Answer>(command: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    this.#assertOpen();
    await this.#link.firstAttempt;
    try {
      return await this.#breaker.execute(() => command(this.#link.redis));
    } catch (error) {
      throw asCacheFailure(error);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new TerminalError('the cache is closed');
  }
}

/** Throws the first failure of a pipeline or a unit. */
function resultsOf(replies: [error: Error | null, result: unknown][] | null): unknown[] {
  assert(replies !== null, 'nothing is watched, so a unit is never given up');
  return replies.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}
