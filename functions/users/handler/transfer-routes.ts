// Moves between a person's own accounts. The name that a client gives to one is good for ever, and
// is written in the transaction of the entry: whoever asks again hears what was done.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../shared/audit/record.ts';
import { findViolatedConstraint } from '../../../shared/db/failure.ts';
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import type { Caller } from '../../../shared/domain/caller.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { parseUserId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { IDEMPOTENCY_REPLAYED, parseIdempotencyKey } from '../../../shared/http/idempotency-key.ts';
import { listPage } from '../../../shared/http/list.ts';
import { decideTransfer, presentTransfer, type Transfer } from '../decide/transfer.ts';
import type { UsersDeps } from '../deps.ts';
import {
  noQuery,
  transferAnswer,
  transferBody,
  transferListAnswer,
  transfersQuery,
  type TransferBody,
} from '../schema/sub-accounts.ts';
import { readOwn } from '../store/read-own.ts';
import {
  findAsked,
  findDecimals,
  isAnyFrozen,
  listTransfers,
  lockMembers,
  saveTransfer,
  type Asked,
} from '../store/transfers.ts';

export const makeTransfer = route({
  method: 'POST',
  path: '/v1/users/me/transfers',
  summary: 'Moves between the caller and their sub-accounts.',
  headers: ['Idempotency-Key'],
  requiredHeaders: ['Idempotency-Key'],
  query: noQuery,
  body: transferBody,
  answers: { 201: transferAnswer },
  refusals: [
    'IDEMPOTENCY_KEY_INVALID',
    'IDEMPOTENCY_KEY_REUSED',
    'ACCOUNT_CLOSED',
    'ACCOUNT_SUSPENDED',
    'CALLER_NOT_ALLOWED',
    'TRANSFER_ACCOUNT_UNKNOWN',
    'TRANSFER_TO_ITSELF',
    'AMOUNT_INVALID',
    'ACCOUNT_BLOCKED',
    'INSUFFICIENT_FUNDS',
  ],
  handle: async (request, deps: UsersDeps): Promise<HandlerResponse | Rejection> => {
    const { body, caller } = request;
    assertKnown(caller);
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (key === null) return reject('IDEMPOTENCY_KEY_INVALID', 'Idempotency-Key is missing');
    if (isRejection(key)) return key;
    const asked = { ownerNumber: caller.userNumber, key, requestHash: hashOf(body) };
    const done = await transfer(deps, asked, body, caller);
    if (isRejection(done)) return done;
    return {
      status: 201,
      ...(done.isRepeat ? { headers: IDEMPOTENCY_REPLAYED } : {}),
      body: presentTransfer(done.transfer),
    };
  },
});

export const getTransfers = route({
  method: 'GET',
  path: '/v1/users/me/transfers',
  summary: 'Moves between own accounts, newest first; of a sub-account those it was part of.',
  query: transfersQuery,
  answers: { 200: transferListAnswer },
  refusals: [],
  handle: async ({ query, caller }, deps: UsersDeps): Promise<HandlerResponse> => {
    assertKnown(caller);
    const { limit, cursor } = query;
    const below = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor[0]);
    const { userNumber } = caller;
    const rows = await readOwn(deps.pool, userNumber, (tx) =>
      listTransfers(tx, userNumber, { below, rowsMax: limit + 1 }),
    );
    const body = listPage(rows, limit, presentTransfer, (row) => [row.transferNumber]);
    return { status: 200, body };
  },
});

interface Done {
  readonly transfer: Transfer;
  readonly isRepeat: boolean;
}

async function transfer(
  deps: UsersDeps,
  asked: Asked,
  body: TransferBody,
  caller: Caller,
): Promise<Done | Rejection> {
  try {
    return await withTransaction(deps.pool, async (tx) => {
      const known = await repeat(tx, asked);
      if (known !== null) return known;
      const numbers = [body.from, body.to].flatMap((id) => parseUserId(id) ?? []);
      const members = await lockMembers(tx, asked.ownerNumber, numbers);
      const own = members.map(({ userNumber }) => userNumber);
      const decided = decideTransfer(body, caller, {
        members,
        decimals: await findDecimals(tx, body.asset),
        anyFrozen: await isAnyFrozen(tx, own),
      });
      if (isRejection(decided)) return decided;
      const saved = await saveTransfer(tx, asked, decided, new Date(deps.now()));
      if (saved !== null) return { transfer: saved, isRepeat: false };
      const other = await repeat(tx, asked);
      assert(other !== null, 'a key that was used has its transfer');
      return other;
    });
  } catch (error) {
    if (findViolatedConstraint(error) === 'balances_available_not_negative') {
      return reject('INSUFFICIENT_FUNDS');
    }
    throw error;
  }
}

/** What was answered before, whatever has become of the accounts since. */
async function repeat(tx: Tx, asked: Asked): Promise<Done | Rejection | null> {
  const known = await findAsked(tx, asked);
  if (known === null) return null;
  if (!known.requestHash.equals(asked.requestHash)) return reject('IDEMPOTENCY_KEY_REUSED');
  return { transfer: known, isRepeat: true };
}

function hashOf(body: TransferBody): Buffer {
  return createHash('sha256').update(canonicalJson(body)).digest();
}
