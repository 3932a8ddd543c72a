import { describe, expect, it } from 'vitest';
import { sessionCaller } from '../testing/session-caller.ts';
import { TOKEN_CACHED_MS_MAX, TokenCache } from './token-cache.ts';

const KNOWN = { caller: sessionCaller(1) };

describe('token cache', () => {
  it('forgets at expiry, after its longest time, and with a new set of keys', () => {
    const cache = new TokenCache();
    cache.keep('short', KNOWN, 1_000, 0, 0);
    cache.keep('long', KNOWN, 10 * TOKEN_CACHED_MS_MAX, 0, 0);
    cache.keep('expired', KNOWN, -1, 0, 0);
    expect(cache.find('expired', 0, 0)).toBeNull();
    expect(cache.find('short', 999, 0)).toEqual(KNOWN);
    expect(cache.find('short', 1_000, 0)).toBeNull();
    expect(cache.find('long', TOKEN_CACHED_MS_MAX - 1, 0)).toEqual(KNOWN);
    expect(cache.find('long', TOKEN_CACHED_MS_MAX, 0)).toBeNull();
    cache.keep('other', KNOWN, 1_000, 0, 0);
    expect(cache.find('other', 0, 1)).toBeNull();
    expect(cache.size).toBe(0);
  });

  it('holds no more than it may, and drops the oldest', () => {
    const cache = new TokenCache(3);
    for (const token of ['a', 'b', 'c', 'd']) cache.keep(token, KNOWN, 1_000, 0, 0);
    expect(cache.size).toBe(3);
    expect(cache.find('a', 0, 0)).toBeNull();
    expect(cache.find('d', 0, 0)).toEqual(KNOWN);
  });
});
