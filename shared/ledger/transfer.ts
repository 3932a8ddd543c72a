// Moves money from one user to another: between the accounts of one person, which is for the caller
// to know.
import type { Tx } from '../db/pool.ts';
import type { AssetId, TransferId, UserId } from '../domain/ids.ts';

export interface LedgerTransfer {
  /** The transfer's own name, unique for ever: the same again changes nothing. */
  readonly key: string;
  /** What statements show. */
  readonly transferId: TransferId;
  readonly from: UserId;
  readonly to: UserId;
  readonly asset: AssetId;
  /** Base units; positive. */
  readonly amountMinor: bigint;
}

/**
 * Posts one entry in the caller's transaction. Fails with `balances_available_not_negative` when
 * less is available, and with `entries_business_key_reused` when the key was another transfer's.
 * The asset must be in reference.assets. Needs the role bourse_users.
 */
export async function postTransfer(tx: Tx, transfer: LedgerTransfer): Promise<void> {
  const { key, transferId, from, to, asset, amountMinor } = transfer;
  await tx.query('SELECT ledger.post_transfer($1, $2, $3, $4, $5, $6::numeric)', [
    key,
    transferId,
    from,
    to,
    asset,
    amountMinor.toString(),
  ]);
}
