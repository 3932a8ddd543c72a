// Opens the cache that a URL names: `redis://` or `rediss://` a server, `memory:` this process.
import { TerminalError } from '../domain/failure.ts';
import type { Cache } from './cache.ts';
import type { CacheLog } from './cache-log.ts';
import { MemoryCache } from './memory/memory-cache.ts';
import { parseRedisUrl } from './redis/redis-address.ts';
import { RedisCache } from './redis/redis-cache.ts';

/** Far above what Redis needs, far below what a caller would wait for. */
const COMMAND_TIMEOUT_MS = 500;

export interface OpenCacheOptions {
  readonly url: string;
  /** Names this process to the server. */
  readonly applicationName: string;
  readonly log: CacheLog;
  /** Certificates to trust beside the system's, in PEM; for `rediss://`. */
  readonly ca?: string | undefined;
  readonly commandTimeoutMs?: number;
}

/** Connects in the background: a server that is away shows in the first call. */
export function openCache(options: OpenCacheOptions): Cache {
  const { url, applicationName, log, ca, commandTimeoutMs = COMMAND_TIMEOUT_MS } = options;
  if (url === 'memory:') return new MemoryCache(log);
  if (!/^rediss?:/.test(url)) {
    // The URL may hold a password: it is not repeated.
    throw new TerminalError('a cache URL begins with redis:// or rediss://, or is memory:');
  }
  return new RedisCache({
    address: parseRedisUrl(url),
    applicationName,
    log,
    ca,
    commandTimeoutMs,
  });
}
