// Sub-accounts: made by their owner, and listed with what is in them.
import {
  findViolatedConstraint,
  isRetryableDatabaseError,
  isServerAway,
} from '../../../shared/db/failure.ts';
import { withTransaction } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { presentSubAccount, SUB_ACCOUNTS_MAX } from '../decide/transfer.ts';
import type { UsersDeps } from '../deps.ts';
import {
  makeSubAccountBody,
  noQuery,
  subAccountAnswer,
  subAccountListAnswer,
} from '../schema/sub-accounts.ts';
import { readOwn } from '../store/read-own.ts';
import { addSubAccount, listSubAccounts, lockOwner } from '../store/sub-accounts.ts';
import { audit } from './audit.ts';

export const makeSubAccount = route({
  method: 'POST',
  path: '/v1/users/me/sub-accounts',
  summary: 'Makes a sub-account: a user of its own number, without a way to sign in.',
  query: noQuery,
  body: makeSubAccountBody,
  answers: { 201: subAccountAnswer },
  refusals: [
    'ACCOUNT_CLOSED',
    'ACCOUNT_SUSPENDED',
    'ACCOUNT_PART_NOT_ALLOWED',
    'SUB_ACCOUNTS_TOO_MANY',
    'SUB_ACCOUNT_LABEL_TAKEN',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: UsersDeps): Promise<HandlerResponse | Rejection> => {
    const { body, caller, requestId } = request;
    assertKnown(caller);
    const now = new Date(deps.now());
    const made = await make(deps, caller.userNumber, body.label, now, requestId);
    if (isRejection(made)) return made;
    const { label } = body;
    return {
      status: 201,
      body: { userId: userId(made), label, createdAt: now.toISOString() },
    };
  },
});

export const getSubAccounts = route({
  method: 'GET',
  path: '/v1/users/me/sub-accounts',
  summary: 'Own sub-accounts, oldest first, with their balances.',
  query: noQuery,
  answers: { 200: subAccountListAnswer },
  refusals: [],
  handle: async ({ caller }, deps: UsersDeps): Promise<HandlerResponse> => {
    assertKnown(caller);
    const { userNumber } = caller;
    const accounts = await readOwn(deps.pool, userNumber, (tx) => listSubAccounts(tx, userNumber));
    return { status: 200, body: { items: accounts.map(presentSubAccount) } };
  },
});

async function make(
  deps: UsersDeps,
  ownerNumber: number,
  label: string,
  now: Date,
  requestId: string,
): Promise<number | Rejection> {
  try {
    return await withTransaction(deps.pool, async (tx) => {
      const owner = await lockOwner(tx, ownerNumber);
      if (owner === null || owner.status === 'closed') return reject('ACCOUNT_CLOSED');
      if (owner.parentNumber !== null) return reject('ACCOUNT_PART_NOT_ALLOWED');
      if (owner.status !== 'active') return reject('ACCOUNT_SUSPENDED');
      if (owner.subAccounts >= SUB_ACCOUNTS_MAX) return reject('SUB_ACCOUNTS_TOO_MANY');
      const userNumber = await addSubAccount(tx, ownerNumber, label, now);
      await audit(tx, ownerNumber, 'sub_account.make', requestId, userId(userNumber));
      return userNumber;
    });
  } catch (error) {
    if (findViolatedConstraint(error) === 'users_by_label') {
      return reject('SUB_ACCOUNT_LABEL_TAKEN');
    }
    if (isRetryableDatabaseError(error) && !isServerAway(error)) return reject('SERVICE_BUSY');
    throw error;
  }
}
