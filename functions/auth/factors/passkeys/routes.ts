// Adds passkeys: a challenge, and the key that the authenticator made for it.
import { withTransaction, type Tx } from '../../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import {
  route,
  type HandlerRequest,
  type HandlerResponse,
  type Route,
} from '../../../../shared/function/definition.ts';
import { creationOptions } from '../../../../shared/passkeys/options.ts';
import { creationOptionsAnswer, type Attestation } from '../../../../shared/passkeys/schema.ts';
import { findChallenge, verifyAttestation } from '../../../../shared/passkeys/verify.ts';
import type { AuthDeps } from '../../deps.ts';
import { finishChange, hasFactor, lockFactors, type FactorChange } from '../change.ts';
import { presentFactor } from '../present.ts';
import { replaceCodes } from '../recovery/store.ts';
import { factorMadeAnswer, passkeyBody } from '../schema.ts';
import { sessionOf } from '../session-of.ts';
import { refuseUnproven } from '../unproven.ts';
import { bindTo, makeChallenge, takeChallenge } from './challenges.ts';
import { listPasskeys, PASSKEYS_MAX, savePasskey, type NewPasskey } from './store.ts';

export const passkeyRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/auth/factors/passkeys/options',
    summary: 'What to ask an authenticator for, to make a new passkey.',
    answers: { 200: creationOptionsAnswer },
    refusals: ['PASSKEYS_TOO_MANY'],
    handle: offerPasskey,
  }),
  route({
    method: 'POST',
    path: '/v1/auth/factors/passkeys',
    summary: 'Adds the passkey that was made; with the first factor come ten recovery codes.',
    body: passkeyBody,
    answers: { 201: factorMadeAnswer },
    refusals: ['PASSKEY_INVALID', 'PASSKEYS_TOO_MANY'],
    handle: addPasskey,
  }),
];

type AnyRequest = HandlerRequest<unknown, unknown, unknown>;

async function offerPasskey(
  request: AnyRequest,
  deps: AuthDeps,
): Promise<HandlerResponse | Rejection> {
  const { userNumber, userId, credentialId } = sessionOf(request);
  const purpose = { userNumber, purpose: 'register', binding: bindTo(credentialId) } as const;
  const made = await withTransaction(deps.pool, async (tx) => {
    await lockFactors(tx, userNumber);
    const unproven = await refuseUnproven(tx, request, userNumber);
    if (unproven !== null) return unproven;
    const known = await listPasskeys(tx, userNumber);
    if (known.length >= PASSKEYS_MAX) return reject('PASSKEYS_TOO_MANY');
    return { known, challenge: await makeChallenge(tx, purpose, deps.now()) };
  });
  if (isRejection(made)) return made;
  const { challenge, known } = made;
  // The address cannot be opened here; a front end that knows it may set another name.
  const user = { id: userId, name: userId };
  return { status: 200, body: creationOptions(deps.site, user, challenge, known) };
}

async function addPasskey(
  request: HandlerRequest<
    unknown,
    unknown,
    { readonly name: string; readonly response: Attestation }
  >,
  deps: AuthDeps,
): Promise<HandlerResponse | Rejection> {
  const { requestId } = request;
  const session = sessionOf(request);
  const { userNumber, credentialId } = session;
  const { name, response } = request.body;
  const nowMs = deps.now();
  const challenge = findChallenge(response.response.clientDataJSON);
  if (challenge === null) return reject('PASSKEY_INVALID');
  const purpose = { userNumber, purpose: 'register', binding: bindTo(credentialId) } as const;
  const made = await withTransaction(deps.pool, async (tx) => {
    // The challenge is taken under the lock: a change of factors deletes those made before it.
    await lockFactors(tx, userNumber);
    if (!(await takeChallenge(tx, challenge, purpose, nowMs))) return reject('PASSKEY_INVALID');
    const key = await verifyAttestation(deps.site, response, challenge, request.log);
    if (key === null) return reject('PASSKEY_INVALID');
    const transports = response.response.transports ?? [];
    const passkey = { ...key, name, transports };
    return keepPasskey(tx, deps, passkey, { what: 'passkey_added', session, requestId }, nowMs);
  });
  if (isRejection(made)) return made;
  const { factorNumber, recoveryCodes } = made;
  const createdAt = new Date(nowMs);
  const shown = presentFactor({ factorNumber, kind: 'passkey', name, createdAt, lastUsedAt: null });
  return { status: 201, body: { ...shown, ...(recoveryCodes === null ? {} : { recoveryCodes }) } };
}

async function keepPasskey(
  tx: Tx,
  deps: AuthDeps,
  passkey: NewPasskey,
  change: FactorChange,
  nowMs: number,
): Promise<{ factorNumber: number; recoveryCodes: string[] | null } | Rejection> {
  const { userNumber } = change.session;
  const isFirst = !(await hasFactor(tx, userNumber));
  const known = await listPasskeys(tx, userNumber);
  if (known.length >= PASSKEYS_MAX) return reject('PASSKEYS_TOO_MANY');
  const factorNumber = await savePasskey(tx, userNumber, passkey, nowMs);
  if (factorNumber === null) return reject('PASSKEY_INVALID', 'this passkey is known already');
  const recoveryCodes = isFirst ? await replaceCodes(tx, userNumber, nowMs) : null;
  await finishChange(tx, deps, change, nowMs);
  return { factorNumber, recoveryCodes };
}
