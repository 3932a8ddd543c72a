// The Redis of the harness: killed, paused, started again on its port, and empty then.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isRedisReady } from './redis-server.ts';
import { startServices, type Services } from './start-services.ts';

describe('Redis of the harness', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bourse-redis-'));
  let services: Services<'redis'>;

  const withClient = async <Answer>(act: (redis: Redis) => Promise<Answer>): Promise<Answer> => {
    const redis = new Redis(services.redis.url);
    try {
      return await act(redis);
    } finally {
      redis.disconnect();
    }
  };

  beforeAll(async () => {
    services = await startServices(['redis'], { dataDir });
  });
  afterAll(async () => {
    await services.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('forgets everything when it is killed, and serves on the same port again', async () => {
    const { redis } = services;
    await withClient((client) => client.set('key', 'value'));
    await redis.kill();
    expect(await isRedisReady(redis.port)).toBe(false);
    await redis.start();
    expect(await withClient((client) => client.get('key'))).toBeNull();
  });

  it('can be paused, and stopped while it is', async () => {
    const { redis } = services;
    await redis.signal('SIGSTOP');
    expect(await isRedisReady(redis.port)).toBe(false);
    await redis.signal('SIGCONT');
    await vi.waitFor(async () => expect(await isRedisReady(redis.port)).toBe(true));
    await redis.signal('SIGSTOP');
    await redis.stop();
    await expect(redis.signal('SIGCONT')).rejects.toThrow('does not run');
    await redis.start();
    expect(await isRedisReady(redis.port)).toBe(true);
  });
});
