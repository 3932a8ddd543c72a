// The wire shapes of signing in, and of sessions.
import { z } from 'zod';
import * as examples from './examples.ts';

export const noQuery = z.strictObject({});

const EMAIL_CHARACTERS_MAX = 254;
/** Far above the longest password there is; hashing more would be work for nothing. */
const PASSWORD_CHARACTERS_MAX = 1_024;

const timeField = z.iso.datetime({ offset: false, precision: 3 });
const sessionField = z.string().regex(/^ses_[0-9]{16}$/);

export const signInBody = z
  .strictObject({
    email: z
      .string()
      .max(EMAIL_CHARACTERS_MAX)
      .regex(/^[^\s@\x00-\x1f\x7f-\x9f]+@[^\s@\x00-\x1f\x7f-\x9f]+$/),
    password: z.string().min(1).max(PASSWORD_CHARACTERS_MAX),
  })
  .meta({ examples: examples.SIGN_IN });
export type SignIn = z.output<typeof signInBody>;

export const FACTORS = ['totp', 'passkey', 'recovery_code'] as const;

export const signedInAnswer = z.strictObject({
  status: z.literal('signed_in'),
  sessionId: sessionField,
  /** For POST /v1/auth/access-tokens, as bearer; shown once. */
  sessionToken: z.string(),
  expiresAt: timeField,
});

const factorRequiredAnswer = z.strictObject({
  status: z.literal('factor_required'),
  pendingToken: z.string(),
  factors: z.array(z.enum(FACTORS)),
  expiresAt: timeField,
});

export const signInAnswer = z
  .discriminatedUnion('status', [signedInAnswer, factorRequiredAnswer])
  .meta({ examples: examples.SIGN_IN_ANSWERS });
export type SignInAnswer = z.output<typeof signInAnswer>;

export const accessTokenAnswer = z
  .strictObject({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresInSeconds: z.int(),
  })
  .meta({ examples: examples.ACCESS_TOKENS });

const sessionAnswer = z.strictObject({
  id: sessionField,
  /** True for the one that asks. */
  current: z.boolean(),
  createdAt: timeField,
  /** When an access token was last drawn. */
  lastUsedAt: timeField,
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** RFC 8176: how the user was known. */
  amr: z.array(z.string()),
});
export type SessionAnswer = z.output<typeof sessionAnswer>;

export const sessionListAnswer = z
  .strictObject({ items: z.array(sessionAnswer) })
  .meta({ examples: examples.SESSION_LISTS });
export const sessionParams = z.strictObject({ id: sessionField });
export const endedAnswer = z.strictObject({ ended: z.int() }).meta({ examples: examples.ENDED });
