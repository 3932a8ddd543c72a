// Settles a batch: posts trades, consumes their holds, and releases what ended orders still held.
import type { Tx } from '../db/pool.ts';
import type { HoldTake, JournalEntry } from '../domain/journal.ts';
import { packEntries } from './pack-entries.ts';

/**
 * All or nothing, in the caller's transaction. Answers the positions (from 0) of trades that were
 * posted before with the same postings: they changed nothing. Releases are not deduplicated here;
 * the caller knows which events it has seen. Fails with `LEDGER_KEY_REUSED` and `ENTRY_UNBALANCED`
 * (see `findLedgerRefusal`), with `holds_remaining_not_negative` when more is taken than was held,
 * and with `holds_known` for a hold that was never made. Needs the role bourse_settlement.
 */
export async function settleTrades(
  tx: Tx,
  trades: readonly JournalEntry[],
  releases: readonly HoldTake[],
): Promise<ReadonlySet<number>> {
  if (trades.length === 0 && releases.length === 0) return new Set();
  const packed = packEntries(trades, releases);
  const result = await tx.query<{ repeats: number[] }>({
    name: 'ledger-settle-trades',
    text: `SELECT ledger.settle_trades($1::text[], $2::text[], $3::text[], $4::text[],
       $5::integer[], $6::integer[], $7::numeric[], $8::integer[], $9::text[], $10::numeric[])
       AS repeats`,
    values: [
      packed.accountOwners,
      packed.accountAssets,
      packed.keys,
      packed.referenceIds,
      packed.postingEntries,
      packed.postingAccounts,
      packed.postingAmounts,
      packed.takeEntries,
      packed.takeHolds,
      packed.takeAmounts,
    ],
  });
  return new Set((result.rows[0]?.repeats ?? []).map((position) => position - 1));
}
