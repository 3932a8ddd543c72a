// What is shown of a user, and which mail an address is due. Pure.
import type { CallerKind } from '../../shared/domain/caller.ts';
import { sessionId, userId } from '../../shared/domain/ids.ts';
import type { MailTemplate } from '../../shared/events/mail.ts';
import { formatDecimal } from '../../shared/money/decimal.ts';
import { presentTransfer, type Transfer } from './decide/transfer.ts';
import type { ExportAnswer, MeAnswer } from './schema.ts';

export type UserStatus = MeAnswer['status'];

export interface User {
  readonly userNumber: number;
  readonly email: string | null;
  readonly emailVerifiedAt: Date | null;
  readonly status: UserStatus;
  readonly kycLevel: number;
  readonly language: string;
  readonly antiPhishingCode: string | null;
  readonly createdAt: Date;
}

/** Whoever has not confirmed an address may begin anew; everybody else hears of the attempt. */
export function mailOfSignUp(
  status: UserStatus,
): MailTemplate & ('verify_email' | 'sign_up_known') {
  return status === 'pending' ? 'verify_email' : 'sign_up_known';
}

/** A password can be reset by who once confirmed the address. */
export function mayReset(status: UserStatus): boolean {
  return status === 'active' || status === 'suspended';
}

export function presentUser(user: User, callerKind: CallerKind): MeAnswer {
  return {
    userId: userId(user.userNumber),
    email: user.email,
    emailVerified: user.emailVerifiedAt !== null,
    status: user.status,
    kycLevel: user.kycLevel,
    language: user.language,
    ...(callerKind === 'session' ? { antiPhishingCode: user.antiPhishingCode } : {}),
    createdAt: user.createdAt.toISOString(),
  };
}

export interface KnownOfUser {
  readonly user: User;
  readonly subAccounts: readonly { userNumber: number; label: string | null; createdAt: Date }[];
  readonly transfers: readonly Transfer[];
  readonly emailChanges: readonly {
    from: string;
    to: string;
    requestedAt: Date;
    confirmedAt: Date | null;
    cancelledAt: Date | null;
  }[];
  readonly mails: readonly { template: string; requestedAt: Date }[];
  readonly sessions: readonly {
    sessionNumber: number;
    createdAt: Date;
    lastUsedAt: Date;
    endedAt: Date | null;
    address: string | null;
    userAgent: string | null;
  }[];
  readonly balances: readonly {
    userNumber: number;
    asset: string;
    decimals: number;
    total: string;
    held: string;
  }[];
}

export function presentExport(known: KnownOfUser): ExportAnswer {
  return {
    user: presentUser(known.user, 'session'),
    subAccounts: known.subAccounts.map(({ userNumber, label, createdAt }) => ({
      userId: userId(userNumber),
      label,
      createdAt: createdAt.toISOString(),
    })),
    transfers: known.transfers.map(presentTransfer),
    emailChanges: known.emailChanges.map((change) => ({
      from: change.from,
      to: change.to,
      requestedAt: change.requestedAt.toISOString(),
      confirmedAt: change.confirmedAt?.toISOString() ?? null,
      cancelledAt: change.cancelledAt?.toISOString() ?? null,
    })),
    mails: known.mails.map(({ template, requestedAt }) => ({
      template,
      requestedAt: requestedAt.toISOString(),
    })),
    sessions: known.sessions.map((session) => ({
      id: sessionId(session.sessionNumber),
      createdAt: session.createdAt.toISOString(),
      lastUsedAt: session.lastUsedAt.toISOString(),
      endedAt: session.endedAt?.toISOString() ?? null,
      address: session.address,
      userAgent: session.userAgent,
    })),
    balances: known.balances.map(({ userNumber, asset, decimals, total, held }) => ({
      userId: userId(userNumber),
      asset,
      total: formatDecimal(BigInt(total), decimals),
      held: formatDecimal(BigInt(held), decimals),
    })),
  };
}
