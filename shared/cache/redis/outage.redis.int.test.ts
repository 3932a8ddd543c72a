// A Redis of our own, killed, paused and emptied: calls fail fast, nothing piles up, and everything
// works again without a restart.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokenCircuitError } from 'cockatiel';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RetryableError } from '../../domain/failure.ts';
import { startRedis, type RedisServer } from '../../testing/services/redis-server.ts';
import type { Cache } from '../cache.ts';
import { eventually, freshKey, hear, LONG_MS } from '../contract/harness.ts';
import { openCache } from '../open-cache.ts';
import { collectingLog, type CollectedLog } from '../testing/collecting-log.ts';

const VALUE_BYTES = 10_000;

let dir: string;
let server: RedisServer;
let cache: Cache;
let log: CollectedLog;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-cache-'));
  server = await startRedis({ dir });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  log = collectingLog();
  cache = openCache({ url: server.url, applicationName: 'outage', log });
});
afterEach(async () => {
  await cache.close();
  await server.start();
});

async function emptyServer(): Promise<void> {
  const admin = new Redis(server.url);
  await admin.flushall();
  await admin.quit();
}

/** Writes; answers what went wrong, or null. */
async function fault(key = freshKey()): Promise<unknown> {
  try {
    await cache.set([{ key, value: 'x'.repeat(VALUE_BYTES), ttlMs: LONG_MS }]);
    return null;
  } catch (error) {
    return error;
  }
}

/** The call was refused without asking. */
function isKnownAway(error: unknown): boolean {
  return error instanceof RetryableError && error.cause instanceof BrokenCircuitError;
}

async function untilKnownAway(): Promise<void> {
  await eventually(async () => expect(isKnownAway(await fault())).toBe(true));
  expect(cache.isAvailable).toBe(false);
}

async function untilBack(): Promise<void> {
  await eventually(async () => expect(await fault()).toBeNull());
  expect(cache.isAvailable).toBe(true);
}

describe('a Redis that is killed', () => {
  it('makes calls fail at once, and is used again when it is back', async () => {
    expect(await fault()).toBeNull();
    await server.kill();
    await untilKnownAway();
    const faults = await Promise.all(Array.from({ length: 5_000 }, () => fault()));
    expect(faults.every(isKnownAway)).toBe(true);
    await expect(cache.subscribe({ channel: 'a', onMessage: () => undefined })).rejects.toThrow(
      RetryableError,
    );
    await server.start();
    await untilBack();
  });

  it('in the middle of many calls leaves none of them open', async () => {
    const calls = Array.from({ length: 400 }, () => fault());
    await server.kill();
    for (const each of await Promise.all(calls)) {
      if (each !== null) expect(each).toBeInstanceOf(RetryableError);
    }
    await server.start();
    await untilBack();
  });

  it('loses messages, not subscriptions, and listeners are told', async () => {
    const channel = freshKey();
    const heard = await hear(cache, channel);
    await cache.publish([{ channel, text: 'before' }]);
    await eventually(() => expect(heard.texts).toEqual(['before']));
    await server.kill();
    await untilKnownAway();
    expect(heard.isStanding).toBe(false);
    await server.start();
    await eventually(() => expect(heard.gaps).toBe(1));
    expect(heard.isStanding).toBe(true);
    await untilBack();
    await cache.publish([{ channel, text: 'after' }]);
    await eventually(() => expect(heard.texts).toEqual(['before', 'after']));
  });

  it('may be killed again and again; the log has a few lines for each time', async () => {
    const heard = await hear(cache, 'again');
    const rounds = 4;
    for (let round = 1; round <= rounds; round += 1) {
      await server.kill();
      await untilKnownAway();
      await server.start();
      await untilBack();
      await eventually(() => expect(heard.gaps).toBe(round));
    }
    // Lost and back, for commands and for messages, and the breaker's opening and closing.
    expect(log.lines.length).toBeLessThanOrEqual(6 * rounds);
    expect(log.lines.every(({ level }) => level === 'warn' || level === 'info')).toBe(true);
  });

  it('before it was ever there costs a start nothing', async () => {
    await server.kill();
    const early = openCache({ url: server.url, applicationName: 'early', log });
    await expect(early.get('a')).rejects.toBeInstanceOf(RetryableError);
    await server.start();
    await eventually(async () => expect(await early.get('a')).toBeNull());
    await early.close();
  });
});

describe('a Redis that is paused', () => {
  it('makes calls time out, then fail at once; none stays open, and it is used again', async () => {
    const channel = freshKey();
    const heard = await hear(cache, channel);
    expect(await fault()).toBeNull();
    await server.signal('SIGSTOP');
    await untilKnownAway();
    // Long past the moment when the silent connection is given up and made anew.
    await eventually(() => {
      const lost = log.lines.filter(({ message }) => message.includes('no connection'));
      expect(lost).toHaveLength(2);
    });
    expect(isKnownAway(await fault())).toBe(true);
    await server.signal('SIGCONT');
    await untilBack();
    await eventually(() => expect(heard.gaps).toBeGreaterThan(0));
    await eventually(async () => {
      await cache.publish([{ channel, text: 'after' }]);
      expect(heard.texts.length).toBeGreaterThan(0);
    });
  });

  it('can be left behind: closing does not wait for it', async () => {
    expect(await fault()).toBeNull();
    await hear(cache, 'left');
    await server.signal('SIGSTOP');
    await cache.close();
    await server.signal('SIGCONT');
  });
});

describe('a Redis that is emptied', () => {
  it('has nothing any more, and goes on', async () => {
    const [key, channel] = [freshKey(), freshKey()];
    const heard = await hear(cache, channel);
    await cache.set([{ key, value: 'x', ttlMs: LONG_MS }]);
    await cache.count(`${key}:count`, 7, LONG_MS);
    await emptyServer();
    expect(await cache.get(key)).toBeNull();
    expect((await cache.count(`${key}:count`, 1, LONG_MS)).count).toBe(1);
    await cache.publish([{ channel, text: 'still' }]);
    await eventually(() => expect(heard.texts).toEqual(['still']));
  });
});
