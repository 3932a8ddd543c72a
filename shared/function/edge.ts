// What stands between a function and the network: whose address counts, which browsers are
// answered, and how much anyone may ask for.
import { openLimiter } from '../cache/open-limiter.ts';
import { MemoryLimiter } from '../cache/memory/memory-limiter.ts';
import { findCacheConfig } from '../config/cache-config.ts';
import { readEdgeConfig } from '../config/edge-config.ts';
import type { EnvironmentSource } from '../config/environment.ts';
import { makeWindows } from '../limits/quotas.ts';
import { RateLimits } from '../limits/rate-limits.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface Edge {
  readonly trustedProxies: number;
  /** Null when no origin is configured. */
  readonly corsOrigins: ReadonlySet<string> | null;
  /** Null counts nothing. */
  readonly limits: RateLimits | null;
}

/** For tests that call a function with no server: nobody is held up. */
export const NO_EDGE: Edge = { trustedProxies: 0, corsOrigins: null, limits: null };

/** Throws ConfigError for settings that are malformed. */
export function openEdge(name: string, log: Logger, source?: EnvironmentSource): Edge {
  const { trustedProxies, corsOrigins, rateLimitFactor } = readEdgeConfig(source);
  return {
    trustedProxies,
    corsOrigins: corsOrigins.length === 0 ? null : new Set(corsOrigins),
    limits: rateLimitFactor === null ? null : openLimits(rateLimitFactor, name, log, source),
  };
}

function openLimits(
  factor: number,
  name: string,
  log: Logger,
  source: EnvironmentSource | undefined,
): RateLimits {
  const cache = findCacheConfig(source) ?? { url: 'memory:', ca: undefined };
  const limiter = openLimiter({ ...cache, applicationName: `${name}-limits`, log });
  return new RateLimits({ windows: makeWindows(factor), limiter, insurance: new MemoryLimiter() });
}
