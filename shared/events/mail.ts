// Mails that somebody is to get: what the log holds of one, and what is sealed inside. The log
// shows neither address nor link.
import { z } from 'zod';
import { userIdField } from './fields.ts';

/**
 * Each template, and the values that it needs. `none` is a mail that is not sent: an address that
 * nobody has costs what a known one does.
 */
export const MAIL_VALUES = {
  none: [],
  verify_email: ['token'],
  sign_up_known: [],
  reset_password: ['token'],
  password_changed: ['time'],
  change_email: ['token'],
  email_change_warning: ['token'],
  email_changed: ['time'],
  email_change_cancelled: ['time'],
  account_closed: ['time'],
  new_device: ['time', 'address', 'userAgent'],
  factors_changed: ['time', 'change'],
  grant_ended: ['time', 'client'],
} as const satisfies Record<string, readonly string[]>;

export type MailTemplate = keyof typeof MAIL_VALUES;

export const MAIL_TEMPLATES = Object.keys(MAIL_VALUES) as MailTemplate[];

export type MailValues<Template extends MailTemplate> = Readonly<
  Record<(typeof MAIL_VALUES)[Template][number], string>
>;

const SEALED_CHARACTERS_MAX = 16_384;
const VALUE_CHARACTERS_MAX = 1_000;

export const languageField = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/);

export const mailRequestedSchema = z.strictObject({
  /** The same mail again has the same id: it is sent once. */
  id: z.uuid(),
  userId: userIdField.nullable(),
  template: z.enum(MAIL_TEMPLATES),
  language: languageField,
  /** `sealedMailSchema` as JSON, sealed with the ring `mail` for the place `mail/<id>`. */
  sealed: z.string().max(SEALED_CHARACTERS_MAX),
  /**
   * The address as `users` keeps it, from a producer that cannot open it: sealed with the ring
   * `users` for `userId`. Without it the address is inside `sealed`.
   */
  recipientSealed: z.exactOptional(z.string().max(SEALED_CHARACTERS_MAX)),
});
export type MailRequested = z.output<typeof mailRequestedSchema>;

export const sealedMailSchema = z.strictObject({
  /** Null when it is in `recipientSealed`. */
  to: z.string().min(3).max(254).nullable(),
  antiPhishingCode: z.string().nullable(),
  values: z.record(z.string(), z.string().max(VALUE_CHARACTERS_MAX)),
});
export type SealedMail = z.output<typeof sealedMailSchema>;

/** Where a mail is sealed for. */
export function mailPlace(mailId: string): string {
  return `mail/${mailId}`;
}
