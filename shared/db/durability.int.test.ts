// Which servers a process that writes money does not start on. The server of the tests is one: it
// runs with fsync=off.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { assertDurable, findUnsafe, UNSAFE_ACCEPTED } from './durability.ts';
import { createPool } from './pool.ts';

const SAFE = {
  fsync: 'on',
  fullPageWrites: 'on',
  synchronousCommit: 'on',
  synchronousStandbys: '',
};

describe('durability', () => {
  it.each([
    [{ fsync: 'off' }, ['fsync=off']],
    [{ fullPageWrites: 'off' }, ['full_page_writes=off']],
    [{ synchronousCommit: 'off' }, ['synchronous_commit=off']],
    [{ synchronousCommit: 'local', synchronousStandbys: 'b' }, ['synchronous_commit=local']],
    [
      { synchronousCommit: 'remote_write', synchronousStandbys: 'b' },
      ['synchronous_commit=remote_write'],
    ],
    [{ fsync: 'off', synchronousCommit: 'off' }, ['fsync=off', 'synchronous_commit=off']],
  ])('is not given with %j', (change, unsafe) => {
    expect(findUnsafe({ ...SAFE, ...change })).toEqual(unsafe);
  });

  it.each(['on', 'remote_apply', 'local', 'remote_write'])(
    'is given with synchronous_commit=%s and no standby',
    (synchronousCommit) => {
      expect(findUnsafe({ ...SAFE, synchronousCommit })).toEqual([]);
    },
  );
});

describe('a start', () => {
  let database: TestDatabase;
  let logged: string[] = [];
  const write = (_facts: object, message: string): void => void logged.push(message);
  const log = { debug: write, info: write, warn: write, error: write };
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('is refused on a server that may lose commits', async () => {
    const started = assertDurable(database.poolFor('bourse_orders'), undefined, log);
    await expect(started).rejects.toThrow(TerminalError);
    await expect(started).rejects.toThrow(/may lose what it has committed: fsync=off$/);
  });

  it('is refused for a role that does not wait for the disk', async () => {
    const name = decodeURIComponent(new URL(database.url).pathname.slice(1));
    await database.pool.query(
      `ALTER ROLE bourse_settlement IN DATABASE ${name} SET synchronous_commit = off`,
    );
    const started = assertDurable(database.poolFor('bourse_settlement'), undefined, log);
    await expect(started).rejects.toThrow('fsync=off, synchronous_commit=off');
  });

  it('is possible for data that nobody would miss, and says so', async () => {
    logged = [];
    await expect(assertDurable(database.poolFor('bourse_orders'), 'yes', log)).rejects.toThrow(
      TerminalError,
    );
    await assertDurable(database.poolFor('bourse_orders'), UNSAFE_ACCEPTED, log);
    expect(logged).toEqual([expect.stringContaining('because DATABASE_UNSAFE says so')]);
  });

  it('waits for a server that is away, but not for ever', async () => {
    const url = 'postgres://nobody@127.0.0.1:1/none';
    const pool = createPool({ url, applicationName: 'test', connectionsMax: 1 });
    logged = [];
    await expect(assertDurable(pool, undefined, log)).rejects.toThrow(RetryableError);
    expect(logged).toHaveLength(9);
    await pool.end();
  });
});
