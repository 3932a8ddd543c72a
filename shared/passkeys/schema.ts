// The wire shapes of passkeys: what browsers send, and what they are told to ask for.
import { z } from 'zod';
import * as examples from './examples.ts';

function base64urlField(charactersMax: number) {
  return z
    .string()
    .max(charactersMax)
    .regex(/^[A-Za-z0-9_-]+$/);
}

/** A credential id has at most 1023 bytes. */
const credentialIdField = base64urlField(1_364);
const clientDataField = base64urlField(4_096);

const CREDENTIAL = {
  id: credentialIdField,
  rawId: credentialIdField,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullable().optional(),
  // Nothing is asked of extensions, so nothing they say is looked at.
  clientExtensionResults: z.record(z.string().max(64), z.unknown()).optional(),
};

/** RegistrationResponseJSON of WebAuthn Level 3; what is not named is not looked at. */
export const attestationField = z.object({
  ...CREDENTIAL,
  response: z.object({
    clientDataJSON: clientDataField,
    attestationObject: base64urlField(16_384),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .optional(),
  }),
});
export type Attestation = z.output<typeof attestationField>;

/** AuthenticationResponseJSON of WebAuthn Level 3. */
export const assertionField = z.object({
  ...CREDENTIAL,
  response: z.object({
    clientDataJSON: clientDataField,
    authenticatorData: base64urlField(4_096),
    signature: base64urlField(2_048),
    userHandle: base64urlField(128).nullable().optional(),
  }),
});
export type Assertion = z.output<typeof assertionField>;

/** What a person calls a passkey: text that can be seen. */
export const passkeyNameField = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]*$/u, 'visible characters');

const descriptors = z.array(
  z.strictObject({
    id: z.string(),
    type: z.literal('public-key'),
    transports: z.array(z.string()),
  }),
);
/** PublicKeyCredentialCreationOptionsJSON. */
export const creationOptionsAnswer = z
  .strictObject({
    rp: z.strictObject({ id: z.string(), name: z.string() }),
    user: z.strictObject({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.strictObject({ type: z.literal('public-key'), alg: z.int() })),
    timeout: z.int(),
    excludeCredentials: descriptors,
    authenticatorSelection: z.strictObject({
      residentKey: z.enum(['preferred', 'required']),
      userVerification: z.literal('required'),
    }),
    attestation: z.literal('none'),
  })
  .meta({ examples: examples.CREATION_OPTIONS });
/** PublicKeyCredentialRequestOptionsJSON. */
export const requestOptionsAnswer = z
  .strictObject({
    challenge: z.string(),
    timeout: z.int(),
    rpId: z.string(),
    allowCredentials: descriptors,
    userVerification: z.literal('required'),
  })
  .meta({ examples: examples.REQUEST_OPTIONS });
