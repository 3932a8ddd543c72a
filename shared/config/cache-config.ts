// Where the cache is. Every process can do without one, so each variable may be left out.
import { findVariable, type EnvironmentSource } from './environment.ts';

export interface CacheConfig {
  readonly url: string;
  /** CACHE_CA: certificates to trust beside the system's, in PEM. */
  readonly ca: string | undefined;
}

/** Null when CACHE_URL is not set. */
export function findCacheConfig(source?: EnvironmentSource): CacheConfig | null {
  const url = findVariable('CACHE_URL', source);
  return url === undefined ? null : { url, ca: findVariable('CACHE_CA', source) };
}
