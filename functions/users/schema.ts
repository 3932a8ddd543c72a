// The wire shapes of users.
import { z } from 'zod';
import { userIdField } from '../../shared/events/fields.ts';
import { languageField } from '../../shared/events/mail.ts';
import {
  hasPasswordLength,
  isNotTooLong,
  PASSWORD_CHARACTERS_MAX,
  PASSWORD_CHARACTERS_MIN,
} from '../../shared/passwords/password-policy.ts';
import * as examples from './schema/examples.ts';
import { transferAnswer } from './schema/sub-accounts.ts';

const EMAIL_CHARACTERS_MAX = 254;

/** As RFC 5321 bounds it: 64 characters before the @, 63 between dots. */
const EMAIL_PATTERN =
  /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+.-]{0,63}[A-Za-z0-9_+-]@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

/** In lower case from here on: who signs up with other letters is the same. */
const emailField = z
  .email({ pattern: EMAIL_PATTERN })
  .max(EMAIL_CHARACTERS_MAX)
  .transform((text) => text.toLowerCase());

const newPasswordField = z
  .string()
  .refine(hasPasswordLength, `${PASSWORD_CHARACTERS_MIN} to ${PASSWORD_CHARACTERS_MAX} characters`)
  // Code points, as JSON Schema counts them.
  .meta({ minLength: PASSWORD_CHARACTERS_MIN, maxLength: PASSWORD_CHARACTERS_MAX });

/** Of a link: its form is not looked at, so that all that is no link gets the one answer. */
const tokenField = z.string().max(100);

/** Visible on one line of a mail. */
const antiPhishingCodeField = z
  .string()
  .min(4)
  .max(32)
  .regex(/^[\p{L}\p{N}\p{P}\p{S}]+( [\p{L}\p{N}\p{P}\p{S}]+)*$/u, 'visible characters');

const timeField = z.iso.datetime({ offset: false, precision: 3 });

export const noQuery = z.strictObject({});

export const signUpBody = z
  .strictObject({
    email: emailField,
    password: newPasswordField,
    language: languageField.optional(),
  })
  .meta({ examples: examples.SIGN_UP });
export const signUpAnswer = z
  .strictObject({ status: z.literal('verification_sent') })
  .meta({ examples: [{ status: 'verification_sent' }] });

export const tokenBody = z.strictObject({ token: tokenField }).meta({ examples: examples.LINKS });
export const verifiedAnswer = z
  .strictObject({
    userId: userIdField,
    status: z.literal('active'),
  })
  .meta({ examples: examples.VERIFIED });

export const resetBody = z.strictObject({ email: emailField }).meta({ examples: examples.RESET });
export const resetAnswer = z
  .strictObject({ status: z.literal('reset_sent') })
  .meta({ examples: [{ status: 'reset_sent' }] });
export const confirmResetBody = z
  .strictObject({ token: tokenField, password: newPasswordField })
  .meta({ examples: examples.CONFIRM_RESET });
export const changePasswordBody = z
  .strictObject({
    currentPassword: z
      .string()
      .refine(isNotTooLong, 'too long')
      .meta({ maxLength: PASSWORD_CHARACTERS_MAX }),
    newPassword: newPasswordField,
  })
  .meta({ examples: examples.CHANGE_PASSWORD });
export const passwordChangedAnswer = z
  .strictObject({ status: z.literal('password_changed') })
  .meta({ examples: [{ status: 'password_changed' }] });

export const changeEmailBody = z
  .strictObject({ email: emailField })
  .meta({ examples: examples.CHANGE_EMAIL });
export const changeEmailAnswer = z
  .strictObject({ status: z.literal('confirmation_sent') })
  .meta({ examples: [{ status: 'confirmation_sent' }] });
export const emailChangedAnswer = z
  .strictObject({
    status: z.enum(['email_changed', 'email_change_cancelled']),
  })
  .meta({ examples: [{ status: 'email_changed' }] });

export const patchMeBody = z
  .strictObject({
    language: languageField.optional(),
    /** Null takes it away. */
    antiPhishingCode: antiPhishingCodeField.nullable().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'name what is to be changed')
  .meta({ minProperties: 1, examples: examples.PATCH_ME });
export type PatchMeBody = z.output<typeof patchMeBody>;

export const USER_STATUSES = ['pending', 'active', 'suspended', 'closed'] as const;

export const meAnswer = z
  .strictObject({
    userId: userIdField,
    /** Null for a sub-account. */
    email: z.string().nullable(),
    emailVerified: z.boolean(),
    status: z.enum(USER_STATUSES),
    kycLevel: z.int(),
    language: languageField,
    /** For sessions alone: a program or a stolen key must not learn it. */
    antiPhishingCode: z.string().nullable().optional(),
    createdAt: timeField,
  })
  .meta({ examples: examples.MES });
export type MeAnswer = z.output<typeof meAnswer>;

export const exportAnswer = z
  .strictObject({
    user: meAnswer,
    subAccounts: z.array(
      z.strictObject({ userId: userIdField, label: z.string().nullable(), createdAt: timeField }),
    ),
    transfers: z.array(transferAnswer),
    emailChanges: z.array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        requestedAt: timeField,
        confirmedAt: timeField.nullable(),
        cancelledAt: timeField.nullable(),
      }),
    ),
    mails: z.array(z.strictObject({ template: z.string(), requestedAt: timeField })),
    sessions: z.array(
      z.strictObject({
        id: z.string(),
        createdAt: timeField,
        lastUsedAt: timeField,
        endedAt: timeField.nullable(),
        address: z.string().nullable(),
        userAgent: z.string().nullable(),
      }),
    ),
    balances: z.array(
      z.strictObject({
        userId: userIdField,
        asset: z.string(),
        total: z.string(),
        held: z.string(),
      }),
    ),
  })
  .meta({ examples: examples.EXPORTS });
export type ExportAnswer = z.output<typeof exportAnswer>;

export const closedAnswer = z
  .strictObject({ status: z.literal('closed') })
  .meta({ examples: [{ status: 'closed' }] });
