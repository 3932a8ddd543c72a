// What the ledger's tests share: a database with assets, money for users, and reading it back.
import { withTransaction, type Pool } from '../db/pool.ts';
import { userId, type UserId } from '../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { deposit } from './deposit.ts';

export const ALICE = userId(1);
export const BOB = userId(2);

/** A migrated database that knows BTC, ETH and USD. */
export async function createLedgerDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.pool.query(
    `INSERT INTO reference.assets VALUES
       ('BTC', 'Bitcoin', 8), ('ETH', 'Ether', 18), ('USD', 'US dollar', 2)
     ON CONFLICT DO NOTHING`,
  );
  return database;
}

let deposits = 0;

/** Deposits base units under a name of its own. */
export async function fund(
  pool: Pool,
  user: UserId,
  asset: string,
  amountMinor: bigint,
): Promise<void> {
  deposits += 1;
  const depositId = `dep_${deposits}`;
  await withTransaction(pool, (tx) =>
    deposit(tx, [{ depositId, userId: user, asset, amountMinor }]),
  );
}

/** Total and held of an account, as `total/held`; `none` when it was never opened. */
export async function balanceOf(pool: Pool, owner: string, asset: string): Promise<string> {
  const result = await pool.query<{ total: string; held: string }>(
    'SELECT total, held FROM ledger.balances WHERE owner = $1 AND asset = $2',
    [owner, asset],
  );
  const row = result.rows[0];
  return row === undefined ? 'none' : `${row.total}/${row.held}`;
}

export async function countRows(
  pool: Pool,
  table: 'entries' | 'postings' | 'holds' | 'accounts',
): Promise<number> {
  const result = await pool.query<{ count: number }>(`SELECT count(*) FROM ledger.${table}`);
  return result.rows[0]?.count ?? -1;
}

/** Invariants L1, L2, L3 and L4 as one query each; answers what is broken. */
export async function findBrokenInvariants(pool: Pool): Promise<string[]> {
  const result = await pool.query<{ broken: string }>(
    `SELECT 'L1 entry ' || entry AS broken FROM ledger.postings
       GROUP BY entry, asset HAVING sum(amount) <> 0
     UNION ALL
     SELECT 'L1 asset ' || asset FROM ledger.accounts GROUP BY asset HAVING sum(total) <> 0
     UNION ALL
     SELECT 'L2 account ' || a.account FROM ledger.accounts a
       WHERE a.total <> coalesce(
         (SELECT sum(p.amount) FROM ledger.postings p WHERE p.account = a.account), 0)
     UNION ALL
     SELECT 'L2 balance after, account ' || account FROM (
       SELECT p.account, p.balance_after,
         sum(p.amount) OVER (PARTITION BY p.account ORDER BY p.entry, p.leg) AS expected
       FROM ledger.postings p) running
       WHERE balance_after <> expected
     UNION ALL
     SELECT 'L3 account ' || account FROM ledger.accounts
       WHERE kind = 'user' AND (total < held OR held < 0)
     UNION ALL
     SELECT 'L4 account ' || a.account FROM ledger.accounts a
       WHERE a.held <> coalesce(
         (SELECT sum(h.remaining) FROM ledger.holds h WHERE h.account = a.account), 0)`,
  );
  return result.rows.map((row) => row.broken);
}
