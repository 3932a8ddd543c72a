// Whether money may move between two accounts, and how transfers and sub-accounts are shown. Pure.
import type { Caller } from '../../../shared/domain/caller.ts';
import { parseUserId, transferId, userId } from '../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { formatDecimal, parseDecimal } from '../../../shared/money/decimal.ts';
import type { MeAnswer } from '../schema.ts';
import type { ListedSubAccount, TransferAnswer, TransferBody } from '../schema/sub-accounts.ts';

/** Sub-accounts of one person. */
export const SUB_ACCOUNTS_MAX = 20;

/** An account of the caller's: their own, or a sub-account of it. */
export interface FamilyMember {
  readonly userNumber: number;
  readonly parentNumber: number | null;
  readonly status: MeAnswer['status'];
}

/** What is about to be written and posted. */
export interface DecidedTransfer {
  readonly fromNumber: number;
  readonly toNumber: number;
  readonly asset: string;
  readonly decimals: number;
  readonly amountMinor: bigint;
}

/**
 * `members` are those of the caller, `from` and `to` that are the caller's at all; `decimals` are of
 * the asset, null when there is no such asset. What is available is for the ledger to judge.
 */
export function decideTransfer(
  body: TransferBody,
  caller: Pick<Caller, 'userNumber' | 'markets'>,
  facts: {
    readonly members: readonly FamilyMember[];
    readonly decimals: number | null;
    readonly anyFrozen: boolean;
  },
): DecidedTransfer | Rejection {
  const { members, decimals, anyFrozen } = facts;
  const find = (number: number | null): FamilyMember | undefined =>
    members.find(({ userNumber }) => userNumber === number);
  const owner = find(caller.userNumber);
  const refused = refuseOwner(owner, caller.markets);
  if (refused !== null) return refused;
  const from = find(parseUserId(body.from));
  const to = find(parseUserId(body.to));
  if (from === undefined || to === undefined) return reject('TRANSFER_ACCOUNT_UNKNOWN');
  if (from === to) return reject('TRANSFER_TO_ITSELF');
  // Nobody has any of what is no asset.
  if (decimals === null) return reject('INSUFFICIENT_FUNDS');
  const amountMinor = parseDecimal(body.amount, decimals);
  if (typeof amountMinor === 'string' || amountMinor === 0n) return reject('AMOUNT_INVALID');
  if (anyFrozen || [from, to].some(({ status }) => status !== 'active')) {
    return reject('ACCOUNT_BLOCKED', 'an account of the transfer is frozen');
  }
  return {
    fromNumber: from.userNumber,
    toNumber: to.userNumber,
    asset: body.asset,
    decimals,
    amountMinor,
  };
}

/** A credential of a part, or for some markets, reaches nothing but what it was made for. */
function refuseOwner(
  owner: FamilyMember | undefined,
  markets: Caller['markets'],
): Rejection | null {
  if (owner === undefined || owner.status === 'closed') return reject('ACCOUNT_CLOSED');
  if (owner.parentNumber !== null || markets !== null) return reject('CALLER_NOT_ALLOWED');
  return owner.status === 'active' ? null : reject('ACCOUNT_SUSPENDED');
}

export interface Transfer {
  readonly transferNumber: number;
  readonly fromNumber: number;
  readonly toNumber: number;
  readonly asset: string;
  readonly decimals: number;
  /** Digits of base units. */
  readonly amountMinor: string;
  readonly createdAt: Date;
}

export function presentTransfer(transfer: Transfer): TransferAnswer {
  return {
    id: transferId(transfer.transferNumber),
    from: userId(transfer.fromNumber),
    to: userId(transfer.toNumber),
    asset: transfer.asset,
    amount: formatDecimal(BigInt(transfer.amountMinor), transfer.decimals),
    createdAt: transfer.createdAt.toISOString(),
  };
}

export interface SubAccount {
  readonly userNumber: number;
  readonly label: string;
  readonly createdAt: Date;
  readonly balances: readonly {
    readonly asset: string;
    readonly decimals: number;
    readonly total: string;
    readonly held: string;
  }[];
}

export function presentSubAccount(account: SubAccount): ListedSubAccount {
  return {
    userId: userId(account.userNumber),
    label: account.label,
    createdAt: account.createdAt.toISOString(),
    balances: account.balances.map(({ asset, decimals, total, held }) => ({
      asset,
      available: formatDecimal(BigInt(total) - BigInt(held), decimals),
      held: formatDecimal(BigInt(held), decimals),
      total: formatDecimal(BigInt(total), decimals),
    })),
  };
}
