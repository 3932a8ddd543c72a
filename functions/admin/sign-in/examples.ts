// Examples of the sign-in of staff, for the OpenAPI page; a test holds them to the schemas that
// they belong to.
import {
  CHALLENGE,
  CREDENTIAL,
  MADE_PASSKEY,
  SHOWN_PASSKEY,
} from '../../../shared/passkeys/examples.ts';

const ENROLMENT = 'ben_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE';
const NEW_PASSKEY = { name: 'security key', response: MADE_PASSKEY };
const PASSKEY = {
  id: CREDENTIAL,
  name: NEW_PASSKEY.name,
  createdAt: '2026-01-31T12:00:00.000Z',
  lastUsedAt: null,
};

export const ENROLMENTS = [{ enrolment: ENROLMENT }];
export const ENROL = [{ enrolment: ENROLMENT, ...NEW_PASSKEY }];
export const MAKE_PASSKEYS = [NEW_PASSKEY];
export const SIGN_INS = [{ challenge: CHALLENGE, response: SHOWN_PASSKEY }];
export const SIGNED_IN = [
  {
    sessionToken: 'bas_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE',
    expiresAt: '2026-01-31T20:00:00.000Z',
  },
];
export const SIGNED_OUT = [{ ended: 1 }];
export const PASSKEYS = [PASSKEY];
export const PASSKEY_LISTS = [{ passkeys: [PASSKEY] }];
