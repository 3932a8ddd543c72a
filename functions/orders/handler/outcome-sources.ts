// Where records of the engine are heard of: from its feed in the cache, which costs one round trip
// to begin with and may lose some, or from the tail of its log, which loses nothing.
import type { Bus, Consumer } from '../../../shared/bus/bus.ts';
import type { Cache, Subscription } from '../../../shared/cache/cache.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { outcomesChannel } from '../../../shared/feed/feed-channels.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';

const TOPIC = TOPICS['engine.executions'].name;
const BATCH_MAX = 500;

export interface OutcomeSource {
  /** Resolves when every record from now on is heard. */
  start(): Promise<void>;
  /** False while it is known that records are missed. */
  readonly isStanding: boolean;
  stop(): Promise<void>;
}

export interface SourceOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly onRecord: (value: Buffer) => void;
  /** Records may have been missed. */
  readonly onGap: () => void;
}

/** Every partition of the log, from its end. */
export class LogTail implements OutcomeSource {
  readonly #options: SourceOptions;
  #starting: Promise<Consumer[]> | null = null;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  get isStanding(): boolean {
    return this.#starting !== null;
  }

  async start(): Promise<void> {
    this.#starting ??= this.#open();
    try {
      await this.#starting;
    } catch (error) {
      this.#starting = null;
      throw error;
    }
  }

  async stop(): Promise<void> {
    const starting = this.#starting;
    this.#starting = null;
    if (starting === null) return;
    try {
      for (const tail of await starting) await tail.stop();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a tail of outcomes did not stop cleanly');
    }
  }

  async #open(): Promise<Consumer[]> {
    const { bus, log, onRecord, onGap } = this.#options;
    const partitions = await bus.partitions(TOPIC);
    return Promise.all(
      Array.from({ length: partitions }, (_, partition) =>
        bus.tail({
          topic: TOPIC,
          partition,
          from: 'end',
          batchMax: BATCH_MAX,
          onBatch: (records) => {
            for (const { value } of records) onRecord(value);
            return Promise.resolve();
          },
          onError: (error) => {
            log.warn({ err: error }, 'the tail of outcomes stopped; it starts again');
            void this.stop().then(onGap);
          },
        }),
      ),
    );
  }
}

/** The engine's feed, one channel a shard. */
export class FeedListener implements OutcomeSource {
  readonly #cache: Cache;
  readonly #options: SourceOptions;
  #starting: Promise<Subscription[]> | null = null;
  #subscriptions: readonly Subscription[] = [];

  constructor(cache: Cache, options: SourceOptions) {
    this.#cache = cache;
    this.#options = options;
  }

  get isStanding(): boolean {
    const { length } = this.#subscriptions;
    return length > 0 && this.#subscriptions.every((each) => each.isStanding);
  }

  async start(): Promise<void> {
    this.#starting ??= this.#open();
    try {
      this.#subscriptions = await this.#starting;
    } catch (error) {
      this.#starting = null;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#starting = null;
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    for (const each of subscriptions) await each.end();
  }

  async #open(): Promise<Subscription[]> {
    const { bus, onRecord, onGap } = this.#options;
    const partitions = await bus.partitions(TOPIC);
    const opened: Subscription[] = [];
    try {
      for (let shard = 0; shard < partitions; shard += 1) {
        const onMessage = (text: string): void => onRecord(Buffer.from(text));
        opened.push(
          await this.#cache.subscribe({ channel: outcomesChannel(shard), onMessage, onGap }),
        );
      }
    } catch (error) {
      for (const each of opened) await each.end();
      throw error;
    }
    return opened;
  }
}
