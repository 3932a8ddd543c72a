// Subscriptions over one connection of their own. After an outage they are made again, and every
// listener is told that it may have missed something.
import type { SubscribeOptions, Subscription } from '../cache.ts';
import type { CacheLog } from '../cache-log.ts';
import { RedisLink, type RedisLinkOptions } from './redis-link.ts';

/** A connection that only listens would never notice that its peer is gone. */
const HEARTBEAT_MS = 1_000;

interface Channel {
  readonly listeners: Set<SubscribeOptions>;
  /** It stood once: from then on it is made again after an outage. */
  wasConfirmed: boolean;
}

export class RedisSubscriber {
  readonly #link: RedisLink;
  readonly #log: CacheLog;
  readonly #channels = new Map<string, Channel>();
  readonly #heartbeat: NodeJS.Timeout;
  /** There was an outage, and what stood before it does not stand again yet. */
  #isRestoring = false;

  constructor(options: RedisLinkOptions) {
    this.#log = options.log;
    const { applicationName } = options;
    this.#link = new RedisLink({ ...options, applicationName: `${applicationName}-subscriber` });
    const { redis } = this.#link;
    redis.on('message', (channel: string, text: string) => this.#receive(channel, text));
    redis.on('close', () => (this.#isRestoring = true));
    redis.on('ready', () => void this.#restore());
    this.#heartbeat = setInterval(() => {
      // Silence after it ends the connection (socketTimeout of the link); that is all it is for.
      if (this.#link.isReady) redis.ping().catch(() => undefined);
    }, HEARTBEAT_MS).unref();
  }

  /** Rejects with the error of Redis when the subscription does not come about. */
  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    await this.#link.firstAttempt;
    const name = options.channel;
    const channel = this.#channels.get(name) ?? { listeners: new Set(), wasConfirmed: false };
    this.#channels.set(name, channel);
    channel.listeners.add(options);
    const end = (): Promise<void> => this.#leave(options, channel);
    try {
      // Also when others listen already: only an answer now says that it stands now.
      await this.#link.redis.subscribe(name);
    } catch (error) {
      await end();
      throw error;
    }
    channel.wasConfirmed = true;
    const isStanding = (): boolean =>
      this.#link.isReady && !this.#isRestoring && channel.listeners.has(options);
    return {
      end,
      get isStanding() {
        return isStanding();
      },
    };
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#channels.clear();
    this.#link.close();
  }

  async #leave(options: SubscribeOptions, channel: Channel): Promise<void> {
    channel.listeners.delete(options);
    const name = options.channel;
    if (channel.listeners.size > 0 || this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    // When it fails the connection is gone, and with it the subscription.
    if (this.#link.isReady) await this.#link.redis.unsubscribe(name).catch(() => undefined);
  }

  async #restore(): Promise<void> {
    const lost = [...this.#channels].filter(([, channel]) => channel.wasConfirmed);
    try {
      if (lost.length > 0) await this.#link.redis.subscribe(...lost.map(([name]) => name));
      this.#isRestoring = false;
    } catch (error) {
      this.#log.warn({ err: error }, 'cache: subscriptions were not restored, connecting again');
      this.#link.renew();
      return;
    }
    for (const [, { listeners }] of lost) {
      for (const { channel, onGap } of listeners) this.#safely(channel, () => onGap?.());
    }
  }

  #receive(name: string, text: string): void {
    for (const { onMessage } of this.#channels.get(name)?.listeners ?? []) {
      this.#safely(name, () => onMessage(text));
    }
  }

  #safely(channel: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error({ err: error, channel }, 'a listener of the cache failed');
    }
  }
}
