// Contract: counters with an end, as limits need them.
import { expect, it } from 'vitest';
import { TerminalError } from '../../domain/failure.ts';
import { eventually, freshKey, LONG_MS, SHORT_MS, type CacheHarness } from './harness.ts';

export function describeCounters(running: () => CacheHarness): void {
  it('refuses to count on what is no number, and leaves it as it is', async () => {
    const cache = running().open();
    const key = freshKey();
    await cache.set([{ key, value: 'text', ttlMs: LONG_MS }]);
    await expect(cache.count(key, 1, SHORT_MS)).rejects.toBeInstanceOf(TerminalError);
    expect(await cache.get(key)).toBe('text');
    await cache.close();
  });

  it('gives every sum to one caller, however many count at once', async () => {
    const caches = [running().open(), running().open()];
    const key = freshKey();
    const readings = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => caches[at % 2]?.count(key, 1, LONG_MS)),
    );
    const counts = readings.map((reading) => reading?.count ?? 0).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    await Promise.all(caches.map((cache) => cache.close()));
  });

  it('does not move the end that the first addition set', async () => {
    const cache = running().open();
    const key = freshKey();
    const first = await cache.count(key, 2, LONG_MS);
    expect(first.count).toBe(2);
    expect(first.expiresInMs).toBeGreaterThan(0);
    expect(first.expiresInMs).toBeLessThanOrEqual(LONG_MS);
    const second = await cache.count(key, 3, 2 * LONG_MS);
    expect(second.count).toBe(5);
    expect(second.expiresInMs).toBeLessThanOrEqual(first.expiresInMs);
    const third = await cache.count(key, 1, SHORT_MS);
    expect(third.expiresInMs).toBeGreaterThan(SHORT_MS);
    await cache.close();
  });

  it('begins at zero again after its end', async () => {
    const cache = running().open();
    const key = freshKey();
    await cache.count(key, 1_000, SHORT_MS);
    await eventually(async () => {
      const reading = await cache.count(key, 1, SHORT_MS);
      expect(reading.count).toBeLessThan(1_000);
    });
    await cache.close();
  });
}
