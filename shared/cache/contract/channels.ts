// Contract: messages to whoever listens just then.
import { expect, it } from 'vitest';
import { eventually, freshKey, hear, LONG_MS, type CacheHarness } from './harness.ts';

export function describeChannels(running: () => CacheHarness): void {
  it('keeps nothing for who comes later', async () => {
    const cache = running().open();
    const channel = freshKey();
    await cache.publish([{ channel, text: 'before' }]);
    const heard = await hear(cache, channel);
    await cache.publish([{ channel, text: 'after' }]);
    await eventually(() => expect(heard.texts.length).toBeGreaterThan(0));
    expect(heard.texts).toEqual(['after']);
    await cache.close();
  });

  it('hands over what other clients say, in their order, and nothing of other channels', async () => {
    const [speaker, listener] = [running().open(), running().open()];
    const [channel, other] = [freshKey(), freshKey()];
    const heard = await hear(listener, channel);
    const texts = Array.from({ length: 500 }, (_, at) => `${at} é`);
    for (let at = 0; at < texts.length; at += 50) {
      const messages = texts
        .slice(at, at + 50)
        .map((text, place) => ({ channel, text: place % 2 === 0 ? text : Buffer.from(text) }));
      await speaker.publish([{ channel: other, text: 'other' }, ...messages]);
    }
    await eventually(() => expect(heard.texts).toHaveLength(texts.length));
    expect(heard.texts).toEqual(texts);
    expect(heard.gaps).toBe(0);
    await Promise.all([speaker.close(), listener.close()]);
  });

  it('has any number of listeners on a channel, each ending by itself', async () => {
    const cache = running().open();
    const channel = freshKey();
    const [one, other] = [await hear(cache, channel), await hear(cache, channel)];
    await cache.publish([{ channel, text: '1' }]);
    await eventually(() => expect([one.texts, other.texts]).toEqual([['1'], ['1']]));
    await one.end();
    await cache.publish([{ channel, text: '2' }]);
    await eventually(() => expect(other.texts).toEqual(['1', '2']));
    expect(one.texts).toEqual(['1']);
    expect([one.isStanding, other.isStanding]).toEqual([false, true]);
    await other.end();
    await other.end();
    const again = await hear(cache, channel);
    await cache.publish([{ channel, text: '3' }]);
    await eventually(() => expect(again.texts).toEqual(['3']));
    expect(other.texts).toEqual(['1', '2']);
    await cache.close();
  });

  it('ends and begins again without losing the channel to the one before', async () => {
    const cache = running().open();
    const channel = freshKey();
    for (let round = 0; round < 20; round += 1) {
      const old = await hear(cache, channel);
      const [, heard] = await Promise.all([old.end(), hear(cache, channel)]);
      await cache.publish([{ channel, text: 'x' }]);
      await eventually(() => expect(heard.texts).toEqual(['x']));
      await heard.end();
    }
    await cache.close();
  });

  it('goes on when a listener throws', async () => {
    const cache = running().open();
    const channel = freshKey();
    await cache.subscribe({
      channel,
      onMessage: () => {
        throw new Error('on purpose');
      },
    });
    const heard = await hear(cache, channel);
    await cache.publish([
      { channel, text: '1' },
      { channel, text: '2' },
    ]);
    await eventually(() => expect(heard.texts).toEqual(['1', '2']));
    await cache.close();
  });

  it('reads and listens again by itself when its connections broke', async () => {
    const harness = running();
    const [speaker, listener] = [harness.open(), harness.open()];
    const [channel, key] = [freshKey(), freshKey()];
    const heard = await hear(listener, channel);
    await speaker.set([{ key, value: 'kept', ttlMs: LONG_MS }]);
    await harness.breakConnections();
    await eventually(async () => {
      // Each time another: what is said while the connection is gone is gone.
      await speaker.publish([{ channel, text: 'after' }]);
      expect(heard.texts.length).toBeGreaterThan(0);
    });
    expect(new Set(heard.texts)).toEqual(new Set(['after']));
    expect(await listener.get(key)).toBe('kept');
    expect([listener.isAvailable, heard.isStanding]).toEqual([true, true]);
    await Promise.all([speaker.close(), listener.close()]);
  });
}
