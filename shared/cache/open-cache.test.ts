// Which URL opens what, and that none is repeated in an error.
import { describe, expect, it } from 'vitest';
import { findCacheConfig } from '../config/cache-config.ts';
import { TerminalError } from '../domain/failure.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { openCache } from './open-cache.ts';
import { parseRedisUrl } from './redis/redis-address.ts';

describe('the URL of a cache', () => {
  it.each([
    'http://u:hidden@host',
    'redis:',
    'redis://',
    'redis://u:hidden@host:port',
    'redis://u:hidden@host/name',
    'redis://u:hidden@host/1000',
    'redis://u:hidden@host?db=1',
    'memory:hidden',
    'rediss:hidden',
    '',
  ])('is refused as %j, without repeating it', (url) => {
    const open = () => openCache({ url, applicationName: 'test', log: silentLogger() });
    expect(open).toThrow(TerminalError);
    expect(open).not.toThrow(/hidden/);
  });

  it('has the defaults of Redis', () => {
    expect(parseRedisUrl('redis://host')).toEqual({
      host: 'host',
      port: 6379,
      database: 0,
      username: null,
      password: null,
      isTls: false,
    });
  });

  it('may name everything, percent signs and IPv6 included', () => {
    expect(parseRedisUrl('rediss://me:p%40ss@[::1]:7000/3')).toEqual({
      host: '::1',
      port: 7000,
      database: 3,
      username: 'me',
      password: 'p@ss',
      isTls: true,
    });
    expect(parseRedisUrl('redis://:secret@host/')).toMatchObject({ username: null, database: 0 });
  });

  it('comes from CACHE_URL, and may be left out', () => {
    expect(findCacheConfig({})).toBeNull();
    expect(findCacheConfig({ CACHE_URL: '' })).toBeNull();
    const given = { CACHE_URL: 'rediss://host', CACHE_CA: 'pem' };
    expect(findCacheConfig(given)).toEqual({ url: 'rediss://host', ca: 'pem' });
  });

  it('opens this process as memory:', async () => {
    const cache = openCache({ url: 'memory:', applicationName: 'test', log: silentLogger() });
    await cache.set([{ key: 'a', value: 'b', ttlMs: 60_000 }]);
    expect(await cache.get('a')).toBe('b');
    await cache.close();
  });
});
