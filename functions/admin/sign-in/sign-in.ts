// Staff sign in by a passkey alone, and out. Every way to fail has one answer.
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import { staffId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import {
  route,
  type HandlerRequest,
  type HandlerResponse,
  type Route,
} from '../../../shared/function/definition.ts';
import { requestOptions } from '../../../shared/passkeys/options.ts';
import { requestOptionsAnswer } from '../../../shared/passkeys/schema.ts';
import { findChallenge, isHandleOf, verifyAssertion } from '../../../shared/passkeys/verify.ts';
import type { AdminDeps } from '../deps.ts';
import { alarm, asStaff } from '../staff-caller.ts';
import { passkeyFacts, recordOf, recordRefused } from './record.ts';
import { signedInAnswer, signedOutAnswer, signInBody, type SignInBody } from './schema.ts';
import { makeChallenge, SIGN_IN, takeChallenge } from './store/challenges.ts';
import { findPasskey, useCounter, type StoredPasskey } from './store/passkeys.ts';
import { endSessions, lockPerson, openSession } from './store/sessions.ts';

export const signInRoutes: readonly Route<AdminDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/admin/sign-in/options',
    summary: 'What to ask an authenticator for, to sign in; the same for everybody.',
    answers: { 200: requestOptionsAnswer },
    refusals: ['ADDRESS_NOT_ALLOWED'],
    handle: async (_request, deps: AdminDeps) => {
      const challenge = await makeChallenge(deps.pool, SIGN_IN, deps.now());
      return { status: 200, body: requestOptions(deps.site, challenge, []) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/sign-in',
    summary: 'Opens a session with a passkey, and ends the one before.',
    body: signInBody,
    answers: { 200: signedInAnswer },
    refusals: ['ADDRESS_NOT_ALLOWED', 'SIGN_IN_FAILED'],
    handle: signIn,
  }),
  route({
    method: 'DELETE',
    path: '/v1/admin/sessions/current',
    summary: 'Signs out.',
    answers: { 200: signedOutAnswer },
    refusals: ['ACCESS_DENIED'],
    handle: (request, deps: AdminDeps) =>
      asStaff(request, deps, null, async ({ staffNumber }) => {
        const ended = await withTransaction(deps.pool, async (tx) => {
          await lockPerson(tx, staffNumber);
          const count = await endSessions(tx, staffNumber, 'signed_out', deps.now());
          if (count > 0) await recordOf(tx, request, staffNumber, 'staff.sign_out', {});
          return count;
        });
        return { status: 200, body: { ended } };
      }),
  }),
];

type SignInRequest = HandlerRequest<unknown, unknown, SignInBody>;

const FAILED = 'the passkey is not known, or not good for this';

async function signIn(
  request: SignInRequest,
  deps: AdminDeps,
): Promise<HandlerResponse | Rejection> {
  const { challenge, response } = request.body;
  const failed = reject('SIGN_IN_FAILED', FAILED);
  if (findChallenge(response.response.clientDataJSON) !== challenge) return failed;
  if (!(await takeChallenge(deps.pool, challenge, SIGN_IN, deps.now()))) return failed;
  const passkey = await findPasskey(deps.pool, Buffer.from(response.id, 'base64url'));
  if (passkey === null) return failed;
  const counter = await verify(request, deps, passkey);
  const opened = await withTransaction(deps.pool, (tx) =>
    open(tx, request, deps, passkey, counter),
  );
  if (isRejection(opened)) return opened;
  const { sessionToken, expiresAt } = opened;
  return { status: 200, body: { sessionToken, expiresAt: expiresAt.toISOString() } };
}

/** The counter of a good signature. Who does not say first who they are is named by their key. */
async function verify(
  { body, log }: SignInRequest,
  { site }: AdminDeps,
  passkey: StoredPasskey,
): Promise<number | null> {
  const { challenge, response } = body;
  const { userHandle } = response.response;
  if (userHandle === undefined || userHandle === null) return null;
  if (!isHandleOf(response, staffId(passkey.staffNumber))) return null;
  return verifyAssertion(site, passkey, response, challenge, log);
}

/** A refusal changes nothing but the audit log, and is committed with it. */
async function open(
  tx: Tx,
  request: SignInRequest,
  deps: AdminDeps,
  passkey: StoredPasskey,
  counter: number | null,
): Promise<Awaited<ReturnType<typeof openSession>> | Rejection> {
  const { staffNumber, passkeyNumber } = passkey;
  const nowMs = deps.now();
  const person = await lockPerson(tx, staffNumber);
  const refuse = async (why: string): Promise<Rejection> => {
    request.log.warn({ staff: staffId(staffNumber), why }, 'a sign-in of staff was refused');
    await recordRefused(tx, request, staffNumber, passkey, why);
    return reject('SIGN_IN_FAILED', FAILED);
  };
  if (counter === null) return refuse('not signed as asked');
  if (person?.isActive !== true) return refuse('disabled');
  if (!(await useCounter(tx, passkeyNumber, counter, nowMs)))
    return refuse('counter or passkey gone');
  if (person.isBreakGlass) await alarm(request, deps, person, tx);
  const address = request.clientAddress;
  const opened = await openSession(tx, { staffNumber, passkeyNumber, address }, nowMs);
  await recordOf(tx, request, staffNumber, 'staff.sign_in', passkeyFacts(passkey));
  return opened;
}
