// What the ledger's named constraints mean to a caller.
import { findViolatedConstraint } from '../db/failure.ts';
import { reject, type ErrorCode, type Rejection } from '../domain/rejection.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  balances_available_not_negative: 'ORDER_FUNDS_INSUFFICIENT',
  entries_zero_sum: 'ENTRY_UNBALANCED',
  entries_business_key_reused: 'LEDGER_KEY_REUSED',
};

/**
 * The refusal behind a failed ledger call, or null when it failed for another reason (which is then
 * ours, or the database's). The transaction is lost either way.
 */
export function findLedgerRefusal(error: unknown): Rejection | null {
  const constraint = findViolatedConstraint(error);
  const code = constraint === null ? undefined : CODES[constraint];
  return code === undefined ? null : reject(code);
}
