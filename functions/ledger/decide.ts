// From rows of the ledger to what a user sees: decimals at the asset's scale, ids that sort.
import { formatDecimal } from '../../shared/money/decimal.ts';
import type { BalanceAnswer, EntryAnswer } from './schema.ts';

/** Amounts as digits of base units. */
export interface BalanceRow {
  readonly asset: string;
  readonly decimals: number;
  readonly total: string;
  readonly held: string;
}

export interface PostingRow {
  readonly entry: number;
  readonly leg: number;
  readonly kind: EntryAnswer['kind'];
  readonly asset: string;
  readonly decimals: number;
  readonly amount: string;
  readonly balanceAfter: string;
  readonly referenceType: string;
  readonly referenceId: string;
  readonly createdAt: Date;
}

const ENTRY_DIGITS = 16;
const LEG_DIGITS = 4;

export function presentBalance(row: BalanceRow): BalanceAnswer {
  const total = BigInt(row.total);
  const held = BigInt(row.held);
  return {
    asset: row.asset,
    available: formatDecimal(total - held, row.decimals),
    held: formatDecimal(held, row.decimals),
    total: formatDecimal(total, row.decimals),
  };
}

/** One posting is one line of the statement: an entry of several legs shows as several. */
export function presentPosting(row: PostingRow): EntryAnswer {
  return {
    entryId: `pst_${pad(row.entry, ENTRY_DIGITS)}_${pad(row.leg, LEG_DIGITS)}`,
    kind: row.kind,
    asset: row.asset,
    amount: formatDecimal(BigInt(row.amount), row.decimals),
    balanceAfter: formatDecimal(BigInt(row.balanceAfter), row.decimals),
    reference: { type: row.referenceType, id: row.referenceId },
    createdAt: row.createdAt.toISOString(),
  };
}

function pad(value: number, digits: number): string {
  return value.toString().padStart(digits, '0');
}
