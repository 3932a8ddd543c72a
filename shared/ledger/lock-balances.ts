// Locks balances for the rest of a transaction and reads them: the first step of making holds.
import type { Tx } from '../db/pool.ts';
import type { AssetId } from '../domain/ids.ts';
import type { AccountName, LedgerOwner } from '../domain/journal.ts';

/** An account's balance in base units of its asset. */
export interface Balance {
  readonly totalMinor: bigint;
  readonly heldMinor: bigint;
  /** Total less held: what a new hold may take. */
  readonly availableMinor: bigint;
}

const EMPTY: Balance = { totalMinor: 0n, heldMinor: 0n, availableMinor: 0n };

/** Balances that are locked until the end of the transaction that locked them. */
export class LockedBalances {
  readonly #balances: ReadonlyMap<string, Balance>;

  constructor(balances: ReadonlyMap<string, Balance>) {
    this.#balances = balances;
  }

  /** The balance of an account that was asked for; an account that was never opened is empty. */
  get(owner: LedgerOwner, asset: AssetId): Balance {
    return this.#balances.get(`${owner} ${asset}`) ?? EMPTY;
  }
}

/**
 * Locks the accounts in rising account number, so that no two callers wait for each other;
 * duplicates are welcome. Lock all that a transaction will need in one call, after its own
 * rows and before `makeHolds`. Needs the role bourse_orders.
 */
export async function lockBalances(
  tx: Tx,
  accounts: readonly AccountName[],
): Promise<LockedBalances> {
  const result = await tx.query<{ owner: string; asset: string; total: string; held: string }>({
    name: 'ledger-lock-balances',
    text: 'SELECT owner, asset, total, held FROM ledger.lock_balances($1::text[], $2::text[])',
    values: [accounts.map((account) => account.owner), accounts.map((account) => account.asset)],
  });
  const balances = new Map<string, Balance>();
  for (const row of result.rows) {
    const totalMinor = BigInt(row.total);
    const heldMinor = BigInt(row.held);
    balances.set(`${row.owner} ${row.asset}`, {
      totalMinor,
      heldMinor,
      availableMinor: totalMinor - heldMinor,
    });
  }
  return new LockedBalances(balances);
}
