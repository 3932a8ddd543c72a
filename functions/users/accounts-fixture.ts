// For tests of sub-accounts and transfers: a person with some, money for them, and moves by a key.
import type { Caller } from '../../shared/domain/caller.ts';
import { withTransaction } from '../../shared/db/pool.ts';
import type { CallAnswer } from '../../shared/function/call.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import type { UserId } from '../../shared/domain/ids.ts';
import type { TransferBody } from './schema/sub-accounts.ts';
import { createUsersFixture, type UsersFixture } from './fixture.ts';

export interface AccountsFixture extends UsersFixture {
  /** A person and as many sub-accounts as there are labels. */
  addFamily(email: string, ...labels: string[]): Promise<{ owner: Caller; parts: UserId[] }>;
  fund(user: string, asset: string, amountMinor: bigint): Promise<void>;
  transfer(
    caller: Caller,
    body: Partial<Record<keyof TransferBody, string>>,
    key?: string,
  ): Promise<CallAnswer>;
  /** `available/held` in base units. */
  balance(user: string, asset: string): Promise<string>;
  /** Entries of transfers. */
  entries(): Promise<number>;
}

let keys = 0;

export async function createAccountsFixture(): Promise<AccountsFixture> {
  const users = await createUsersFixture();
  const { pool } = users.database;
  await pool.query(
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2)`,
  );
  return Object.assign(users, {
    addFamily: async (email: string, ...labels: string[]) => {
      const owner = await users.addUser(email);
      const parts: UserId[] = [];
      for (const label of labels) {
        const made = await users.call('POST', '/v1/users/me/sub-accounts', { label }, owner);
        parts.push((made.body as { readonly userId: UserId }).userId);
      }
      return { owner, parts };
    },
    fund: async (user: string, asset: string, amountMinor: bigint) => {
      const one = { depositId: `dep_${(keys += 1)}`, userId: user as UserId, asset, amountMinor };
      await withTransaction(pool, (tx) => deposit(tx, [one]));
    },
    transfer: (caller: Caller, body: object, key = `key-${(keys += 1)}`) =>
      users.call('POST', '/v1/users/me/transfers', body, caller, { 'idempotency-key': key }),
    balance: async (user: string, asset: string) => {
      const result = await pool.query<{ text: string }>(
        `SELECT available || '/' || held AS text FROM ledger.balances
         WHERE owner = $1 AND asset = $2`,
        [user, asset],
      );
      return result.rows[0]?.text ?? 'none';
    },
    entries: async () => {
      const result = await pool.query<{ count: number }>(
        `SELECT count(*)::integer AS count FROM ledger.entries WHERE kind = 'transfer'`,
      );
      return result.rows[0]?.count ?? 0;
    },
  });
}
