// What staff do to fees: what an operator does with `npm run fees`.
import { canonicalJson } from '../../../../shared/audit/record.ts';
import type { Tx } from '../../../../shared/db/pool.ts';
import { readTiers } from '../../../../shared/domain/fee-schedule.ts';
import { reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { readNewest, type FeeSubject } from '../../../../shared/fees/newest.ts';
import * as rates from '../../../../shared/fees/rates-store.ts';
import { findMarket } from '../../../../shared/markets/market-store.ts';
import type { Payload } from '../../schema.ts';
import { holdStatus, type Author, type Effect } from './effect.ts';

/** What the database refuses, in words for a person. */
export const FEE_MEANINGS: Readonly<Record<string, string>> = {
  ...rates.RATE_MEANINGS,
  rates_rebate_is_paid_for: 'a rebate would be more than the fee that others pay beside it',
};

export async function setSchedule(
  tx: Tx,
  { schedule, effectiveFrom, tiers }: Payload<'fees.schedule'>,
  author: Author,
): Promise<Effect | Rejection> {
  if (schedule !== 'exchange' && (await findMarket(tx, schedule)) === null) {
    return reject('APPROVAL_SUBJECT_UNFIT', `no market ${schedule}`);
  }
  const reference = await rates.findReferenceAsset(tx);
  const stored = tiers === null ? null : readTiers({ schedule, tiers }, reference);
  if (stored !== null && 'fault' in stored) return reject('APPROVAL_SUBJECT_UNFIT', stored.fault);
  const from = effectiveFrom === null ? null : new Date(effectiveFrom);
  return change(tx, { kind: 'schedule', of: schedule }, () =>
    rates.setSchedule(tx, schedule, stored, from, author),
  );
}

export async function setTerms(
  tx: Tx,
  { userId, market, terms }: Payload<'fees.terms'>,
  author: Author,
): Promise<Effect | Rejection> {
  const status = await holdStatus(tx, userId);
  if (status === null || status === 'closed') {
    return reject('APPROVAL_SUBJECT_UNFIT', `there is no user ${userId}`);
  }
  if ((await findMarket(tx, market)) === null) {
    return reject('APPROVAL_SUBJECT_UNFIT', `no market ${market}`);
  }
  const own = terms ?? { tier: 'none', makerPpm: null, takerPpm: null };
  return change(tx, { kind: 'terms', of: userId, market }, () =>
    rates.setUserTerms(tx, { userId, market, ...own }, author),
  );
}

async function change(
  tx: Tx,
  subject: FeeSubject,
  set: () => Promise<unknown>,
): Promise<Effect | Rejection> {
  await tx.query('SELECT fees.lock_rates()');
  const before = await readNewest(tx, subject);
  await set();
  const after = await readNewest(tx, subject);
  if (canonicalJson(before) === canonicalJson(after)) {
    return reject('APPROVAL_SUBJECT_UNFIT', 'these rates hold already');
  }
  const what = subject.kind;
  return { subject: subject.of, before: { [what]: before }, after: { [what]: after } };
}
