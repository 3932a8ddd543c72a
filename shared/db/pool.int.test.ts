import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { isRetryableDatabaseError } from './failure.ts';
import { createPool, withTransaction, type Pool, type Tx } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, applicationName: 'pool-test', connectionsMax: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function pidOf(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

/** As a crash of the server looks to one of its clients. */
async function terminate(pid: number): Promise<void> {
  await database.pool.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
}

// An unhandled error event would end the process, and here the whole test run.
describe('a pool whose connections break while they are in use', () => {
  it('fails the running statement, and nothing else', async () => {
    const work = withTransaction(pool, async (tx) => {
      const pid = await pidOf(tx);
      await Promise.all([tx.query('SELECT pg_sleep(10)'), terminate(pid)]);
    });
    await expect(work).rejects.toSatisfy(isRetryableDatabaseError);
    expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('fails the next statement of a transaction that was between two', async () => {
    const work = withTransaction(pool, async (tx) => {
      await terminate(await pidOf(tx));
      await new Promise((done) => setTimeout(done, 50));
      await tx.query('SELECT 1');
    });
    await expect(work).rejects.toSatisfy(isRetryableDatabaseError);
    expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
