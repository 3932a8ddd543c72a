// The wire shapes of the sign-in of staff.
import { z } from 'zod';
import {
  assertionField,
  attestationField,
  passkeyNameField,
} from '../../../shared/passkeys/schema.ts';
import * as examples from './examples.ts';

const instant = z.iso.datetime({ offset: false, precision: 3 });
const enrolmentField = z.string().max(64);

export const enrolmentBody = z
  .strictObject({ enrolment: enrolmentField })
  .meta({ examples: examples.ENROLMENTS });
export const enrolBody = z
  .strictObject({
    enrolment: enrolmentField,
    name: passkeyNameField,
    response: attestationField,
  })
  .meta({ examples: examples.ENROL });
export const newPasskeyBody = z
  .strictObject({
    name: passkeyNameField,
    response: attestationField,
  })
  .meta({ examples: examples.MAKE_PASSKEYS });
export type NewPasskeyBody = z.output<typeof newPasskeyBody>;

export const signInBody = z
  .strictObject({
    /** As POST /v1/admin/sign-in/options gave it; the passkey has signed the same. */
    challenge: z.string().max(64),
    response: assertionField,
  })
  .meta({ examples: examples.SIGN_INS });
export type SignInBody = z.output<typeof signInBody>;

/** The token is shown once, and goes into `Authorization: Bearer` of every request. */
export const signedInAnswer = z
  .strictObject({ sessionToken: z.string(), expiresAt: instant })
  .meta({ examples: examples.SIGNED_IN });
export const signedOutAnswer = z
  .strictObject({ ended: z.int() })
  .meta({ examples: examples.SIGNED_OUT });

export const passkeyAnswer = z
  .strictObject({
    /** What the authenticator calls it: base64url. */
    id: z.string(),
    name: z.string(),
    createdAt: instant,
    lastUsedAt: instant.nullable(),
  })
  .meta({ examples: examples.PASSKEYS });
export const passkeysAnswer = z
  .strictObject({ passkeys: z.array(passkeyAnswer) })
  .meta({ examples: examples.PASSKEY_LISTS });
