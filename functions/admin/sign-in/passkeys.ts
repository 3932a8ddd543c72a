// The passkeys of the person who is signed in: a second one, before the first is lost.
import { withTransaction } from '../../../shared/db/pool.ts';
import { isRejection, reject } from '../../../shared/domain/rejection.ts';
import { route, type HandlerRequest, type Route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { creationOptionsAnswer } from '../../../shared/passkeys/schema.ts';
import type { AdminDeps } from '../deps.ts';
import { asFreshStaff, asStaff } from '../staff-caller.ts';
import { offerPasskey, presentPasskey, takePasskey } from './new-passkey.ts';
import { passkeyFacts, recordOf } from './record.ts';
import { newPasskeyBody, passkeyAnswer, passkeysAnswer } from './schema.ts';
import { registeringIn, type ChallengePurpose } from './store/challenges.ts';
import { listPasskeys } from './store/passkeys.ts';
import { lockPerson } from './store/sessions.ts';

export const passkeyRoutes: readonly Route<AdminDeps>[] = [
  route({
    method: 'GET',
    path: '/v1/admin/passkeys',
    summary: 'The passkeys of the person who is signed in.',
    answers: { 200: passkeysAnswer },
    refusals: ['ACCESS_DENIED'],
    handle: (request, deps: AdminDeps) =>
      asStaff(request, deps, null, async ({ staffNumber }) => {
        const passkeys = await listPasskeys(deps.pool, staffNumber);
        return { status: 200, body: { passkeys: passkeys.map(presentPasskey) } };
      }),
  }),
  route({
    method: 'POST',
    path: '/v1/admin/passkeys/options',
    summary: 'What to ask an authenticator for, to make another passkey.',
    answers: { 200: creationOptionsAnswer },
    refusals: ['ACCESS_DENIED', 'STAFF_SIGN_IN_STALE', 'PASSKEYS_TOO_MANY'],
    handle: (request, deps: AdminDeps) =>
      asFreshStaff(request, deps, async ({ staffNumber }) => {
        const body = await withTransaction(deps.pool, async (tx) => {
          const person = await lockPerson(tx, staffNumber);
          if (person?.isActive !== true) return reject('ACCESS_DENIED');
          return offerPasskey(tx, deps, person, purposeOf(request));
        });
        return isRejection(body) ? body : { status: 200, body };
      }),
  }),
  route({
    method: 'POST',
    path: '/v1/admin/passkeys',
    summary: 'Adds the passkey that was made.',
    body: newPasskeyBody,
    answers: { 201: passkeyAnswer },
    refusals: ['ACCESS_DENIED', 'STAFF_SIGN_IN_STALE', 'PASSKEY_INVALID', 'PASSKEYS_TOO_MANY'],
    handle: (request, deps: AdminDeps) =>
      asFreshStaff(request, deps, async ({ staffNumber }) => {
        const { body, log } = request;
        const kept = await withTransaction(deps.pool, async (tx) => {
          const person = await lockPerson(tx, staffNumber);
          if (person?.isActive !== true) return reject('ACCESS_DENIED');
          const purpose = purposeOf(request);
          const passkey = await takePasskey(tx, deps, staffNumber, body, purpose, log);
          if (isRejection(passkey)) return passkey;
          await recordOf(tx, request, staffNumber, 'staff.passkey_added', passkeyFacts(passkey));
          return passkey;
        });
        return isRejection(kept) ? kept : { status: 201, body: presentPasskey(kept) };
      }),
  }),
];

function purposeOf({ caller }: HandlerRequest<unknown, unknown, unknown>): ChallengePurpose {
  assertKnown(caller);
  return registeringIn(caller.credentialId);
}
