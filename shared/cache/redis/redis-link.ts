// One connection to Redis that comes back by itself, for ever, and never keeps a command for later:
// what cannot be sent now fails now.
import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { CacheLog } from '../cache-log.ts';
import type { RedisAddress } from './redis-address.ts';

const CONNECT_TIMEOUT_MS = 2_000;
/** A server that answers nothing for so long is taken for dead, and all that waits for it fails. */
const SILENCE_MAX_MS = 2_000;
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 2_000;
/** A closing socket whose peer does not answer is cut. */
const DISCONNECT_TIMEOUT_MS = 500;

export interface RedisLinkOptions {
  readonly address: RedisAddress;
  readonly applicationName: string;
  readonly commandTimeoutMs: number;
  /** Certificates to trust beside the system's, in PEM. */
  readonly ca?: string | undefined;
  readonly log: CacheLog;
}

export class RedisLink {
  readonly redis: Redis;
  /** Resolves when the first attempt to connect has ended, however it did. */
  readonly firstAttempt: Promise<void>;
  readonly #log: CacheLog;
  readonly #applicationName: string;
  #lastError: Error | null = null;
  #isReportedLost = false;
  #isClosing = false;

  constructor(options: RedisLinkOptions) {
    this.#log = options.log;
    this.#applicationName = options.applicationName;
    this.redis = new Redis(redisOptions(options));
    // Without a listener the error would end the process. It is told when the connection closes.
    this.redis.on('error', (error: Error) => (this.#lastError = error));
    this.redis.on('close', () => this.#reportLost());
    this.redis.on('ready', () => this.#reportBack());
    this.firstAttempt = this.redis.connect().catch(() => undefined);
  }

  get isReady(): boolean {
    return this.redis.status === 'ready';
  }

  /** Breaks the connection off and makes a new one. */
  renew(): void {
    this.redis.disconnect(true);
  }

  close(): void {
    this.#isClosing = true;
    this.redis.disconnect();
  }

  /** Once an outage: the attempts in between would fill the log. */
  #reportLost(): void {
    if (this.#isReportedLost || this.#isClosing) return;
    this.#isReportedLost = true;
    const facts = { err: this.#lastError, name: this.#applicationName };
    this.#log.warn(facts, 'cache: no connection, trying again until there is');
  }

  #reportBack(): void {
    this.#lastError = null;
    if (!this.#isReportedLost) return;
    this.#isReportedLost = false;
    this.#log.info({ name: this.#applicationName }, 'cache: connected again');
  }
}

function redisOptions(options: RedisLinkOptions) {
  const { address, ca } = options;
  return {
    host: address.host,
    port: address.port,
    db: address.database,
    ...(address.username === null ? {} : { username: address.username }),
    ...(address.password === null ? {} : { password: address.password }),
    ...(address.isTls ? { tls: tlsOptions(address.host, ca) } : {}),
    connectionName: options.applicationName,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: options.commandTimeoutMs,
    // Also bounds what waits for an answer: a time-out alone leaves the command in its queue.
    socketTimeout: SILENCE_MAX_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // The subscriber does it itself, because it must tell its listeners.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => {
      const delayMs = Math.min(RECONNECT_MS_MIN * 2 ** Math.min(attempt, 10), RECONNECT_MS_MAX);
      // Spread, so that many processes do not come back in one instant.
      return Math.round(delayMs * (0.5 + Math.random() / 2));
    },
    // A replica that was promoted, or was demoted, is found by connecting again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
}

/** An address that is a number has no name to be called by; the certificate must list it. */
function tlsOptions(host: string, ca: string | undefined) {
  return {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
}
