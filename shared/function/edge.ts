// What stands between a function and the network: whose address counts, which browsers are
// answered, and how much anyone may ask for.
import { openLimiter } from '../cache/open-limiter.ts';
import { MemoryLimiter } from '../cache/memory/memory-limiter.ts';
import { findCacheConfig } from '../config/cache-config.ts';
import { readEdgeConfig } from '../config/edge-config.ts';
import { ConfigError, getVariable, type EnvironmentSource } from '../config/environment.ts';
import { makeWindows } from '../limits/quotas.ts';
import { RateLimits } from '../limits/rate-limits.ts';
import type { Logger } from '../telemetry/logger.ts';
import { AddressList } from './auth/address-list.ts';
import type { FunctionDefinition } from './definition.ts';

export interface Edge {
  readonly trustedProxies: number;
  /** Null when no origin is configured. */
  readonly corsOrigins: ReadonlySet<string> | null;
  /** Clients of all other addresses are refused; null: of none. */
  readonly addresses: AddressList | null;
  /** Null counts nothing. */
  readonly limits: RateLimits | null;
}

/** For tests that call a function with no server: nobody is held up. */
export const NO_EDGE: Edge = {
  trustedProxies: 0,
  corsOrigins: null,
  addresses: null,
  limits: null,
};

/** Throws ConfigError for settings that are malformed, or missing where the definition has one. */
export function openEdge(
  { name, addressesVariable }: Pick<FunctionDefinition<never>, 'name' | 'addressesVariable'>,
  log: Logger,
  source?: EnvironmentSource,
): Edge {
  const { trustedProxies, corsOrigins, rateLimitFactor } = readEdgeConfig(source);
  return {
    trustedProxies,
    corsOrigins: corsOrigins.length === 0 ? null : new Set(corsOrigins),
    addresses: addressesVariable === undefined ? null : readAddresses(addressesVariable, source),
    limits: rateLimitFactor === null ? null : openLimits(rateLimitFactor, name, log, source),
  };
}

/** Of one variable. Throws ConfigError when it is unset, or no list of blocks. */
export function readAddresses(variable: string, source?: EnvironmentSource): AddressList {
  const blocks = getVariable(variable, source).split(',');
  try {
    return new AddressList(blocks.map((block) => block.trim()));
  } catch (cause) {
    const fault = 'is malformed: CIDR blocks with commas between';
    throw new ConfigError(`environment variable ${variable} ${fault}`, { cause });
  }
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
