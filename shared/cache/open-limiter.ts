// Opens the limiter that a cache URL names: `redis://` or `rediss://` a server, `memory:` this
// process.
import type { CacheLog } from './cache-log.ts';
import type { Limiter } from './limiter.ts';
import { MemoryLimiter } from './memory/memory-limiter.ts';
import { parseRedisUrl } from './redis/redis-address.ts';
import { RedisLimiter } from './redis/redis-limiter.ts';

/**
 * Requests wait for this once when Redis falls silent. Shorter, and a busy process takes its
 * own slowness for an outage, and grants less when there is most to do.
 */
const COMMAND_TIMEOUT_MS = 1_000;

export interface OpenLimiterOptions {
  readonly url: string;
  /** Certificates to trust beside the system's, in PEM; for `rediss://`. */
  readonly ca: string | undefined;
  readonly applicationName: string;
  readonly log: CacheLog;
  readonly commandTimeoutMs?: number;
}

/** Connects in the background. Throws TerminalError for a URL that is none. */
export function openLimiter(options: OpenLimiterOptions): Limiter {
  const { url, ca, applicationName, log, commandTimeoutMs = COMMAND_TIMEOUT_MS } = options;
  if (url === 'memory:') return new MemoryLimiter();
  const address = parseRedisUrl(url);
  return new RedisLimiter({ address, applicationName, log, ca, commandTimeoutMs });
}
