// What posting costs does not grow with the journal: plans that are made while it is small are kept
// by a connection for long, and must go through keys.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withTransaction, type Tx } from '../db/pool.ts';
import type { TestDatabase } from '../testing/database.ts';
import { deposit } from './deposit.ts';
import { ALICE, createLedgerDatabase } from './test-fixture.ts';

const ENTRIES = 300;
const BATCH = 100;
/** One entry is looked up by its guards a few times; a walk over the journal reads all of them. */
const ROWS_READ_MAX = 10;

let database: TestDatabase;
beforeAll(async () => {
  database = await createLedgerDatabase();
});
afterAll(() => database.drop());

async function rowsRead(tx: Tx, table: string): Promise<number> {
  await tx.query('SELECT pg_stat_force_next_flush()');
  const result = await tx.query<{ rows: number }>(
    `SELECT (SELECT seq_tup_read FROM pg_stat_all_tables
         WHERE schemaname = 'ledger' AND relname = $1)
       + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_all_indexes
         WHERE schemaname = 'ledger' AND relname = $1) AS rows`,
    [table],
  );
  return result.rows[0]?.rows ?? -1;
}

it('posts one more entry without reading those before it', async () => {
  const client = await database.pool.connect();
  const post = async (from: number, count: number): Promise<void> => {
    await client.query('BEGIN');
    const numbers = Array.from({ length: count }, (_, at) => from + at);
    await deposit(
      client,
      numbers.map((number) => ({
        depositId: `dep_${number}`,
        userId: ALICE,
        asset: 'USD',
        amountMinor: 1n,
      })),
    );
    await client.query('COMMIT');
  };
  try {
    for (let number = 0; number < ENTRIES; number++) await post(number, 1);
    // As autovacuum does: from here on the planner knows how few rows there are.
    await database.pool.query('ANALYZE ledger.entries, ledger.postings, ledger.accounts');
    // A plan is made for the size of the batch that comes first.
    await post(ENTRIES, BATCH);
    const before = await rowsRead(client, 'entries');
    await post(ENTRIES + BATCH, 1);
    const read = (await rowsRead(client, 'entries')) - before;
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThanOrEqual(ROWS_READ_MAX);
  } finally {
    client.release();
  }
  const counted = await withTransaction(database.pool, (tx) =>
    tx.query<{ count: number }>('SELECT count(*) FROM ledger.entries'),
  );
  expect(counted.rows[0]?.count).toBe(ENTRIES + BATCH + 1);
});
