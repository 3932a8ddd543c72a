// Redis against the contract of the cache. The run needs a server: TEST_SERVICES=redis starts one.
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { silentLogger } from '../telemetry/logger.ts';
import type { Cache } from './cache.ts';
import { describeCacheContract } from './contract.ts';
import { openCache } from './open-cache.ts';

/** Names the connections of this run, which the server lists. */
const NAME = `contract-${process.pid}`;
/** The machine may be busy: here a slow answer is none too late. */
const COMMAND_TIMEOUT_MS = 10_000;

const url = inject('redisUrl');

// The test run leaves this file out unless it has a server (vitest.config.ts).
if (url === null) throw new Error('needs a Redis: set TEST_SERVICES=redis');

describeCacheContract('Redis', () => {
  const admin = new Redis(url);
  return Promise.resolve({
    open: (): Cache =>
      openCache({
        url,
        applicationName: NAME,
        log: silentLogger(),
        commandTimeoutMs: COMMAND_TIMEOUT_MS,
      }),
    breakConnections: async () => {
      const list = String(await admin.client('LIST'));
      const own = list.split('\n').filter((line) => line.includes(` name=${NAME}`));
      for (const line of own) {
        const id = /^id=([0-9]+)/.exec(line)?.[1] ?? '';
        await admin.client('KILL', 'ID', id);
      }
    },
    close: async () => {
      await admin.quit();
    },
  });
});
