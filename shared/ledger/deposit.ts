// Credits users from custody: a deposit that has arrived, or the funding of a development exchange.
import type { Tx } from '../db/pool.ts';
import type { AssetId, UserId } from '../domain/ids.ts';
import { CUSTODY_OWNER } from '../domain/journal.ts';
import { postEntries, type PostedEntries } from './post-entries.ts';

export interface Deposit {
  /** The deposit's own name, unique for ever: the same again changes nothing. */
  readonly depositId: string;
  readonly userId: UserId;
  readonly asset: AssetId;
  /** Base units; positive. */
  readonly amountMinor: bigint;
}

/**
 * Posts one entry a deposit, custody to user, all or nothing. A repeated `depositId` with the same
 * amounts is answered as a repeat; with others it fails (`LEDGER_KEY_REUSED`). The asset must be in
 * reference.assets. Needs the role bourse_ledger.
 */
export async function deposit(tx: Tx, deposits: readonly Deposit[]): Promise<PostedEntries> {
  return postEntries(
    tx,
    'deposit',
    deposits.map((each) => ({
      key: each.depositId,
      reference: { type: 'deposit', id: each.depositId },
      postings: [
        { owner: CUSTODY_OWNER, asset: each.asset, amountMinor: -each.amountMinor },
        { owner: each.userId, asset: each.asset, amountMinor: each.amountMinor },
      ],
      takes: [],
    })),
  );
}
