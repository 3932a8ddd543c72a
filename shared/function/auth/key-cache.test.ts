// Keys that are looked up: together, once each, never more kept than may be, never a revoked one.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../domain/rejection.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import type { StoredKey } from './identity-store.ts';
import { KEY_CACHED_MS, KeyCache, UNKNOWN_CACHED_MS } from './key-cache.ts';
import { sessionCaller } from '../testing/session-caller.ts';

function stored(keyNumber: number): StoredKey {
  return {
    keyNumber,
    ownerNumber: 1,
    userNumber: 1,
    type: 'hmac',
    publicKey: null,
    sealedSecret: 's1.a.b',
    scopes: ['read'],
    markets: null,
    addresses: null,
    expiresAt: null,
  };
}

function world(keysMax = 100) {
  const asked: (readonly number[])[] = [];
  const state = { nowMs: 0, keys: new Set([1, 2, 3]), wait: Promise.resolve(), fails: false };
  const cache = new KeyCache({
    find: async (keyNumbers) => {
      asked.push(keyNumbers);
      const found = keyNumbers.filter((each) => state.keys.has(each)).map(stored);
      await state.wait;
      if (state.fails) throw new Error('the database is away');
      return found;
    },
    open: ({ keyNumber, ownerNumber }) => {
      if (keyNumber === 3) throw new Error('sealed with a lost key');
      return {
        keyNumber,
        ownerNumber,
        caller: sessionCaller(ownerNumber),
        expiresAtMs: null,
        addresses: null,
        isSignedBy: () => true,
      };
    },
    log: silentLogger(),
    nowMs: () => state.nowMs,
    keysMax,
  });
  const has = async (keyNumber: number) => {
    const found = await cache.find(keyNumber);
    return found !== null && !isRejection(found);
  };
  return { cache, state, asked, has };
}

describe('a key that is looked up', () => {
  it('is asked for once by many, together with others, and kept for a minute', async () => {
    const { cache, state, asked, has } = world();
    const found = await Promise.all([1, 1, 2, 1, 9].map((each) => has(each)));
    expect(found).toEqual([true, true, true, true, false]);
    expect(asked).toEqual([[1, 2, 9]]);
    state.nowMs = KEY_CACHED_MS - 1;
    expect(cache.find(1)).not.toBeInstanceOf(Promise);
    state.nowMs = KEY_CACHED_MS;
    expect(await has(1)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('that there is not is not asked for again for ten seconds', async () => {
    const { state, asked, has } = world();
    for (let times = 0; times < 100; times += 1) expect(await has(9)).toBe(false);
    expect(asked).toHaveLength(1);
    state.keys.add(9);
    state.nowMs = UNKNOWN_CACHED_MS;
    expect(await has(9)).toBe(true);
  });

  it('is dropped by a revocation, also while it is being read', async () => {
    const { cache, state, has } = world();
    expect(await has(1)).toBe(true);
    state.keys.delete(1);
    cache.drop(1);
    expect(await has(1)).toBe(false);

    let go: () => void = () => undefined;
    state.wait = new Promise((resolve) => (go = resolve));
    const reading = has(2);
    await new Promise((resolve) => setImmediate(resolve));
    state.keys.delete(2);
    cache.drop(2);
    go();
    await reading;
    expect(await has(2)).toBe(false);
  });

  it('fails alone when it cannot be opened, and all fail when the database is away', async () => {
    const { state, has } = world();
    const both = await Promise.allSettled([has(1), has(3)]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    state.fails = true;
    await expect(has(2)).rejects.toThrow('away');
    state.fails = false;
    expect(await has(2)).toBe(true);
  });

  it('is not pushed out by unknown numbers, and neither kind is kept without bound', async () => {
    const { cache, asked, has } = world(10);
    expect(await has(1)).toBe(true);
    for (let number = 100; number < 200; number += 1) await has(number);
    expect(cache.size).toBe(11);
    const before = asked.length;
    expect(await has(1)).toBe(true);
    expect(asked).toHaveLength(before);
  });
});
