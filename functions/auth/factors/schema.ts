// The wire shapes of factors, step-ups and holds.
import { z } from 'zod';
import {
  assertionField,
  attestationField,
  passkeyNameField,
  type Assertion,
} from '../../../shared/passkeys/schema.ts';
import * as examples from './examples.ts';

const instant = z.iso.datetime({ offset: false, precision: 3 });
export const factorIdField = z.string().regex(/^fct_[0-9]{16}$/);

const totpField = z.string().regex(/^[0-9]{6}$/);
/** Written with or without dashes, in letters of either size. */
const recoveryCodeField = z
  .string()
  .max(64)
  .regex(/^[0-9a-fA-F -]+$/);
const passwordField = z.string().min(1).max(512);
const pendingTokenField = z.string().max(64);

const actionField = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .max(2_048)
    .regex(/^\/[\x21-\x7e]*$/),
  bodySha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const byTotp = { totp: totpField };
const byRecoveryCode = { recoveryCode: recoveryCodeField };
const byPasskey = { passkey: assertionField };
const byPassword = { password: passwordField };

/** One way to prove oneself. */
export type Shown =
  | { readonly totp: string }
  | { readonly recoveryCode: string }
  | { readonly passkey: Assertion }
  | { readonly password: string };

const pending = { pendingToken: pendingTokenField };
export const signInFactorBody = z
  .union([
    z.strictObject({ ...pending, ...byTotp }),
    z.strictObject({ ...pending, ...byRecoveryCode }),
    z.strictObject({ ...pending, ...byPasskey }),
  ])
  .meta({ examples: examples.SIGN_IN_FACTORS });
export const pendingBody = z.strictObject(pending).meta({ examples: examples.PENDINGS });

const action = { action: actionField };
export const stepUpBody = z
  .union([
    z.strictObject({ ...action, ...byTotp }),
    z.strictObject({ ...action, ...byRecoveryCode }),
    z.strictObject({ ...action, ...byPasskey }),
    z.strictObject({ ...action, ...byPassword }),
  ])
  .meta({ examples: examples.PROVE });
export const actionBody = z.strictObject(action).meta({ examples: examples.ACTIONS });

export const totpConfirmBody = z
  .strictObject({ code: totpField })
  .meta({ examples: examples.CONFIRM_TOTP });
export const passkeyBody = z
  .strictObject({ name: passkeyNameField, response: attestationField })
  .meta({ examples: examples.MAKE_PASSKEYS });
export const factorParams = z.strictObject({ id: factorIdField });

export const signedInAnswer = z
  .strictObject({
    status: z.literal('signed_in'),
    sessionId: z.string(),
    sessionToken: z.string(),
    expiresAt: instant,
  })
  .meta({ examples: examples.SIGNED_IN });
export const stepUpAnswer = z
  .strictObject({ stepUp: z.string(), expiresAt: instant })
  .meta({ examples: examples.STEP_UPS });

const recoveryCodes = z.array(z.string()).length(10);
export const recoveryCodesAnswer = z
  .strictObject({ recoveryCodes })
  .meta({ examples: examples.RECOVERY });
export const totpOfferAnswer = z
  .strictObject({ secret: z.string(), uri: z.string() })
  .meta({ examples: examples.TOTP_OFFERS });

const FACTOR = {
  id: factorIdField,
  kind: z.enum(['totp', 'passkey']),
  /** Null for what has no name. */
  name: z.string().nullable(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
};
/** The codes are shown this once, and only with the first factor. */
export const factorMadeAnswer = z
  .strictObject({
    ...FACTOR,
    recoveryCodes: recoveryCodes.optional(),
  })
  .meta({ examples: examples.MADE_FACTORS });
export const factorsAnswer = z
  .strictObject({
    factors: z.array(z.strictObject(FACTOR)),
    recoveryCodesLeft: z.int(),
  })
  .meta({ examples: examples.FACTOR_LISTS });
export type FactorAnswer = z.output<typeof factorsAnswer>['factors'][number];

export const holdsAnswer = z
  .strictObject({
    /** Null: not held. */
    withdrawalsHeldUntil: instant.nullable(),
    holds: z.array(z.strictObject({ kind: z.string(), startedAt: instant, until: instant })),
  })
  .meta({ examples: examples.HOLDS });
