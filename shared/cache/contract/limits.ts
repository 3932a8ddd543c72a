// Contract: what is refused, before anything is sent.
import { expect, it } from 'vitest';
import { TerminalError } from '../../domain/failure.ts';
import type { Cache } from '../cache.ts';
import { CALL_BYTES_MAX, COUNT_MAX, ITEMS_MAX, KEY_BYTES_MAX } from '../cache-limits.ts';
import { TTL_MS_MAX, VALUE_BYTES_MAX } from '../cache-limits.ts';
import { freshKey, LONG_MS, type CacheHarness } from './harness.ts';

const BAD_KEYS = ['', 'two words', 'line\n', 'café', 'k'.repeat(KEY_BYTES_MAX + 1)];
const BAD_TTLS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, TTL_MS_MAX + 1];
const BAD_AMOUNTS = [0, -1, 0.5, COUNT_MAX + 1];

async function refuses(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toBeInstanceOf(TerminalError);
}

export function describeLimits(running: () => CacheHarness): void {
  it.each(BAD_KEYS)('refuses the key %j everywhere', async (key) => {
    const cache = running().open();
    const entry = { key, value: 'x', ttlMs: LONG_MS };
    await refuses(cache.get(key));
    await refuses(cache.set([entry]));
    await refuses(cache.setIfAbsent(entry));
    await refuses(cache.delete(key));
    await refuses(cache.count(key, 1, LONG_MS));
    await refuses(cache.publish([{ channel: key, text: 'x' }]));
    await refuses(cache.subscribe({ channel: key, onMessage: () => undefined }));
    await cache.close();
  });

  it.each(BAD_TTLS)('refuses to keep something for %d ms', async (ttlMs) => {
    const cache = running().open();
    const entry = { key: freshKey(), value: 'x', ttlMs };
    await refuses(cache.set([entry]));
    await refuses(cache.setIfAbsent(entry));
    await refuses(cache.count(entry.key, 1, ttlMs));
    expect(await cache.get(entry.key)).toBeNull();
    await cache.close();
  });

  it.each(BAD_AMOUNTS)('refuses to count %d', async (amount) => {
    const cache = running().open();
    const key = freshKey();
    await refuses(cache.count(key, amount, LONG_MS));
    expect(await cache.get(key)).toBeNull();
    await cache.close();
  });

  it('refuses a call with one bad entry whole', async () => {
    const cache = running().open();
    const key = freshKey();
    const good = { key, value: 'x', ttlMs: LONG_MS };
    await refuses(cache.set([good, { ...good, ttlMs: 0 }]));
    expect(await cache.get(key)).toBeNull();
    await cache.close();
  });

  it('takes the longest value, and refuses a longer one, and too many bytes or items', async () => {
    const cache = running().open();
    const entry = { key: freshKey(), value: 'é'.repeat(VALUE_BYTES_MAX / 2), ttlMs: LONG_MS };
    await cache.set([entry]);
    expect(await cache.get(entry.key)).toBe(entry.value);
    await refuses(cache.set([{ ...entry, value: `${entry.value}.` }]));
    await refuses(cache.publish([{ channel: entry.key, text: `${entry.value}.` }]));
    const tooMuch = Array<typeof entry>(CALL_BYTES_MAX / VALUE_BYTES_MAX + 1).fill(entry);
    await refuses(cache.set(tooMuch));
    await refuses(cache.set(Array<typeof entry>(ITEMS_MAX + 1).fill({ ...entry, value: '' })));
    await cache.delete(entry.key);
    await cache.close();
  });

  it('does nothing more once it is closed', async () => {
    const harness = running();
    const cache = harness.open();
    const channel = freshKey();
    const texts: string[] = [];
    await cache.subscribe({ channel, onMessage: (text) => texts.push(text) });
    await cache.close();
    expect(cache.isAvailable).toBe(false);
    await refuses(cache.get(freshKey()));
    await refuses(cache.publish([{ channel, text: 'x' }]));
    await refuses(cache.subscribe({ channel, onMessage: () => undefined }));
    await expectSilence(harness.open(), channel);
    expect(texts).toEqual([]);
  });
}

/** Another listener hears what the closed cache must not. */
async function expectSilence(cache: Cache, channel: string): Promise<void> {
  await new Promise<void>((done, fail) => {
    cache
      .subscribe({ channel, onMessage: () => done() })
      .then(() => cache.publish([{ channel, text: 'late' }]))
      .catch(fail);
  });
  await cache.close();
}
