// Statements in one message, against a real server: refusals first, then what they answer.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { isRetryableDatabaseError } from './failure.ts';
import { createPool, sendTogether, type Pool, type Tx } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let tx: Tx;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('CREATE TABLE public.kept (n integer PRIMARY KEY)');
});
afterAll(() => database.drop());
beforeEach(async () => {
  pool = createPool({
    url: database.url,
    applicationName: 'bundle-test',
    connectionsMax: 1,
    queryTimeoutMs: 500,
  });
  await database.pool.query('TRUNCATE public.kept');
  tx = await pool.connect();
  return async () => {
    tx.release();
    await pool.end();
  };
});

const insert = (on: Tx, n: unknown): Promise<unknown> =>
  on.query({ name: 'keep', text: 'INSERT INTO public.kept VALUES ($1)', values: [n] });
const kept = async (): Promise<number[]> => {
  const { rows } = await database.pool.query<{ n: number }>('SELECT n FROM public.kept ORDER BY n');
  return rows.map(({ n }) => n);
};
const one = async (): Promise<unknown> => (await tx.query<object>('SELECT 1 AS one')).rows;
const UNFIT = {
  toPostgres: () => {
    throw new Error('no such value');
  },
};

describe('statements that are sent together', () => {
  it('all fail with the error of the first that does, and none behind it is run', async () => {
    await insert(tx, 2);
    const ends: unknown[] = [];
    const sent = sendTogether(tx, (together) => {
      const all = [1, 2, 3].map((n) => insert(together, n));
      void Promise.allSettled(all).then((settled) => ends.push(...settled));
      return all;
    });
    await expect(sent).rejects.toMatchObject({ code: '23505' });
    expect(ends).toMatchObject(Array(3).fill({ status: 'rejected', reason: { code: '23505' } }));
    // Outside of a transaction of their own they are one: nothing of them is left.
    expect(await kept()).toEqual([2]);
    expect(await one()).toEqual([{ one: 1 }]);
  });

  it.each([
    ['at its run', 'SELECT 1 / $1::integer', '22012'],
    ['as it is parsed', 'SELECT nothing FROM nowhere WHERE $1 = 0', '42P01'],
  ])('may be used again when one before them failed %s', async (_when, text, code) => {
    for (let time = 0; time < 2; time += 1) {
      const sent = sendTogether(tx, (together) => [
        together.query({ name: `before ${code}`, text: 'SELECT 1', values: [] }),
        together.query({ name: `failing ${code}`, text, values: [0] }),
        together.query({ name: `behind ${code}`, text: 'SELECT 2', values: [] }),
      ]);
      await expect(sent).rejects.toMatchObject({ code });
    }
    for (const when of ['before', 'behind']) {
      const { rowCount } = await tx.query({ name: `${when} ${code}`, text: TEXTS[when] ?? '' });
      expect(rowCount).toBe(1);
    }
  });

  it('are not sent at all when the driver cannot carry a value', async () => {
    const sent = sendTogether(tx, (together) => [
      insert(together, 1),
      insert(together, UNFIT),
      insert(together, 3),
    ]);
    await expect(sent).rejects.toThrow('no such value');
    expect(await kept()).toEqual([]);
    await insert(tx, 4);
    expect(await kept()).toEqual([4]);
  });

  it('are not sent at all when one is not even made', async () => {
    const late = async (): Promise<unknown> => {
      await Promise.resolve();
      throw new Error('cannot be made');
    };
    const sent = sendTogether(tx, (together) => [insert(together, 1), late()]);
    await expect(sent).rejects.toThrow('cannot be made');
    expect(await kept()).toEqual([]);
    expect(await one()).toEqual([{ one: 1 }]);
  });

  it('fail when a value that comes back is none of ours, and the connection goes on', async () => {
    const sent = sendTogether(tx, (together) => [
      together.query(''),
      together.query('SELECT n FROM unnest(ARRAY[1, 9007199254740993, 3]::bigint[]) n'),
      together.query('SELECT 2'),
    ]);
    await expect(sent).rejects.toThrow('int8 beyond 2^53: 9007199254740993');
    expect(await one()).toEqual([{ one: 1 }]);
  });

  it('are refused when one has the name of another', async () => {
    await insert(tx, 1);
    const sent = sendTogether(tx, (together) => [
      insert(together, 2),
      together.query({ name: 'keep', text: 'SELECT $1', values: [3] }),
    ]);
    await expect(sent).rejects.toThrow('two statements are called keep');
    expect(await kept()).toEqual([1]);
  });

  it('fail when the connection breaks, and when the server does not answer', async () => {
    const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const cut = sendTogether(tx, (together) => [
      insert(together, 1),
      together.query('SELECT pg_sleep(10)'),
      database.pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]),
    ]);
    await expect(cut).rejects.toSatisfy(isRetryableDatabaseError);
    expect(await kept()).toEqual([]);
    await expect(sendTogether(tx, (together) => [insert(together, 1)])).rejects.toThrow();
    tx.release(new Error('broken'));
    tx = await pool.connect();
    const slow = sendTogether(tx, (together) => [
      insert(together, 1),
      together.query('SELECT pg_sleep(1)'),
    ]);
    await expect(slow).rejects.toThrow('timeout');
    expect(await kept()).toEqual([]);
    tx.release(new Error('broken'));
    tx = await pool.connect();
  });

  it('answer each its own rows, in their order, as single ones do', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => n);
    const [nothing, rows, none, counted, given] = await sendTogether(tx, (together) => [
      null,
      together.query({ text: 'SELECT n::bigint FROM unnest($1::integer[]) n', values: [many] }),
      together.query('SELECT 1 AS one WHERE false'),
      insert(together, 7),
      together.query<{ a: null; b: string }>('SELECT $1::text AS a, $2::numeric AS b', [
        null,
        '1.50',
      ]),
    ]);
    expect(nothing).toBeNull();
    expect(rows.rows).toEqual(many.map((n) => ({ n })));
    expect(none).toMatchObject({ rows: [], rowCount: 0 });
    expect(counted).toMatchObject({ rows: [], rowCount: 1 });
    expect(given.rows).toEqual([{ a: null, b: '1.50' }]);
    expect(await sendTogether(tx, () => [null])).toEqual([null]);
  });

  it('are one message each way', async () => {
    const chunks: number[] = [];
    const { stream } = tx.connection;
    stream.on('data', ({ length }: Buffer) => chunks.push(length));
    await sendTogether(tx, (together) => [
      together.query('SELECT 1'),
      together.query('SELECT pg_sleep(0.05)'),
      together.query('SELECT 2'),
    ]);
    expect(chunks).toHaveLength(1);
  });

  it('leave what is asked later to the connection', async () => {
    const twice = async (on: Tx): Promise<unknown[]> => {
      const first = await on.query<object>('SELECT 1 AS n');
      const second = await on.query<object>('SELECT 2 AS n');
      return [...first.rows, ...second.rows];
    };
    const [rows] = await sendTogether(tx, (together) => [twice(together), insert(together, 1)]);
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

const TEXTS: Readonly<Record<string, string>> = { before: 'SELECT 1', behind: 'SELECT 2' };
