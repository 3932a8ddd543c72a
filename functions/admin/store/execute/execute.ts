// What approved requests do, each in the transaction that marks it as carried out. Every one tells
// what it was done to, with before and after, or why it cannot be done.
import { findViolatedConstraint } from '../../../../shared/db/failure.ts';
import { reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import type { Order } from '../../schema.ts';
import { adjust, BALANCE_MEANINGS, fundHouse } from './balances.ts';
import type { Author, Effect, Place } from './effect.ts';
import { FEE_MEANINGS, setSchedule, setTerms } from './fees.ts';
import { setMarketSettings, setMarketStatus } from './markets.ts';
import { giveRole, takeRole } from './roles.ts';
import { endKey, endSessions, setFlag, setLimit, setSuspended } from './users.ts';

/** While a flag waits for its lock, one user in 64 waits behind it: so not for long. */
const LOCK_TIMEOUT_MS = 1_000;

const MEANINGS: Readonly<Record<string, string>> = { ...FEE_MEANINGS, ...BALANCE_MEANINGS };

export async function execute(
  place: Place,
  order: Order,
  author: Author,
): Promise<Effect | Rejection> {
  await place.tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    return await carryOut(place, order, author);
  } catch (error) {
    // What the database refuses has ended the transaction, and a refusal rolls it back.
    const meaning = MEANINGS[findViolatedConstraint(error) ?? ''];
    if (meaning === undefined) throw error;
    return reject('APPROVAL_SUBJECT_UNFIT', meaning);
  }
}

async function carryOut(place: Place, order: Order, author: Author): Promise<Effect | Rejection> {
  const { tx } = place;
  switch (order.action) {
    case 'users.suspend':
      return setSuspended(tx, order.payload, true, author);
    case 'users.reinstate':
      return setSuspended(tx, order.payload, false, author);
    case 'sessions.revoke':
      return endSessions(tx, order.payload);
    case 'keys.revoke':
      return endKey(tx, order.payload);
    case 'flags.change':
      return setFlag(tx, order.payload, author);
    case 'limits.change':
      return setLimit(tx, order.payload, author);
    case 'roles.grant':
      return giveRole(tx, order.payload, author);
    case 'roles.revoke':
      return takeRole(tx, order.payload);
    case 'markets.status':
      return setMarketStatus(place, order.payload, author);
    case 'markets.settings':
      return setMarketSettings(place, order.payload, author);
    case 'fees.schedule':
      return setSchedule(tx, order.payload, author);
    case 'fees.terms':
      return setTerms(tx, order.payload, author);
    case 'balances.credit':
      return adjust(tx, order.payload, 'credit', author);
    case 'balances.debit':
      return adjust(tx, order.payload, 'debit', author);
    case 'house.fund':
      return fundHouse(tx, order.payload, author);
  }
}
