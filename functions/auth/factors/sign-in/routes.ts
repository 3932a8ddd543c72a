// Completes a sign-in whose password was right.
import type { z } from 'zod';
import { withTransaction } from '../../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { route, type Route } from '../../../../shared/function/definition.ts';
import { requestOptions } from '../../../../shared/passkeys/options.ts';
import { requestOptionsAnswer } from '../../../../shared/passkeys/schema.ts';
import { hashSecret } from '../../../../shared/secrets/token.ts';
import type { AuthDeps } from '../../deps.ts';
import { tellNewDevice } from '../../sessions/new-device.ts';
import { endExpired } from '../../sessions/store/sessions.ts';
import { auditSignIn, countSignIn } from '../../sessions/sign-in-outcome.ts';
import { openSession } from '../../sessions/open-session.ts';
import { makeChallenge } from '../passkeys/challenges.ts';
import { listPasskeys } from '../passkeys/store.ts';
import { examine, METHODS, useUp } from '../proof.ts';
import { pendingBody, signedInAnswer, signInFactorBody, type Shown } from '../schema.ts';
import { findPending, findStatus, lockPending, takeTry, usePending } from './store.ts';

export const signInFactorRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/auth/sign-in/factor',
    summary: 'Completes a sign-in with a factor or a recovery code.',
    body: signInFactorBody,
    answers: { 200: signedInAnswer },
    refusals: ['FACTOR_INVALID', 'FACTOR_LOCKED', 'PENDING_SIGN_IN_INVALID', 'ACCOUNT_SUSPENDED'],
    handle: async ({ body, requestId, log }, deps: AuthDeps) => {
      const { pendingToken, ...shown } = body;
      const completed = await completeSignIn(pendingToken, shown, requestId, deps);
      const outcome = countSignIn(completed, deps.signIns, log);
      return isRejection(outcome) ? outcome : { status: 200, body: outcome };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/auth/sign-in/passkey/options',
    summary: 'What to ask an authenticator for, to complete a sign-in with a passkey.',
    body: pendingBody,
    answers: { 200: requestOptionsAnswer },
    refusals: ['PENDING_SIGN_IN_INVALID'],
    handle: async (request, deps: AuthDeps) => {
      const binding = hashSecret(request.body.pendingToken);
      const userNumber = await findPending(deps.pool, binding, deps.now());
      if (userNumber === null) return reject('PENDING_SIGN_IN_INVALID');
      const purpose = { userNumber, purpose: 'sign_in', binding } as const;
      const challenge = await makeChallenge(deps.pool, purpose, deps.now());
      const known = await listPasskeys(deps.pool, userNumber);
      return { status: 200, body: requestOptions(deps.site, challenge, known) };
    },
  }),
];

async function completeSignIn(
  pendingToken: string,
  shown: Shown,
  requestId: string,
  deps: AuthDeps,
): Promise<z.output<typeof signedInAnswer> | Rejection> {
  const nowMs = deps.now();
  const pendingHash = hashSecret(pendingToken);
  const pending = await takeTry(deps.pool, pendingHash, nowMs);
  if (pending === null) return reject('PENDING_SIGN_IN_INVALID');
  const { userNumber } = pending;
  const purpose = { userNumber, purpose: 'sign_in', binding: pendingHash } as const;
  const evidence = await examine(deps, purpose, shown);
  if (isRejection(evidence)) return hideCaller(evidence);
  const opened = await withTransaction(deps.pool, async (tx) => {
    if (!(await lockPending(tx, pendingHash))) return reject('PENDING_SIGN_IN_INVALID');
    const status = await findStatus(tx, userNumber);
    if (status === 'suspended') return reject('ACCOUNT_SUSPENDED');
    if (status !== 'active') return reject('PENDING_SIGN_IN_INVALID');
    if (!(await useUp(tx, userNumber, evidence, nowMs))) return reject('FACTOR_INVALID');
    if (!(await usePending(tx, pendingHash, nowMs))) return reject('PENDING_SIGN_IN_INVALID');
    const amr = ['pwd', METHODS[evidence.kind]] as const;
    await endExpired(tx, userNumber, nowMs);
    await tellNewDevice(tx, deps, userNumber, pending, nowMs);
    const session = await openSession(tx, { ...pending, amr }, nowMs);
    await auditSignIn(tx, { ...pending, amr }, session, requestId);
    return session;
  });
  if (isRejection(opened)) return opened;
  const { sessionId, sessionToken, expiresAt } = opened;
  return { status: 'signed_in', sessionId, sessionToken, expiresAt: expiresAt.toISOString() };
}

/** Who signs in is not known yet: 401, where a signed-in user is refused with 403. */
function hideCaller(refused: Rejection): Rejection {
  return refused.code === 'FACTOR_REFUSED' ? reject('FACTOR_INVALID') : refused;
}
