// T24 (BOLA) belt and braces: what the ledger function reads is bound to the caller twice, by its
// statements and by its role. Here the statements have forgotten to ask.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction, type Tx } from '../../shared/db/pool.ts';
import { readAsOwner } from '../../shared/db/read-as-owner.ts';
import { userId } from '../../shared/domain/ids.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { listBalances, listPostings } from './store.ts';

const ALICE = 1;
const BOB = 2;
const PAGE = { asset: null, below: null, rowsMax: 100 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`INSERT INTO reference.assets VALUES ('USD', 'US dollar', 2)`);
  const deposits = [ALICE, BOB, BOB].map((user, at) => {
    return { depositId: `d${at}`, userId: userId(user), asset: 'USD', amountMinor: BigInt(at + 1) };
  });
  await withTransaction(database.pool, (tx) => deposit(tx, deposits));
});
afterAll(() => database.drop());

/** The transaction, but every condition on the owner is struck out of what is sent. */
function forgetful(tx: Tx): { readonly tx: Tx; readonly sent: string[] } {
  const sent: string[] = [];
  const send = tx.query.bind(tx);
  const query = (text: string, values: readonly unknown[]): unknown => {
    const forgotten = text.replaceAll('b.owner = $1', '($1::text IS NOT NULL)');
    sent.push(forgotten);
    expect(forgotten).not.toBe(text);
    return Reflect.apply(send, undefined, [forgotten, values]);
  };
  const get = (of: Tx, key: string | symbol): unknown =>
    key === 'query' ? query : Reflect.get(of, key);
  return { tx: new Proxy(tx, { get }), sent };
}

function asOwner<Result>(ownerNumber: number, read: (tx: Tx) => Promise<Result>): Promise<Result> {
  const pool = database.poolFor('bourse_ledger_reader', 1);
  return readAsOwner(pool, { role: 'bourse_ledger_own', ownerNumber }, read);
}

describe('T24 a statement of the ledger function that forgets whose rows it reads', () => {
  it.each([
    [ALICE, ['1'], ['1']],
    [BOB, ['5'], ['3', '2']],
    [99, [], []],
  ])('gives user %s their own and nobody else’s', async (user, totals, amounts) => {
    const read = await asOwner(user, async (tx) => {
      const { tx: without, sent } = forgetful(tx);
      const balances = await listBalances(without, userId(ALICE));
      const postings = await listPostings(without, userId(ALICE), PAGE);
      return { balances, postings, sent };
    });
    expect(read.sent).toHaveLength(2);
    expect(read.balances.map(({ total }) => total)).toEqual(totals);
    expect(read.postings.map(({ amount }) => amount)).toEqual(amounts);
  });

  it('gives nothing where statement and role name two users', async () => {
    const read = await asOwner(BOB, async (tx) => [
      await listBalances(tx, userId(ALICE)),
      await listPostings(tx, userId(ALICE), PAGE),
    ]);
    expect(read).toEqual([[], []]);
  });

  it('is refused where it is not sent as the role, and where it asks for more', async () => {
    const pool = database.poolFor('bourse_ledger_reader', 1);
    await expect(listBalances(pool, userId(ALICE))).rejects.toThrow(/permission denied/);
    for (const table of ['balances', 'account_postings', 'accounts', 'postings', 'holds']) {
      const asked = asOwner(ALICE, (tx) => tx.query(`SELECT FROM ledger.${table}`));
      await expect(asked, table).rejects.toThrow(/permission denied/);
      await expect(pool.query(`SELECT FROM ledger.${table}`)).rejects.toThrow(/permission denied/);
    }
  });
});
