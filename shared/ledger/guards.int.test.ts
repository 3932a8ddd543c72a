// The ledger defends itself: against every role, its owner, and a superuser with good intentions.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findViolatedConstraint } from '../db/failure.ts';
import { withTransaction } from '../db/pool.ts';
import { DATABASE_ROLES } from '../db/roles.ts';
import type { TestDatabase } from '../testing/database.ts';
import { ALICE, createLedgerDatabase, findBrokenInvariants, fund } from './test-fixture.ts';

/** Each table with a column that is worth changing. */
const COLUMNS = {
  accounts: 'total',
  entries: 'kind',
  postings: 'amount',
  holds: 'remaining',
} as const;
const TABLES = ['accounts', 'entries', 'postings', 'holds'] as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await createLedgerDatabase();
  await fund(database.pool, ALICE, 'USD', 100n);
});
afterAll(() => database.drop());

/** Runs statements in one transaction, as a role when one is given; answers why it failed. */
async function refusal(statements: readonly string[], role?: string): Promise<string> {
  try {
    await withTransaction(database.pool, async (tx) => {
      if (role !== undefined) await tx.query(`SET LOCAL ROLE ${role}`);
      for (const statement of statements) await tx.query(statement);
    });
    return 'was not refused';
  } catch (error) {
    return findViolatedConstraint(error) ?? (error as Error).message;
  }
}

describe.each([...DATABASE_ROLES])('the role %s', (role) => {
  it.each(TABLES)('may not write ledger.%s', async (table) => {
    for (const statement of [
      `INSERT INTO ledger.${table} DEFAULT VALUES`,
      `UPDATE ledger.${table} SET ${COLUMNS[table]} = NULL`,
      `DELETE FROM ledger.${table}`,
      `TRUNCATE ledger.${table} CASCADE`,
    ]) {
      expect(await refusal([statement], role), statement).toMatch(/^permission denied/);
    }
  });

  it('may not call the functions that post', async () => {
    const call = `SELECT ledger.post_entries('deposit', '{}', '{}', '{}', '{}', '{}', NULL, NULL,
      '{}', '{}', '{}', '{}', '{}', '{}')`;
    expect(await refusal([call], role)).toMatch(/^permission denied/);
    expect(await refusal([`SELECT ledger.reverse_entry(1, 'no')`], role)).toMatch(
      /^permission denied/,
    );
  });
});

describe('each role calls only what is its own', () => {
  const holds = `SELECT ledger.make_holds('{}', '{}', '{}', '{}')`;
  const settle = `SELECT ledger.settle_trades('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
    '{}')`;
  it.each([
    ['bourse_orders', holds, 'was not refused'],
    ['bourse_orders', settle, 'permission denied for function settle_trades'],
    ['bourse_settlement', settle, 'was not refused'],
    ['bourse_settlement', holds, 'permission denied for function make_holds'],
    ['bourse_ledger_reader', holds, 'permission denied for function make_holds'],
    ['bourse_orders', 'SELECT * FROM ledger.balances', 'was not refused'],
    [
      'bourse_ledger_reader',
      'SELECT * FROM ledger.balances',
      'permission denied for view balances',
    ],
    [
      'bourse_ledger_reader',
      'SELECT * FROM ledger.own_balances',
      'permission denied for view own_balances',
    ],
    ['bourse_ledger_own', 'SELECT * FROM ledger.own_balances', 'was not refused'],
    ['bourse_ledger_own', 'SELECT * FROM ledger.own_postings', 'was not refused'],
    ['bourse_ledger_own', 'SELECT * FROM ledger.balances', 'permission denied for view balances'],
    [
      'bourse_ledger_reader',
      'SELECT * FROM ledger.postings',
      'permission denied for table postings',
    ],
    ['bourse_fees', 'SELECT * FROM ledger.balances', 'permission denied for schema ledger'],
  ])('%s: %s', async (role, statement, expected) => {
    expect(await refusal([statement], role)).toBe(expected);
  });
});

