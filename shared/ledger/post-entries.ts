// Posts journal entries of any kind. For operators' work and the functions of later stages that get
// a narrower door of their own; settlement uses `settleTrades`.
import type { Tx } from '../db/pool.ts';
import type { JournalEntry } from '../domain/journal.ts';
import { packEntries } from './pack-entries.ts';

export type EntryKind = 'deposit' | 'trade';

export interface PostedEntries {
  /** The journal's number of each entry, in the order given. */
  readonly numbers: readonly number[];
  /** Positions (from 0) of entries whose key was posted before with the same postings. */
  readonly repeats: ReadonlySet<number>;
}

/**
 * Posts all of the entries or none, in the caller's transaction; accounts that do not exist are
 * opened. Fails with constraints that `findLedgerRefusal` knows: a key used before with other
 * postings (`LEDGER_KEY_REUSED`), a balance below zero (`ORDER_FUNDS_INSUFFICIENT`), and, at
 * commit, an entry that does not sum to zero (`ENTRY_UNBALANCED`). Needs the role bourse_ledger.
 */
export async function postEntries(
  tx: Tx,
  kind: EntryKind,
  entries: readonly JournalEntry[],
): Promise<PostedEntries> {
  const packed = packEntries(entries, []);
  const result = await tx.query<{ numbers: number[] | string[]; repeats: number[] }>(
    `SELECT numbers, repeats FROM ledger.post_entries($1, $2::text[], $3::text[], $4::text[],
       $5::text[], $6::text[], NULL, NULL, $7::integer[], $8::integer[], $9::numeric[],
       $10::integer[], $11::text[], $12::numeric[])`,
    [
      kind,
      packed.accountOwners,
      packed.accountAssets,
      packed.keys,
      packed.referenceTypes,
      packed.referenceIds,
      packed.postingEntries,
      packed.postingAccounts,
      packed.postingAmounts,
      packed.takeEntries,
      packed.takeHolds,
      packed.takeAmounts,
    ],
  );
  const row = result.rows[0];
  return {
    numbers: (row?.numbers ?? []).map(Number),
    repeats: new Set((row?.repeats ?? []).map((position) => position - 1)),
  };
}
