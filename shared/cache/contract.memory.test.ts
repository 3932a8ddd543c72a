// The memory of this process against the contract of the cache, and what is its own.
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../telemetry/logger.ts';
import { describeCacheContract } from './contract.ts';
import { MemoryCache } from './memory/memory-cache.ts';
import { MemoryStore } from './memory/memory-store.ts';

describeCacheContract('memory', () => {
  const store = new MemoryStore();
  return Promise.resolve({
    open: () => new MemoryCache(silentLogger(), store),
    // There are none.
    breakConnections: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
});

describe('the memory store', () => {
  it('stays below its limit: what has expired goes first, then what is oldest', () => {
    let nowMs = 0;
    const store = new MemoryStore(() => nowMs, 100);
    for (let at = 0; at < 50; at += 1) {
      store.set({ key: `short${at}`, value: 'x', ttlMs: 10 });
      store.set({ key: `long${at}`, value: 'x', ttlMs: 1_000 });
    }
    nowMs = 10;
    store.set({ key: 'new', value: 'x', ttlMs: 1_000 });
    expect(store.size).toBe(51);
    expect(store.get('long0')).toBe('x');
    for (let at = 0; at < 1_000; at += 1) {
      store.set({ key: `more${at}`, value: 'x', ttlMs: 1_000 });
      expect(store.size).toBeLessThanOrEqual(100);
    }
    expect([store.get('long0'), store.get('more999')]).toEqual([null, 'x']);
  });
});
