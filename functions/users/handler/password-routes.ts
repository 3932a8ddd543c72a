// Passwords: forgotten ones are set anew by a link, known ones are changed.
import type { Tx } from '../../../shared/db/pool.ts';
import { parseSessionId } from '../../../shared/domain/ids.ts';
import { isRejection, reject } from '../../../shared/domain/rejection.ts';
import { route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { refusePassword } from '../../../shared/passwords/password-policy.ts';
import { drawSecret } from '../../../shared/secrets/token.ts';
import { timeText } from '../../../shared/mail/time-text.ts';
import { mayReset, type User } from '../decide.ts';
import type { UsersDeps } from '../deps.ts';
import {
  changePasswordBody,
  confirmResetBody,
  noQuery,
  passwordChangedAnswer,
  resetAnswer,
  resetBody,
} from '../schema.ts';
import { cancelWaitingChanges } from '../store/email-changes.ts';
import { addLink, findLinkEmail, takeLink, voidLinks } from '../store/links.ts';
import { findUser, lockUser, lockUserByEmail } from '../store/users.ts';
import {
  endSessions,
  findPasswordHash,
  replacePassword,
  setPassword,
  startHold,
} from '../store/passwords.ts';
import { readOwn } from '../store/read-own.ts';
import { audit } from './audit.ts';
import { recipientOf, withMails, type Mails } from './with-mails.ts';

const CHANGED = { status: 200, body: { status: 'password_changed' } } as const;

export const requestReset = route({
  method: 'POST',
  path: '/v1/users/password-resets',
  summary: 'Sends a link to set a new password, if the address is known; tells nobody whether.',
  query: noQuery,
  body: resetBody,
  answers: { 202: resetAnswer },
  refusals: [],
  handle: async ({ body }, deps: UsersDeps) => {
    const { email } = body;
    const nowMs = deps.now();
    await withMails(deps, nowMs, async (tx, mails) => {
      const user = await lockUserByEmail(tx, deps.emailKeys, email);
      const isDue = user !== null && mayReset(user.status);
      if (!isDue || !(await mails.mayAdd(user.userNumber, 'reset_password'))) {
        await mails.addNone(email);
        return null;
      }
      const token = drawSecret('bml');
      const { userNumber } = user;
      await addLink(tx, { token, purpose: 'reset_password', userNumber }, nowMs);
      const recipient = recipientOf(user, email);
      await mails.add(recipient, { template: 'reset_password', values: { token } });
      return null;
    });
    return { status: 202, body: { status: 'reset_sent' } };
  },
});

export const confirmReset = route({
  method: 'POST',
  path: '/v1/users/password-resets/confirm',
  summary: 'Sets a new password with the token of a link; ends every session.',
  query: noQuery,
  body: confirmResetBody,
  answers: { 200: passwordChangedAnswer },
  refusals: ['LINK_INVALID', 'PASSWORD_BREACHED', 'PASSWORD_PREDICTABLE'],
  handle: async ({ body, requestId }, deps: UsersDeps) => {
    const { token, password } = body;
    const nowMs = deps.now();
    const now = new Date(nowMs);
    // Looked at first: a token that is none costs no hash, and a bad password does not use it up.
    const email = await findLinkEmail(deps.pool, deps.emailKeys.ring, token, 'reset_password', now);
    if (email === null) return reject('LINK_INVALID');
    const refused = refusePassword(password, email, deps.isBreached);
    if (refused !== null) return refused;
    const hash = await deps.hasher.hash(password);
    if (isRejection(hash)) return hash;
    const outcome = await withMails(deps, nowMs, async (tx, mails) => {
      const link = await takeLink(tx, token, 'reset_password', now);
      const user = link === null ? null : await lockUser(tx, deps.emailKeys, link.userNumber);
      if (user === null || !mayReset(user.status)) return reject('LINK_INVALID');
      await setPassword(tx, user.userNumber, hash, now);
      await endSessions(tx, user.userNumber, 'password_changed');
      await startHold(tx, user.userNumber, 'password_reset');
      await afterChange(tx, mails, user, nowMs);
      await audit(tx, user.userNumber, 'password.reset', requestId);
      return null;
    });
    return outcome ?? CHANGED;
  },
});

export const changePassword = route({
  method: 'PUT',
  path: '/v1/users/me/password',
  summary: 'Changes the password; ends all other sessions.',
  query: noQuery,
  body: changePasswordBody,
  answers: { 200: passwordChangedAnswer },
  refusals: [
    'PASSWORD_WRONG',
    'PASSWORD_BREACHED',
    'PASSWORD_PREDICTABLE',
    'ACCOUNT_PART_NOT_ALLOWED',
  ],
  handle: async ({ body, caller, requestId }, deps: UsersDeps) => {
    assertKnown(caller);
    const { userNumber } = caller;
    const nowMs = deps.now();
    const found = await readOwn(deps.pool, userNumber, (tx) =>
      findUser(tx, deps.emailKeys, userNumber),
    );
    const old = await findPasswordHash(deps.pool, userNumber);
    if (found === null || old === null) return reject('ACCOUNT_PART_NOT_ALLOWED');
    const refused = refusePassword(body.newPassword, found.email, deps.isBreached);
    if (refused !== null) return refused;
    const verified = await deps.hasher.verify(body.currentPassword, old);
    if (isRejection(verified)) return verified;
    if (!verified.matches) return reject('PASSWORD_WRONG');
    const hash = await deps.hasher.hash(body.newPassword);
    if (isRejection(hash)) return hash;
    const outcome = await withMails(deps, nowMs, async (tx, mails) => {
      const user = await lockUser(tx, deps.emailKeys, userNumber);
      const replaced = await replacePassword(tx, userNumber, { old, new: hash }, new Date(nowMs));
      if (user === null || !replaced) return reject('PASSWORD_WRONG');
      await endSessions(tx, userNumber, 'password_changed', parseSessionId(caller.credentialId));
      await startHold(tx, userNumber, 'password_changed');
      await afterChange(tx, mails, user, nowMs);
      await audit(tx, userNumber, 'password.change', requestId);
      return null;
    });
    return outcome ?? CHANGED;
  },
});

/** What a thief may have prepared with the old password is worth nothing now. */
async function afterChange(tx: Tx, mails: Mails, user: User, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await voidLinks(tx, user.userNumber, ['reset_password', 'change_email'], now);
  await cancelWaitingChanges(tx, user.userNumber, now);
  if (user.email === null) return;
  const values = { time: timeText(nowMs) };
  await mails.add(recipientOf(user, user.email), { template: 'password_changed', values });
}
