// What an operator has printed for a person becomes the person's passkey.
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type Route } from '../../../shared/function/definition.ts';
import { creationOptionsAnswer } from '../../../shared/passkeys/schema.ts';
import { hashSecret } from '../../../shared/secrets/token.ts';
import type { AdminDeps } from '../deps.ts';
import { offerPasskey, presentPasskey, takePasskey } from './new-passkey.ts';
import { passkeyFacts, recordOf } from './record.ts';
import { enrolBody, enrolmentBody, passkeyAnswer } from './schema.ts';
import type { ChallengePurpose } from './store/challenges.ts';
import { findEnrolment, useEnrolment } from './store/enrolments.ts';
import { lockPerson, type Person } from './store/sessions.ts';

export const enrolmentRoutes: readonly Route<AdminDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/admin/enrolments/options',
    summary: 'What to ask an authenticator for, to make the passkey of an enrolment.',
    body: enrolmentBody,
    answers: { 200: creationOptionsAnswer },
    refusals: ['ADDRESS_NOT_ALLOWED', 'ENROLMENT_INVALID', 'PASSKEYS_TOO_MANY'],
    handle: async (request, deps: AdminDeps) => {
      const hash = hashSecret(request.body.enrolment);
      const body = await withTransaction(deps.pool, async (tx) => {
        const person = await lockEnrolled(tx, hash, deps.now());
        return isRejection(person) ? person : offerPasskey(tx, deps, person, enrolling(hash));
      });
      return isRejection(body) ? body : { status: 200, body };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/enrolments',
    summary: 'Turns an enrolment into the passkey that was made, once.',
    body: enrolBody,
    answers: { 201: passkeyAnswer },
    refusals: ['ADDRESS_NOT_ALLOWED', 'ENROLMENT_INVALID', 'PASSKEY_INVALID', 'PASSKEYS_TOO_MANY'],
    handle: async (request, deps: AdminDeps) => {
      const { enrolment, ...made } = request.body;
      const hash = hashSecret(enrolment);
      const kept = await withTransaction(deps.pool, async (tx) => {
        const person = await lockEnrolled(tx, hash, deps.now());
        if (isRejection(person)) return person;
        const { staffNumber } = person;
        const purpose = enrolling(hash);
        const passkey = await takePasskey(tx, deps, staffNumber, made, purpose, request.log);
        if (isRejection(passkey)) return passkey;
        await useEnrolment(tx, hash);
        await recordOf(tx, request, staffNumber, 'staff.enrolled', passkeyFacts(passkey));
        return passkey;
      });
      return isRejection(kept) ? kept : { status: 201, body: presentPasskey(kept) };
    },
  }),
];

function enrolling(hash: Buffer): ChallengePurpose {
  return { purpose: 'enrol', binding: hash };
}

async function lockEnrolled(tx: Tx, hash: Buffer, nowMs: number): Promise<Person | Rejection> {
  const staffNumber = await findEnrolment(tx, hash, nowMs);
  if (staffNumber === null) return reject('ENROLMENT_INVALID');
  const person = await lockPerson(tx, staffNumber);
  // It may have been used, or another printed, while we waited for the lock.
  const isStill = (await findEnrolment(tx, hash, nowMs)) !== null;
  return person?.isActive === true && isStill ? person : reject('ENROLMENT_INVALID');
}
