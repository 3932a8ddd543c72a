// The cache of a function, where its manifest names one.
import type { Cache } from '../cache/cache.ts';
import { openCache } from '../cache/open-cache.ts';
import type { Environment } from './definition.ts';

/** Null when CACHE_URL is not set: every function can do without. */
export function findCache(environment: Environment, applicationName: string): Cache | null {
  const url = environment.find('CACHE_URL');
  if (url === undefined) return null;
  const ca = environment.find('CACHE_CA');
  return openCache({ url, ca, applicationName, log: environment.log });
}
