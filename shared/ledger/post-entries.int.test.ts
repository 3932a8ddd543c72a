// Posting: what is refused leaves nothing, what is repeated changes nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findViolatedConstraint } from '../db/failure.ts';
import { withTransaction } from '../db/pool.ts';
import { CUSTODY_OWNER, type JournalEntry, type LedgerOwner } from '../domain/journal.ts';
import type { TestDatabase } from '../testing/database.ts';
import { deposit } from './deposit.ts';
import { postEntries, type PostedEntries } from './post-entries.ts';
import { findLedgerRefusal } from './refusal.ts';
import { reverseEntry } from './reverse-entry.ts';
import {
  ALICE,
  BOB,
  balanceOf,
  countRows,
  createLedgerDatabase,
  findBrokenInvariants,
} from './test-fixture.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createLedgerDatabase();
});
afterAll(() => database.drop());

type Leg = readonly [LedgerOwner, string, bigint];

function entry(key: string, ...legs: Leg[]): JournalEntry {
  return {
    key,
    reference: { type: 'test', id: key },
    postings: legs.map(([owner, asset, amountMinor]) => ({ owner, asset, amountMinor })),
    takes: [],
  };
}

function fromCustody(key: string, owner: LedgerOwner, asset: string, amount: bigint): JournalEntry {
  return entry(key, [CUSTODY_OWNER, asset, -amount], [owner, asset, amount]);
}

function post(...entries: JournalEntry[]): Promise<PostedEntries> {
  return withTransaction(database.pool, (tx) => postEntries(tx, 'deposit', entries));
}

/** Runs work that must fail and leave nothing; answers the refusal code or the constraint. */
async function refused(work: () => Promise<unknown>): Promise<string> {
  const before = await counts();
  const error = await work().then(
    () => 'was not refused',
    (thrown: unknown) => thrown,
  );
  expect(await counts()).toEqual(before);
  return findLedgerRefusal(error)?.code ?? findViolatedConstraint(error) ?? String(error);
}

async function counts(): Promise<number[]> {
  return Promise.all([
    countRows(database.pool, 'entries'),
    countRows(database.pool, 'postings'),
    countRows(database.pool, 'accounts'),
  ]);
}

describe('posting refuses, and leaves nothing behind', () => {
  it.each<[string, string, () => JournalEntry[]]>([
    [
      'an entry that does not sum to zero',
      'ENTRY_UNBALANCED',
      () => [entry('unbalanced', [CUSTODY_OWNER, 'USD', -5n], [ALICE, 'USD', 6n])],
    ],
    [
      'an entry that sums to zero only across assets',
      'ENTRY_UNBALANCED',
      () => [entry('across', [CUSTODY_OWNER, 'USD', -5n], [ALICE, 'BTC', 5n])],
    ],
    ['an entry without postings', 'ENTRY_UNBALANCED', () => [entry('empty')]],
    [
      'a posting of zero',
      'postings_amount_not_zero',
      () => [entry('zero', [CUSTODY_OWNER, 'USD', 0n], [ALICE, 'USD', 0n])],
    ],
    [
      'an asset that is not known',
      'accounts_asset_fkey',
      () => [fromCustody('asset', ALICE, 'DOGE', 1n)],
    ],
    [
      'an owner of no known kind',
      'accounts_kind_matches_owner',
      () => [fromCustody('owner', 'somebody' as LedgerOwner, 'USD', 1n)],
    ],
    [
      'a user going below zero',
      'ORDER_FUNDS_INSUFFICIENT',
      () => [entry('below', [BOB, 'USD', -1n], [ALICE, 'USD', 1n])],
    ],
    [
      'a whole batch for one bad entry',
      'ORDER_FUNDS_INSUFFICIENT',
      () => [
        fromCustody('good', ALICE, 'USD', 1n),
        entry('bad', [BOB, 'USD', -1n], [ALICE, 'USD', 1n]),
      ],
    ],
  ])('%s', async (_name, code, entries) => {
    expect(await refused(() => post(...entries()))).toBe(code);
  });

  it('an amount with a fraction, which a whole-number column would round', async () => {
    const legs = ['{1,1}', '{1,2}', '{-0.5,0.5}'];
    const code = await refused(() =>
      database.pool.query(
        `SELECT ledger.post_entries('deposit', '{custody,usr_0000000000000001}', '{USD,USD}',
           '{fraction}', '{test}', '{fraction}', NULL, NULL, $1, $2, $3, '{}', '{}', '{}')`,
        legs,
      ),
    );
    expect(code).toBe('amounts_whole_and_positive');
  });

  it('a key that was used with other amounts, and the batch it came in', async () => {
    await post(fromCustody('once', ALICE, 'USD', 10n));
    const code = await refused(() =>
      post(fromCustody('new', ALICE, 'USD', 1n), fromCustody('once', ALICE, 'USD', 11n)),
    );
    expect(code).toBe('LEDGER_KEY_REUSED');
  });

  it('one key with two contents in one batch', async () => {
    const code = await refused(() =>
      post(fromCustody('twin', ALICE, 'USD', 1n), fromCustody('twin', ALICE, 'USD', 2n)),
    );
    expect(code).toBe('LEDGER_KEY_REUSED');
  });
});

