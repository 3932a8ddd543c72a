// Makes and increases holds: what an order locks of its owner's balance, in the transaction that
// accepts the order (design decision 3). A hold moves nothing: it raises `held`.
import type { Tx } from '../db/pool.ts';
import type { AccountName } from '../domain/journal.ts';
import { integerArray } from './sql-array.ts';

export interface NewHold extends AccountName {
  /** The id of what it is for, such as an order id: unique for ever. */
  readonly holdId: string;
  /** Base units; positive. */
  readonly amountMinor: bigint;
}

export interface HoldIncrease {
  readonly holdId: string;
  /** Base units to add; positive. */
  readonly amountMinor: bigint;
}

/**
 * Makes all of the holds or none. Decide with `lockBalances` in the same transaction what fits; the
 * database is the last judge and fails the transaction with a constraint that `findLedgerRefusal`
 * knows: not covered (`ORDER_FUNDS_INSUFFICIENT`). A name used before fails with `holds_pkey`.
 * Needs the role bourse_orders.
 */
export async function makeHolds(tx: Tx, holds: readonly NewHold[]): Promise<void> {
  if (holds.length === 0) return;
  await tx.query({
    name: 'ledger-make-holds',
    text: 'SELECT ledger.make_holds($1::text[], $2::text[], $3::text[], $4::numeric[])',
    values: [
      holds.map((hold) => hold.holdId),
      holds.map((hold) => hold.owner),
      holds.map((hold) => hold.asset),
      integerArray(holds.map((hold) => hold.amountMinor)),
    ],
  });
}

/**
 * Adds to holds that exist, all or nothing; refused like `makeHolds`. An unknown name fails with
 * `holds_known`. Needs the role bourse_orders.
 */
export async function increaseHolds(tx: Tx, increases: readonly HoldIncrease[]): Promise<void> {
  if (increases.length === 0) return;
  await tx.query({
    name: 'ledger-increase-holds',
    text: 'SELECT ledger.increase_holds($1::text[], $2::numeric[])',
    values: [
      increases.map((increase) => increase.holdId),
      integerArray(increases.map((increase) => increase.amountMinor)),
    ],
  });
}
