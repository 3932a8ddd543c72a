// Contract: values that expire.
import { expect, it } from 'vitest';
import { eventually, freshKey, LONG_MS, SHORT_MS, type CacheHarness } from './harness.ts';

export function describeValues(running: () => CacheHarness): void {
  it('answers null for what was never set', async () => {
    const cache = running().open();
    expect(await cache.get(freshKey())).toBeNull();
    expect(await cache.delete(freshKey())).toBe(false);
    await cache.close();
  });

  it.each(['', ' ', 'a\r\nb', '\u0000', '{"price":"1","name":"日本"}', '🦀'.repeat(100)])(
    'gives back %j as another client wrote it',
    async (value) => {
      const [one, other] = [running().open(), running().open()];
      const key = freshKey();
      await one.set([{ key, value, ttlMs: LONG_MS }]);
      expect(await other.get(key)).toBe(value);
      await Promise.all([one.close(), other.close()]);
    },
  );

  it('keeps many entries of one call, the last of a key winning', async () => {
    const cache = running().open();
    const keys = Array.from({ length: 300 }, freshKey);
    const entries = keys.map((key, at) => ({ key, value: String(at), ttlMs: LONG_MS }));
    const again = { key: keys[7] ?? '', value: 'again', ttlMs: LONG_MS };
    await cache.set([...entries, again]);
    await cache.set([]);
    const found = await Promise.all(keys.map((key) => cache.get(key)));
    expect(found).toEqual(keys.map((_, at) => (at === 7 ? 'again' : String(at))));
    await cache.close();
  });

  it('forgets a value when its time is over, and only then', async () => {
    const cache = running().open();
    const [short, long] = [freshKey(), freshKey()];
    await cache.set([
      { key: short, value: 'x', ttlMs: SHORT_MS },
      { key: long, value: 'x', ttlMs: LONG_MS },
    ]);
    await eventually(async () => expect(await cache.get(short)).toBeNull());
    expect(await cache.get(long)).toBe('x');
    expect(await cache.delete(short)).toBe(false);
    await cache.close();
  });

  it('counts the time of a value anew when it is set again', async () => {
    const cache = running().open();
    const [key, other] = [freshKey(), freshKey()];
    await cache.set([{ key, value: 'old', ttlMs: LONG_MS }]);
    await cache.set([{ key, value: 'new', ttlMs: SHORT_MS }]);
    await eventually(async () => expect(await cache.get(key)).toBeNull());
    await cache.set([
      { key: other, value: 'old', ttlMs: SHORT_MS },
      { key: other, value: 'new', ttlMs: LONG_MS },
      { key, value: 'x', ttlMs: SHORT_MS },
    ]);
    await eventually(async () => expect(await cache.get(key)).toBeNull());
    expect(await cache.get(other)).toBe('new');
    await cache.close();
  });

  it('deletes once', async () => {
    const cache = running().open();
    const key = freshKey();
    await cache.set([{ key, value: 'x', ttlMs: LONG_MS }]);
    expect([await cache.delete(key), await cache.delete(key)]).toEqual([true, false]);
    expect(await cache.get(key)).toBeNull();
    await cache.close();
  });

  it('lets one of many that set an absent value win, and the value is theirs', async () => {
    const caches = [running().open(), running().open()];
    const key = freshKey();
    const tries = Array.from({ length: 60 }, async (_, at) => {
      const cache = caches[at % 2];
      return cache?.setIfAbsent({ key, value: String(at), ttlMs: LONG_MS });
    });
    const won = await Promise.all(tries);
    expect(won.filter((each) => each === true)).toHaveLength(1);
    expect(await caches[0]?.get(key)).toBe(String(won.indexOf(true)));
    await Promise.all(caches.map((cache) => cache.close()));
  });

  it('takes a value as absent again when it has expired or was deleted', async () => {
    const cache = running().open();
    const key = freshKey();
    await cache.setIfAbsent({ key, value: 'first', ttlMs: SHORT_MS });
    const entry = { key, value: 'second', ttlMs: LONG_MS };
    await eventually(async () => expect(await cache.setIfAbsent(entry)).toBe(true));
    expect(await cache.setIfAbsent({ ...entry, value: 'third' })).toBe(false);
    expect(await cache.get(key)).toBe('second');
    await cache.delete(key);
    expect(await cache.setIfAbsent({ ...entry, value: 'fourth' })).toBe(true);
    await cache.close();
  });
}
