// Takes an entry back by posting its opposite. The entry itself stays: the journal is append-only.
import type { Tx } from '../db/pool.ts';

/**
 * Reverses an entry, once for ever, and answers the number of the new entry. Fails with
 * `entries_reverses_once` the second time, `entries_reverses_known` when there is no such entry,
 * and with `ORDER_FUNDS_INSUFFICIENT` (see `findLedgerRefusal`) when an owner no longer has what is
 * taken back. Holds that the entry consumed stay consumed. Needs the role bourse_ledger.
 */
export async function reverseEntry(tx: Tx, entry: number, reason: string): Promise<number> {
  const result = await tx.query<{ entry: number }>(
    'SELECT ledger.reverse_entry($1::bigint, $2) AS entry',
    [entry, reason],
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error(`reversing entry ${entry} answered nothing`);
  return row.entry;
}