describe('the journal is append-only', () => {
  it.each([
    `UPDATE ledger.postings SET amount = 1`,
    `DELETE FROM ledger.postings`,
    `TRUNCATE ledger.postings`,
    `UPDATE ledger.entries SET kind = 'trade'`,
    `DELETE FROM ledger.entries`,
    `TRUNCATE ledger.entries`,
    `DELETE FROM ledger.holds`,
    `UPDATE ledger.holds SET account = 1`,
    `DELETE FROM ledger.accounts`,
    `UPDATE ledger.accounts SET owner = 'usr_0000000000000009'`,
  ])('even for a superuser: %s', async (statement) => {
    expect(await refusal([statement])).toMatch(/is refused: the journal is append-only$/);
  });

  it('and its owner has no grant to change it', async () => {
    for (const table of ['entries', 'postings']) {
      const statement = `DELETE FROM ledger.${table}`;
      expect(await refusal([statement], 'bourse_ledger')).toBe(
        `permission denied for table ${table}`,
      );
    }
  });
});

describe('an entry cannot be made false', () => {
  const insertEntry = (key: string): string =>
    `INSERT INTO ledger.entries (entry, kind, business_key, reference_type, reference_id)
     VALUES (nextval('ledger.entry_numbers'), 'deposit', '${key}', 'test', '${key}')`;
  const insertPostings = (amounts: readonly number[], firstLeg = 1, entry?: string): string =>
    `INSERT INTO ledger.postings (entry, leg, account, asset, amount, balance_after)
     SELECT ${entry ?? `currval('ledger.entry_numbers')`}, ${firstLeg - 1} + position, 1, 'USD',
       amount, 0
     FROM unnest('{${amounts.join(',')}}'::numeric[]) WITH ORDINALITY u (amount, position)`;

  it('by leaving it unbalanced until the commit', async () => {
    const statements = [insertEntry('g1'), insertPostings([5, -4])];
    expect(await refusal(statements)).toBe('entries_zero_sum');
  });

  it('by leaving it without postings', async () => {
    expect(await refusal([insertEntry('g2')])).toBe('entries_zero_sum');
  });

  it('by adding to it after its check was made to run early', async () => {
    const early = [insertEntry('g3'), insertPostings([5, -5]), 'SET CONSTRAINTS ALL IMMEDIATE'];
    expect(await refusal([...early, insertPostings([1, -1], 3)])).toBe('postings_entry_is_new');
    expect(await refusal([...early, insertPostings([1, -1], 1)])).toBe('postings_pkey');
  });

  it('by adding to an entry of another transaction', async () => {
    expect(await refusal([insertPostings([1, -1], 3, '1')])).toBe('postings_entry_is_new');
  });

  it('by filling an empty entry of another transaction, had there been one', async () => {
    const zeroSum = (verb: string): string =>
      `ALTER TABLE ledger.entries ${verb} TRIGGER entries_zero_sum`;
    await database.pool.query(zeroSum('DISABLE'));
    await database.pool.query(insertEntry('g6'));
    await database.pool.query(zeroSum('ENABLE'));
    const fill = insertPostings(
      [1, -1],
      1,
      `(SELECT entry FROM ledger.entries WHERE business_key = 'g6')`,
    );
    expect(await refusal([fill])).toBe('postings_entry_is_new');
  });

  it('by adding to an entry that does not exist', async () => {
    expect(await refusal([insertPostings([1, -1], 1, '999999')])).toBe('postings_entry_is_new');
  });

  it('by posting to an account that does not exist or holds another asset', async () => {
    const elsewhere = insertPostings([5, -5]).replace(`1, 'USD'`, `1, 'BTC'`);
    expect(await refusal([insertEntry('g4'), elsewhere])).toBe('postings_account_known');
  });

  it('by naming an entry that it does not take back', async () => {
    const reversal = insertEntry('g5')
      .replace('reference_id)', 'reference_id, reverses)')
      .replace(`'deposit'`, `'reversal'`)
      .replace(`'g5')`, `'g5', 1)`);
    expect(await refusal([reversal, insertPostings([5, -5])])).toBe('entries_reversal_exact');
  });

  it('and nothing of these attempts stayed', async () => {
    expect(await findBrokenInvariants(database.pool)).toEqual([]);
  });
});
