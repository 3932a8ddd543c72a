// Money for development: real journal entries, custody to user.
import { withTransaction, type Pool } from '../../../shared/db/pool.ts';
import type { UserId } from '../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { deposit, type Deposit } from '../../../shared/ledger/deposit.ts';
import { parseDecimal } from '../../../shared/money/decimal.ts';

export interface Funding {
  /** The deposit's own name: the same again changes nothing. */
  readonly depositId: string;
  readonly userId: UserId;
  readonly asset: string;
  /** Decimal, in whole units of the asset. */
  readonly amount: string;
}

/** Deposits all or nothing; `admin` may act as the ledger's owner. */
export async function fund(admin: Pool, fundings: readonly Funding[]): Promise<Rejection | null> {
  const decimals = await assetDecimals(admin);
  const deposits: Deposit[] = [];
  for (const { depositId, userId, asset, amount } of fundings) {
    const digits = decimals.get(asset);
    if (digits === undefined) return reject('BODY_INVALID', `no asset ${asset}`);
    const amountMinor = parseDecimal(amount, digits);
    if (typeof amountMinor === 'string' || amountMinor === 0n) {
      return reject(
        'BODY_INVALID',
        `amount of ${asset}: a decimal with at most ${digits} decimals`,
      );
    }
    deposits.push({ depositId, userId, asset, amountMinor });
  }
  await withTransaction(admin, async (tx) => {
    await tx.query('SET LOCAL ROLE bourse_ledger');
    await deposit(tx, deposits);
  });
  return null;
}

async function assetDecimals(admin: Pool): Promise<ReadonlyMap<string, number>> {
  const found = await admin.query<{ asset: string; decimals: number }>(
    'SELECT asset, decimals FROM reference.assets',
  );
  return new Map(found.rows.map((row) => [row.asset, row.decimals]));
}
