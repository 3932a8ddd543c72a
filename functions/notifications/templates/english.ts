// The mails in English.
import type { Templates } from './template.ts';

const NOT_YOU = 'If this was not you, reset your password now and write to support.';
const IGNORE = 'If you did not ask for this, ignore this mail: nothing has changed.';

export const ENGLISH: Templates = {
  verify_email: ({ token }, { page }) => ({
    subject: 'Confirm your e-mail address',
    paragraphs: [
      'Somebody, we hope you, has signed up with this address. Confirm it within 24 hours.',
      IGNORE,
    ],
    link: { label: 'Confirm the address', href: page('/verify-email', token) },
  }),
  sign_up_known: () => ({
    subject: 'You have an account already',
    paragraphs: [
      'Somebody tried to use this address for an account. It has one already, and that one has ' +
        'not changed.',
      'If it was you and you do not remember the password, reset it where you sign in.',
    ],
  }),
  reset_password: ({ token }, { page }) => ({
    subject: 'Reset your password',
    paragraphs: [
      'The link is good for 30 minutes, once. Withdrawals wait for 72 hours after a reset.',
      IGNORE,
    ],
    link: { label: 'Set a new password', href: page('/reset-password', token) },
  }),
  password_changed: ({ time }) => ({
    subject: 'Your password was changed',
    paragraphs: [`Your password was changed at ${time}. Withdrawals wait for a while.`, NOT_YOU],
  }),
  change_email: ({ token }, { page }) => ({
    subject: 'Confirm your new e-mail address',
    paragraphs: [
      'This address is to become the address of an account. Confirm it within 24 hours.',
      IGNORE,
    ],
    link: { label: 'Confirm the new address', href: page('/confirm-email', token) },
  }),
  email_change_warning: ({ token }, { page }) => ({
    subject: 'Your e-mail address is about to change',
    paragraphs: [
      'Somebody, we hope you, has asked to move your account to another e-mail address.',
      'If this was not you, take it back within 72 hours: your address stays, or comes back, and ' +
        'everybody is signed out.',
    ],
    link: { label: 'Take it back', href: page('/cancel-email', token) },
  }),
  email_changed: ({ time }) => ({
    subject: 'Your e-mail address was changed',
    paragraphs: [
      `The e-mail address of your account was changed at ${time}. Withdrawals wait for 72 hours.`,
      'If this was not you, use the link in the warning that we sent before.',
    ],
  }),
  email_change_cancelled: ({ time }) => ({
    subject: 'The change of your e-mail address was taken back',
    paragraphs: [
      `The change of your e-mail address was taken back at ${time}.`,
      'If you had not asked for it, reset your password now: somebody knows it.',
    ],
  }),
  account_closed: ({ time }) => ({
    subject: 'Your account is closed',
    paragraphs: [`Your account was closed at ${time}. We have forgotten your address.`],
  }),
  new_device: ({ time, address, userAgent }) => ({
    subject: 'A sign-in from a new device',
    paragraphs: [
      `Somebody signed in to your account at ${time}, from ${address}.`,
      userAgent,
      NOT_YOU,
    ],
  }),
  factors_changed: ({ time, change }) => ({
    subject: 'How you sign in was changed',
    paragraphs: [`At ${time}: ${change}. Withdrawals wait for a while.`, NOT_YOU],
  }),
  grant_ended: ({ time, client }) => ({
    subject: 'We have signed an application out',
    paragraphs: [
      `At ${time} somebody used an old token of ${client}. It may have been stolen, so the ` +
        'application has no access to your account any more.',
      'You can let it in again where you manage your account.',
    ],
  }),
};
