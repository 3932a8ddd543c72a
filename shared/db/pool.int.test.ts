import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { isRetryableDatabaseError } from './failure.ts';
import {
  createPool,
  withDecidedTransaction,
  withWritingTransaction,
  withTransaction,
} from './pool.ts';
import type { Pool, Tx } from './pool.ts';

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

describe('a transaction whose COMMIT follows its writes at once', () => {
  beforeAll(async () => {
    await database.pool.query('CREATE TABLE public.kept (n bigint PRIMARY KEY)');
    await database.pool.query(
      `ALTER TABLE public.kept ADD CONSTRAINT twin FOREIGN KEY (n) REFERENCES public.kept
         DEFERRABLE INITIALLY DEFERRED, ADD twin bigint REFERENCES public.kept
         DEFERRABLE INITIALLY DEFERRED`,
    );
  });

  const insert = (tx: Tx, n: unknown, twin: number | null = null): Promise<unknown> =>
    tx.query('INSERT INTO public.kept (n, twin) VALUES ($1, $2)', [n, twin]);
  const write = (...rows: [n: unknown, twin?: number][]): Promise<string> =>
    withDecidedTransaction(pool, {
      open: (tx) => tx.query<{ opened: string }>("SELECT 'opened' AS opened"),
      decide: (_tx, { rows: [row] }) => row?.opened ?? '',
      write: (tx) => rows.map(([n, twin]) => insert(tx, n, twin ?? null)),
    });
  const kept = async (): Promise<number[]> => {
    const { rows } = await database.pool.query<{ n: string }>(
      'SELECT n::text FROM public.kept ORDER BY n',
    );
    return rows.map(({ n }) => Number(n));
  };

  it('keeps nothing when a write is refused, whichever it is, and the connection goes on', async () => {
    await write([1]);
    for (const rows of [
      [[1], [2], [3]],
      [[2], [1], [3]],
      [[2], [3], [1]],
    ] as [number][][]) {
      await expect(write(...rows)).rejects.toMatchObject({
        code: '23505',
        constraint: 'kept_pkey',
      });
      expect(await kept()).toEqual([1]);
    }
    expect(await write([4])).toBe('opened');
    expect(await kept()).toEqual([1, 4]);
  });

  it('keeps nothing when the driver refuses a write: the others would be committed alone', async () => {
    const before = await kept();
    const unfit = {
      toPostgres: () => {
        throw new Error('no such value');
      },
    };
    await expect(write([5], [unfit], [6])).rejects.toThrow('no such value');
    const late = withDecidedTransaction(pool, {
      open: () => Promise.resolve(null),
      decide: () => null,
      write: (tx) => [insert(tx, 7), Promise.reject(new Error('never sent'))],
    });
    await expect(late).rejects.toThrow('never sent');
    expect(await kept()).toEqual(before);
  });

  it('is one message when it asks nothing, and all or nothing then, too', async () => {
    const before = await kept();
    const all = (...values: unknown[]): Promise<void> =>
      withWritingTransaction(pool, (tx) => values.map((n) => insert(tx, n)));
    await expect(all(20, 1, 21)).rejects.toMatchObject({ constraint: 'kept_pkey' });
    await expect(
      withWritingTransaction(pool, (tx) => [insert(tx, 20), insert(tx, 22, 99)]),
    ).rejects.toMatchObject({ code: '23503' });
    expect(await kept()).toEqual(before);
    await all(23, 24);
    expect(new Set(await kept())).toEqual(new Set([...before, 23, 24]));
    await database.pool.query('DELETE FROM public.kept WHERE n > 20');
  });

  it('tells what the commit itself refuses', async () => {
    const before = await kept();
    await expect(write([8, 99])).rejects.toMatchObject({ code: '23503' });
    expect(await kept()).toEqual(before);
  });

  it('fails when the connection breaks behind the writes', async () => {
    const work = withDecidedTransaction(pool, {
      open: (tx) => pidOf(tx),
      decide: (_tx, pid) => pid,
      write: (tx, pid) => [insert(tx, 9), tx.query('SELECT pg_sleep(10)'), terminate(pid)],
    });
    await expect(work).rejects.toSatisfy(isRetryableDatabaseError);
    expect(await kept()).not.toContain(9);
    expect(await write([10])).toBe('opened');
  });

  it('sends no write when the decision fails', async () => {
    const before = await kept();
    const work = withDecidedTransaction(pool, {
      open: (tx) => insert(tx, 11),
      decide: () => {
        throw new Error('decided against it');
      },
      write: (tx) => [insert(tx, 12)],
    });
    await expect(work).rejects.toThrow('decided against it');
    expect(await kept()).toEqual(before);
  });
});
