// Waiting for outcomes while Redis is killed and comes back: nobody is told what is not so, the log
// stands in, and the feed is used again without a restart.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import type { Cache } from '../../../shared/cache/cache.ts';
import { openCache } from '../../../shared/cache/open-cache.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { startRedis, type RedisServer } from '../../../shared/testing/services/redis-server.ts';
import { opened, provisionLog, tellFeed, tellLog } from '../outcome-fixture.ts';
import { Outcomes } from './outcomes.ts';

const LONG_MS = 20_000;

vi.setConfig({ testTimeout: 4 * LONG_MS });

let dir: string;
let server: RedisServer;
let database: TestDatabase;
let bus: Bus;
let caches: readonly [engine: Cache, orders: Cache];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-outcomes-'));
  [database, server] = await Promise.all([createTestDatabase(), startRedis({ dir })]);
  const log = silentLogger();
  bus = openBus({ url: database.url, applicationName: 'outcomes', log });
  await provisionLog(bus);
  const open = (applicationName: string): Cache =>
    openCache({ url: server.url, applicationName, log });
  caches = [open('engine'), open('orders')];
});
afterAll(async () => {
  for (const cache of caches) await cache.close();
  await bus.close();
  await database.drop();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('answers late instead of wrong while Redis is away, and recovers by itself', async () => {
  const [engine, orders] = caches;
  const outcomes = new Outcomes(bus, silentLogger(), orders);
  const begin = async (number: number) => {
    await outcomes.listen();
    return outcomes.expect('place', number, number);
  };
  const first = await begin(1);
  await tellFeed(engine, [opened(1, 1)]);
  expect(await first.wait(LONG_MS)).toMatchObject({ final: { sequence: 1 } });

  // Who waits at that moment is answered when it is known that something may have been missed.
  const torn = (await begin(2)).wait(LONG_MS);
  await server.kill();
  await expect(tellFeed(engine, [opened(2, 2)])).rejects.toThrow();
  await vi.waitFor(() => expect(orders.isAvailable).toBe(false), { timeout: LONG_MS });

  const fromLog = await begin(3);
  await tellLog(bus, [opened(3, 3)]);
  expect(await fromLog.wait(LONG_MS)).toMatchObject({ final: { sequence: 3 } });

  await server.start();
  expect(await torn).toBeNull();
  let number = 10;
  await vi.waitFor(
    async () => {
      number += 1;
      const expected = await begin(number);
      await tellFeed(engine, [opened(number, number)]);
      expect(await expected.wait(3_000)).toMatchObject({ final: { sequence: number } });
    },
    { timeout: 2 * LONG_MS },
  );
  await outcomes.close();
});
