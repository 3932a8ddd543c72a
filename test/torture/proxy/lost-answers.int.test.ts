// What our database connections do where packets vanish: give up, say so, and work again.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isRetryableDatabaseError } from '../../../shared/db/failure.ts';
import { createPool, withTransaction, type Pool } from '../../../shared/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { EmbeddedBus } from '../../../shared/bus/embedded/embedded-bus.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { waitUntil } from '../pause.ts';
import { FaultProxy } from './fault-proxy.ts';
import { nameOfPostgresClient } from './postgres-link.ts';

const WAIT_MS = 30_000;

let database: TestDatabase;
let proxy: FaultProxy;
let link: string;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.urlFor('bourse_bus'));
  link = url.username;
  const { port } = url;
  proxy = await FaultProxy.open({ targetPort: Number(port), nameOf: nameOfPostgresClient });
  pool = createPool({
    url: throughProxy(),
    applicationName: 'lost-answers',
    connectionsMax: 1,
    queryTimeoutMs: 500,
    idleTransactionTimeoutMs: 300,
  });
});
afterEach(() => proxy.clear());
afterAll(async () => {
  await pool.end();
  await proxy.close();
  await database.drop();
});

function throughProxy(): string {
  const url = new URL(database.urlFor('bourse_bus'));
  url.port = String(proxy.port);
  return url.toString();
}

const one = async (): Promise<unknown> => (await pool.query('SELECT 1 AS one')).rows[0];

describe('a pool whose link swallows what is sent and never heals', () => {
  it.each(['up', 'down'] as const)('gives up a statement, and works again (%s)', async (way) => {
    await one();
    proxy.add(link, way, { kind: 'black_hole', heals: false });
    await expect(pool.query('SELECT 1')).rejects.toSatisfy(isRetryableDatabaseError);
    proxy.clear();
    expect(await one()).toEqual({ one: 1 });
  });

  it('gives up a transaction, and what it had locked is free again', async () => {
    const work = withTransaction(pool, async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(42)');
      proxy.add(link, 'up', { kind: 'black_hole', heals: false });
      await tx.query('SELECT 1');
    });
    await expect(work).rejects.toSatisfy(isRetryableDatabaseError);
    proxy.clear();
    const isFree = async (): Promise<boolean> => {
      const { rows } = await pool.query<{ free: boolean }>(
        'SELECT pg_try_advisory_lock(42) AS free',
      );
      return rows[0]?.free === true;
    };
    expect(await waitUntil(isFree, WAIT_MS)).toBe(true);
  });
});

describe('the embedded log whose every link was cut without a word', () => {
  it('goes on reading, and hears of news again', async () => {
    const bus = new EmbeddedBus({
      url: throughProxy(),
      applicationName: 'lost-answers',
      log: silentLogger(),
    });
    try {
      await bus.provision([{ name: 'lost', partitions: 1, retentionMs: 3_600_000 }]);
      const seen: string[] = [];
      await bus.tail({
        topic: 'lost',
        partition: 0,
        from: 0,
        batchMax: 10,
        onBatch: (records) => {
          seen.push(...records.map((record) => record.value.toString()));
          return Promise.resolve();
        },
        onError: (error) => seen.push(String(error)),
      });
      const publish = async (text: string): Promise<boolean> => {
        const record = { topic: 'lost', partition: 0, key: null, headers: {} };
        try {
          await bus.publish([{ ...record, value: Buffer.from(text) }]);
          return true;
        } catch {
          return false; // the links are being cut
        }
      };
      await publish('before');
      expect(await waitUntil(() => seen.includes('before'), WAIT_MS)).toBe(true);
      for (const way of ['up', 'down'] as const) {
        proxy.add(link, way, { kind: 'black_hole', heals: false });
      }
      // Everything that is open now sends into the void once.
      await waitUntil(() => false, 1_500);
      proxy.clear();
      expect(await waitUntil(() => publish('after'), WAIT_MS)).toBe(true);
      expect(await waitUntil(() => seen.includes('after'), WAIT_MS)).toBe(true);
    } finally {
      await bus.close();
    }
  }, 120_000);
});