describe('posting', () => {
  it('answers a repeat with the number it had, and changes nothing', async () => {
    const first = await post(fromCustody('repeat', BOB, 'BTC', 7n));
    const again = await post(
      fromCustody('beside', BOB, 'BTC', 1n),
      fromCustody('repeat', BOB, 'BTC', 7n),
    );
    expect(first.repeats).toEqual(new Set());
    expect(again.repeats).toEqual(new Set([1]));
    expect(again.numbers[1]).toBe(first.numbers[0]);
    expect(await balanceOf(database.pool, BOB, 'BTC')).toBe('8/0');
  });

  it('takes the same entry twice in one batch once', async () => {
    const same = fromCustody('double', BOB, 'ETH', 5n);
    expect((await post(same, same)).repeats).toEqual(new Set([1]));
    expect(await balanceOf(database.pool, BOB, 'ETH')).toBe('5/0');
  });

  it('takes amounts far beyond 64 bits', async () => {
    const amount = 10n ** 37n;
    await post(fromCustody('large', ALICE, 'ETH', amount));
    expect(await balanceOf(database.pool, ALICE, 'ETH')).toBe(`${amount.toString()}/0`);
  });

  it('writes the running balance on each posting, also of one account in one batch', async () => {
    await post(
      fromCustody('run1', ALICE, 'BTC', 10n),
      fromCustody('run2', ALICE, 'BTC', 20n),
      entry('run3', [ALICE, 'BTC', -5n], [BOB, 'BTC', 5n]),
    );
    const result = await database.pool.query<{ balance_after: string }>(
      `SELECT balance_after FROM ledger.account_postings
       WHERE owner = $1 AND asset = 'BTC' ORDER BY entry, leg`,
      [ALICE],
    );
    expect(result.rows.map((row) => row.balance_after)).toEqual(['10', '30', '25']);
  });

  it('lets fee accounts and custody go below zero, and only them', async () => {
    await post(entry('rebate', ['fees:BTC-USD', 'USD', -3n], [ALICE, 'USD', 3n]));
    expect(await balanceOf(database.pool, 'fees:BTC-USD', 'USD')).toBe('-3/0');
  });

  it('reverses an entry once for ever', async () => {
    const posted = await withTransaction(database.pool, (tx) =>
      deposit(tx, [{ depositId: 'mistake', userId: BOB, asset: 'USD', amountMinor: 40n }]),
    );
    const original = posted.numbers[0] ?? 0;
    const reverse = (): Promise<number> =>
      withTransaction(database.pool, (tx) => reverseEntry(tx, original, 'sent twice'));
    const reversal = await reverse();
    expect(await balanceOf(database.pool, BOB, 'USD')).toBe('0/0');
    expect(await refused(reverse)).toBe('entries_reverses_once');
    expect(
      await refused(() => withTransaction(database.pool, (tx) => reverseEntry(tx, reversal, 'no'))),
    ).toBe('entries_reverses_known');
  });

  it('refuses to reverse what its owner no longer has', async () => {
    const { numbers } = await post(fromCustody('spent', BOB, 'USD', 9n));
    await post(entry('spend', [BOB, 'USD', -9n], [ALICE, 'USD', 9n]));
    const code = await refused(() =>
      withTransaction(database.pool, (tx) => reverseEntry(tx, numbers[0] ?? 0, 'late')),
    );
    expect(code).toBe('ORDER_FUNDS_INSUFFICIENT');
  });

  it('leaves the ledger whole after all of the above', async () => {
    expect(await findBrokenInvariants(database.pool)).toEqual([]);
  });
});
