// The role and the owner end with their transaction, however it ends: the next user of the
// connection has neither.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { createPool, type Pool, type Tx } from './pool.ts';
import { readAsOwner } from './read-as-owner.ts';

const OWNER = { role: 'bourse_ledger_own', ownerNumber: 7 } as const;
const LOGIN = { role: 'bourse_ledger_reader', owner: null, bitmaps: 'on', readOnly: 'off' };

interface State {
  readonly role: string;
  readonly owner: string | null;
  readonly bitmaps: string;
  readonly readOnly: string;
}

let database: TestDatabase;
/** One connection, so that whoever comes next gets the one that was used. */
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({
    url: database.urlFor('bourse_ledger_reader'),
    applicationName: 'one-connection',
    connectionsMax: 1,
    statementTimeoutMs: 300,
  });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function stateOf(db: Pool | Tx): Promise<State> {
  const result = await db.query<State>(
    `SELECT current_user::text AS role,
       nullif(current_setting('bourse.owner_number', true), '') AS owner,
       current_setting('enable_bitmapscan') AS bitmaps,
       current_setting('transaction_read_only') AS "readOnly"`,
  );
  const [row] = result.rows;
  if (row === undefined) throw new Error('a state has a row');
  return row;
}

async function pidOf(db: Pool | Tx): Promise<number> {
  const result = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return result.rows[0]?.pid ?? 0;
}

describe('reading as an owner', () => {
  it('is done by the role of own rows, for this owner, without writing', async () => {
    const within = await readAsOwner(pool, OWNER, stateOf);
    expect(within).toEqual({
      role: 'bourse_ledger_own',
      owner: '7',
      bitmaps: 'off',
      readOnly: 'on',
    });
  });

  it('sees one moment where it is asked to', async () => {
    const isolation = await readAsOwner(pool, { ...OWNER, atOneMoment: true }, async (tx) => {
      const result = await tx.query<{ level: string }>(
        `SELECT current_setting('transaction_isolation') AS level`,
      );
      return result.rows[0]?.level;
    });
    expect(isolation).toBe('repeatable read');
  });

  it.each([0, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1])('refuses owner %s', async (n) => {
    await expect(readAsOwner(pool, { ...OWNER, ownerNumber: n }, stateOf)).rejects.toThrow(/owner/);
    expect(await stateOf(pool)).toEqual(LOGIN);
  });

  it('fails whole for a login that may not become the role, and asks nothing', async () => {
    const fees = database.poolFor('bourse_fees', 1);
    await expect(readAsOwner(fees, OWNER, stateOf)).rejects.toThrow(/permission denied/);
    expect(await stateOf(fees)).toMatchObject({ role: 'bourse_fees', owner: null });
  });

  it('waits for its work when the beginning fails', async () => {
    const fees = database.poolFor('bourse_fees', 1);
    let isDone = false;
    const work = async (tx: Tx): Promise<void> => {
      await tx.query('SELECT 1').catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
      isDone = true;
    };
    await expect(readAsOwner(fees, OWNER, work)).rejects.toThrow(/permission denied/);
    expect(isDone).toBe(true);
  });
});

describe('C24 nothing of the owner is left for the next user of the connection', () => {
  it('after a commit', async () => {
    const pid = await readAsOwner(pool, OWNER, pidOf);
    expect(await stateOf(pool)).toEqual(LOGIN);
    expect(await pidOf(pool)).toBe(pid);
  });

  it.each([
    ['an error of the statement', (tx: Tx) => tx.query('SELECT 1 / 0')],
    ['a refusal', (tx: Tx) => tx.query('SELECT * FROM ledger.balances')],
    ['an error of ours', () => Promise.reject(new Error('ours'))],
    ['a statement that took too long', (tx: Tx) => tx.query('SELECT pg_sleep(10)')],
    ['an owner that is no number', (tx: Tx) => asNonsense(tx)],
  ])('after %s', async (_, work: (tx: Tx) => Promise<unknown>) => {
    const pid = await pidOf(pool);
    await expect(readAsOwner(pool, OWNER, work)).rejects.toThrow();
    expect(await stateOf(pool)).toEqual(LOGIN);
    expect(await pidOf(pool)).toBe(pid);
  });

  it('with many at once, each with an owner of its own', async () => {
    const many = database.poolFor('bourse_ledger_reader', 4);
    const owners = Array.from({ length: 40 }, (_, at) => at + 1);
    const states = await Promise.all(
      owners.map(async (ownerNumber) => {
        const state = await readAsOwner(many, { ...OWNER, ownerNumber }, stateOf);
        return Number(state.owner);
      }),
    );
    expect(states).toEqual(owners);
    const after = await Promise.all([1, 2, 3, 4].map(() => stateOf(many)));
    expect(new Set(after.map((state) => JSON.stringify(state)))).toEqual(
      new Set([JSON.stringify(LOGIN)]),
    );
  });
});

async function asNonsense(tx: Tx): Promise<unknown> {
  await tx.query(`SELECT set_config('bourse.owner_number', '1 OR true', true)`);
  return tx.query('SELECT * FROM ledger.own_balances');
}
