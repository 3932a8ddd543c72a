// What staff do to balances: credits and debits of users, always against the house account of the
// asset, and its funding from fees. The ledger's doors take an approval once.
import type { Tx } from '../../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { formatDecimal, parseDecimal } from '../../../../shared/money/decimal.ts';
import type { Payload } from '../../schema.ts';
import { holdStatus, type Author, type Effect } from './effect.ts';

/** What the ledger refuses, in words for a person. */
export const BALANCE_MEANINGS: Readonly<Record<string, string>> = {
  balances_available_not_negative: 'the one who is to give has not so much available',
  house_funded_from_fees: 'the fees in this asset are less than that',
};

/** Money is taken back from a user who is suspended, and given only to one who is not. */
const STATUSES = { credit: ['active'], debit: ['active', 'suspended'] } as const;

export async function adjust(
  tx: Tx,
  payload: Payload<'balances.credit'>,
  direction: 'credit' | 'debit',
  author: Author,
): Promise<Effect | Rejection> {
  const { userId, asset, ticket = null } = payload;
  const statuses: readonly (string | null)[] = STATUSES[direction];
  if (!statuses.includes(await holdStatus(tx, userId))) {
    return reject('APPROVAL_SUBJECT_UNFIT', `${userId} is no ${statuses.join(' or ')} user`);
  }
  const amount = await readAmount(tx, payload);
  if (isRejection(amount)) return amount;
  const change = direction === 'credit' ? amount.minor : -amount.minor;
  const result = await tx.query<{ user: string; house: string }>(
    `SELECT user_total::text AS "user", house_total::text AS house
     FROM ledger.admin_adjust($1, $2, $3, $4::numeric)`,
    [author.approval, userId, asset, change.toString()],
  );
  const after = totalsOf(result.rows);
  const show = (user: bigint, house: bigint) => ({
    asset,
    user: formatDecimal(user, amount.decimals),
    house: formatDecimal(house, amount.decimals),
  });
  return {
    subject: userId,
    before: show(after.user - change, after.house + change),
    after: { ...show(after.user, after.house), amount: payload.amount, ticket },
  };
}

export async function fundHouse(
  tx: Tx,
  payload: Payload<'house.fund'>,
  author: Author,
): Promise<Effect | Rejection> {
  const { asset, ticket = null } = payload;
  const amount = await readAmount(tx, payload);
  if (isRejection(amount)) return amount;
  const result = await tx.query<{ fees: string; house: string }>(
    `SELECT fees_total::text AS fees, house_total::text AS house
     FROM ledger.admin_fund_house($1, $2, $3::numeric)`,
    [author.approval, asset, amount.minor.toString()],
  );
  const after = totalsOf(result.rows);
  const show = (fees: bigint, house: bigint) => ({
    fees: formatDecimal(fees, amount.decimals),
    house: formatDecimal(house, amount.decimals),
  });
  return {
    subject: `house:${asset}`,
    before: show(after.fees + amount.minor, after.house - amount.minor),
    after: { ...show(after.fees, after.house), amount: payload.amount, ticket },
  };
}

interface Amount {
  readonly minor: bigint;
  readonly decimals: number;
}

/** Refused when there is no such asset, or the amount is finer than its smallest unit. */
async function readAmount(
  tx: Tx,
  { asset, amount }: { readonly asset: string; readonly amount: string },
): Promise<Amount | Rejection> {
  const result = await tx.query<{ decimals: number }>(
    'SELECT decimals::integer AS decimals FROM reference.assets WHERE asset = $1',
    [asset],
  );
  const decimals = result.rows[0]?.decimals;
  if (decimals === undefined) return reject('APPROVAL_SUBJECT_UNFIT', `there is no asset ${asset}`);
  const minor = parseDecimal(amount, decimals);
  if (typeof minor === 'bigint') return { minor, decimals };
  return reject('APPROVAL_SUBJECT_UNFIT', `${asset} has ${decimals} decimals, not ${amount}`);
}

function totalsOf<Name extends string>(
  rows: readonly Readonly<Record<Name, string>>[],
): Readonly<Record<Name, bigint>> {
  const [row] = rows;
  if (row === undefined) throw new Error('the ledger has not answered');
  const totals = Object.entries<string>(row).map(([name, text]) => [name, BigInt(text)]);
  return Object.fromEntries(totals) as Record<Name, bigint>;
}
