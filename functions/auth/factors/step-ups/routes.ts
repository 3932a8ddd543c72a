// Step-ups: a factor shown now, for one request that is named beforehand.
import { withTransaction } from '../../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { hashAction, type SteppedAction } from '../../../../shared/function/auth/step-up.ts';
import { route, type HandlerResponse, type Route } from '../../../../shared/function/definition.ts';
import { requestOptions } from '../../../../shared/passkeys/options.ts';
import { requestOptionsAnswer } from '../../../../shared/passkeys/schema.ts';
import { drawSecret, hashSecret } from '../../../../shared/secrets/token.ts';
import type { AuthDeps } from '../../deps.ts';
import { bindTo, makeChallenge } from '../passkeys/challenges.ts';
import { listPasskeys } from '../passkeys/store.ts';
import { examine, useUp } from '../proof.ts';
import { actionBody, stepUpAnswer, stepUpBody, type Shown } from '../schema.ts';
import { sessionOf, type CallingSession } from '../session-of.ts';
import { saveStepUp, STEP_UP_LIFE_MS } from './store.ts';

export const stepUpRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/auth/step-ups',
    summary: 'Takes a factor for one request, and gives what to send with it.',
    body: stepUpBody,
    answers: { 201: stepUpAnswer },
    refusals: ['FACTOR_REFUSED', 'FACTOR_LOCKED', 'FACTOR_REQUIRED'],
    handle: (request, deps: AuthDeps) => {
      const { action, ...shown } = request.body;
      return stepUp(sessionOf(request), action, shown, deps);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/auth/step-ups/passkey/options',
    summary: 'What to ask an authenticator for, to step up with a passkey.',
    body: actionBody,
    answers: { 200: requestOptionsAnswer },
    refusals: [],
    handle: async (request, deps: AuthDeps) => {
      const { userNumber, credentialId } = sessionOf(request);
      const binding = bindTo(credentialId, hashAction(request.body.action));
      const purpose = { userNumber, purpose: 'step_up', binding } as const;
      const challenge = await makeChallenge(deps.pool, purpose, deps.now());
      const known = await listPasskeys(deps.pool, userNumber);
      return { status: 200, body: requestOptions(deps.site, challenge, known) };
    },
  }),
];

async function stepUp(
  { userNumber, sessionNumber, credentialId }: CallingSession,
  stepped: SteppedAction,
  shown: Shown,
  deps: AuthDeps,
): Promise<HandlerResponse | Rejection> {
  const action = hashAction(stepped);
  const binding = bindTo(credentialId, action);
  const evidence = await examine(deps, { userNumber, purpose: 'step_up', binding }, shown);
  if (isRejection(evidence)) return evidence;
  const secret = drawSecret('bsu');
  const made = { hash: hashSecret(secret), userNumber, sessionNumber, action };
  const nowMs = deps.now();
  const refused = await withTransaction(deps.pool, async (tx) => {
    if (!(await useUp(tx, userNumber, evidence, nowMs))) return reject('FACTOR_REFUSED');
    return (await saveStepUp(tx, made, nowMs)) ? null : reject('TOKEN_INVALID');
  });
  if (refused !== null) return refused;
  const expiresAt = new Date(nowMs + STEP_UP_LIFE_MS).toISOString();
  return { status: 201, body: { stepUp: secret, expiresAt } };
}
