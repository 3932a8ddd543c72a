// The routes of keys: made, listed and ended by a signed-in user, for themselves or a sub-account.
import type { Caller } from '../../../shared/domain/caller.ts';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { keyId, parseKeyId, parseUserId, userId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { placeOfKey } from '../../../shared/function/auth/known-key.ts';
import { route, type HandlerResponse, type Route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { seal } from '../../../shared/secrets/seal.ts';
import { drawSecret } from '../../../shared/secrets/token.ts';
import type { AuthDeps } from '../deps.ts';
import { decideTerms } from './decide.ts';
import { parsePublicKey } from './public-key.ts';
import {
  deletedKeyAnswer,
  keyListAnswer,
  keyParams,
  madeKeyAnswer,
  makeKeyBody,
  noQuery,
  type KeyAnswer,
  type MakeKeyBody,
} from './schema.ts';
import { drawKeyNumber, endKey, insertKey, isSubAccount, listKeys, type KeyRow } from './store.ts';

const makeKey = route({
  method: 'POST',
  path: '/v1/api-keys',
  summary: 'Makes an API key; the secret of an hmac key is shown this once.',
  query: noQuery,
  body: makeKeyBody,
  answers: { 201: madeKeyAnswer },
  refusals: [
    'API_KEYS_TOO_MANY',
    'API_KEY_USER_NOT_FOUND',
    'API_KEY_PUBLIC_KEY_INVALID',
    'API_KEY_PUBLIC_KEY_REUSED',
    'API_KEY_PUBLIC_KEY_MISPLACED',
    'API_KEY_ADDRESSES_REQUIRED',
    'API_KEY_EXPIRY_INVALID',
  ],
  handle: async (request, deps: AuthDeps): Promise<HandlerResponse | Rejection> => {
    const ownerNumber = userNumberOf(request);
    const { body } = request;
    const nowMs = deps.now();
    const terms = decideTerms(body, nowMs);
    if (isRejection(terms)) return terms;
    const publicKey = body.publicKey === undefined ? null : parsePublicKey(body.publicKey);
    if (body.publicKey !== undefined && publicKey === null) {
      return reject('API_KEY_PUBLIC_KEY_INVALID');
    }
    const userNumber = await findUser(body, ownerNumber, deps);
    if (userNumber === null) return reject('API_KEY_USER_NOT_FOUND');
    const keyNumber = await drawKeyNumber(deps.pool);
    const secret = body.type === 'hmac' ? drawSecret('bks') : null;
    const place = placeOfKey(keyId(keyNumber));
    const made = await insertKey(deps.pool, {
      ...terms,
      keyNumber,
      ownerNumber,
      userNumber,
      label: body.label,
      type: body.type,
      publicKey,
      sealedSecret: secret === null ? null : seal(deps.keySealing, place, secret),
      nowMs,
      requestId: request.requestId,
    });
    if (made === 'too_many') return reject('API_KEYS_TOO_MANY');
    if (made === 'public_key_reused') return reject('API_KEY_PUBLIC_KEY_REUSED');
    return { status: 201, body: { ...presentKey(made), secret } };
  },
});

const listOwnKeys = route({
  method: 'GET',
  path: '/v1/api-keys',
  summary: 'Own API keys and those of own sub-accounts, newest first; never a secret.',
  query: noQuery,
  answers: { 200: keyListAnswer },
  refusals: [],
  handle: async (request, deps: AuthDeps): Promise<HandlerResponse> => {
    const keys = await listKeys(deps.pool, userNumberOf(request));
    return { status: 200, body: { items: keys.map(presentKey) } };
  },
});

const deleteKey = route({
  method: 'DELETE',
  path: '/v1/api-keys/{id}',
  summary: 'Ends an API key: within a second no request of it is taken any more.',
  params: keyParams,
  query: noQuery,
  answers: { 200: deletedKeyAnswer },
  refusals: ['API_KEY_NOT_FOUND'],
  handle: async (request, deps: AuthDeps): Promise<HandlerResponse | Rejection> => {
    const keyNumber = parseKeyId(request.params.id);
    if (keyNumber === null) return reject('API_KEY_NOT_FOUND');
    const { requestId } = request;
    const ownerNumber = userNumberOf(request);
    const id = await endKey(deps.pool, keyNumber, ownerNumber, deps.now(), requestId);
    return id === null ? reject('API_KEY_NOT_FOUND') : { status: 200, body: { id } };
  },
});

export const keysRoutes: readonly Route<AuthDeps>[] = [makeKey, listOwnKeys, deleteKey];

function userNumberOf({ caller }: { readonly caller: Caller | null }): number {
  assertKnown(caller);
  return caller.userNumber;
}

/** Null unless the key is for the owner or a sub-account of theirs. */
async function findUser(
  body: MakeKeyBody,
  ownerNumber: number,
  deps: AuthDeps,
): Promise<number | null> {
  if (body.userId === undefined) return ownerNumber;
  const userNumber = parseUserId(body.userId);
  if (userNumber === null || userNumber === ownerNumber) return userNumber;
  return (await isSubAccount(deps.pool, userNumber, ownerNumber)) ? userNumber : null;
}

function presentKey(row: KeyRow): KeyAnswer {
  return {
    id: keyId(row.keyNumber),
    label: row.label,
    type: row.type,
    userId: userId(row.userNumber),
    publicKey: row.publicKey?.toString('base64') ?? null,
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    markets: row.markets === null ? null : [...row.markets],
    addresses: row.addresses === null ? null : [...row.addresses],
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
