// Adds one-time codes: a secret is offered, and counts once a code shows that the user has it.
import { withTransaction } from '../../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import {
  route,
  type HandlerRequest,
  type HandlerResponse,
  type Route,
} from '../../../../shared/function/definition.ts';
import { seal } from '../../../../shared/secrets/seal.ts';
import type { AuthDeps } from '../../deps.ts';
import { finishChange, hasFactor, lockFactors } from '../change.ts';
import { countGuess, forgetGuesses } from '../guesses.ts';
import { presentFactor } from '../present.ts';
import { replaceCodes } from '../recovery/store.ts';
import { factorMadeAnswer, totpConfirmBody, totpOfferAnswer } from '../schema.ts';
import { sessionOf } from '../session-of.ts';
import { refuseUnproven } from '../unproven.ts';
import { drawTotpSecret, findStep, totpUri } from './codes.ts';
import { openSecret, sealingPlace } from './sealed-secret.ts';
import { confirmOffer, findOffer, saveOffer } from './store.ts';

export const totpRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/auth/factors/totp',
    summary: 'Offers a secret for one-time codes; it counts once a code of it has come back.',
    answers: { 201: totpOfferAnswer },
    refusals: ['FACTOR_EXISTS'],
    handle: offerTotp,
  }),
  route({
    method: 'POST',
    path: '/v1/auth/factors/totp/confirm',
    summary: 'Makes the offered secret count; with the first factor come ten recovery codes.',
    body: totpConfirmBody,
    answers: { 201: factorMadeAnswer },
    refusals: ['FACTOR_NOT_OFFERED', 'FACTOR_REFUSED', 'FACTOR_LOCKED'],
    handle: (request, deps: AuthDeps) => confirmTotp(request, request.body.code, deps),
  }),
];

type AnyRequest = HandlerRequest<unknown, unknown, unknown>;

async function offerTotp(
  request: AnyRequest,
  deps: AuthDeps,
): Promise<HandlerResponse | Rejection> {
  const { userNumber, userId } = sessionOf(request);
  const secret = drawTotpSecret();
  const sealed = seal(deps.sealing, sealingPlace(userNumber), secret);
  const refused = await withTransaction(deps.pool, async (tx) => {
    await lockFactors(tx, userNumber);
    const unproven = await refuseUnproven(tx, request, userNumber);
    if (unproven !== null) return unproven;
    return (await saveOffer(tx, userNumber, sealed, deps.now())) ? null : reject('FACTOR_EXISTS');
  });
  if (refused !== null) return refused;
  // The address cannot be opened here; a front end that knows it may show another label.
  return { status: 201, body: { secret, uri: totpUri(secret, userId) } };
}

async function confirmTotp(
  request: AnyRequest,
  code: string,
  deps: AuthDeps,
): Promise<HandlerResponse | Rejection> {
  const { requestId } = request;
  const session = sessionOf(request);
  const { userNumber } = session;
  const nowMs = deps.now();
  const offer = await findOffer(deps.pool, userNumber, nowMs);
  if (offer === null) return reject('FACTOR_NOT_OFFERED');
  const locked = await countGuess(deps.pool, userNumber, 'totp', nowMs);
  if (locked !== null) return locked;
  const secret = openSecret(deps, userNumber, offer.secretSealed);
  if (isRejection(secret)) return secret;
  const step = findStep(secret, code, nowMs);
  if (step === null) return reject('FACTOR_REFUSED');
  const { factorNumber } = offer;
  const made = await withTransaction(deps.pool, async (tx) => {
    await lockFactors(tx, userNumber);
    const isFirst = !(await hasFactor(tx, userNumber));
    const confirmed = await confirmOffer(tx, userNumber, factorNumber, step, nowMs);
    if (!confirmed) return reject('FACTOR_NOT_OFFERED');
    await forgetGuesses(tx, userNumber, 'totp');
    const recoveryCodes = isFirst ? await replaceCodes(tx, userNumber, nowMs) : null;
    await finishChange(tx, deps, { what: 'totp_added', session, requestId }, nowMs);
    return { recoveryCodes };
  });
  if (isRejection(made)) return made;
  const createdAt = new Date(nowMs);
  const shown = presentFactor({
    factorNumber,
    kind: 'totp',
    name: null,
    createdAt,
    lastUsedAt: null,
  });
  const { recoveryCodes } = made;
  return { status: 201, body: { ...shown, ...(recoveryCodes === null ? {} : { recoveryCodes }) } };
}
