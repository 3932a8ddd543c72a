// Another address: the new one confirms, the old one is warned and may take it back.
import { findViolatedConstraint } from '../../../shared/db/failure.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { drawSecret } from '../../../shared/secrets/token.ts';
import { timeText } from '../../../shared/mail/time-text.ts';
import type { UsersDeps } from '../deps.ts';
import {
  changeEmailAnswer,
  changeEmailBody,
  emailChangedAnswer,
  noQuery,
  tokenBody,
} from '../schema.ts';
import { addEmailChange, cancelEmailChanges, confirmEmailChange } from '../store/email-changes.ts';
import { addLink, takeLink, voidLinks } from '../store/links.ts';
import { endSessions, startHold } from '../store/passwords.ts';
import { findUserByEmail, lockUser, moveEmail } from '../store/users.ts';
import { audit } from './audit.ts';
import { recipientOf, withMails } from './with-mails.ts';

/** Two of us have asked for one address: the first to confirm has it. */
const ADDRESS_TAKEN = 'users_by_email';

/** Whether the new address is somebody's shows in nothing: it gets a note instead of the link. */
export const changeEmail = route({
  method: 'POST',
  path: '/v1/users/me/email',
  summary: 'Sends a link to the new address, and a warning with a way back to the old one.',
  query: noQuery,
  body: changeEmailBody,
  answers: { 202: changeEmailAnswer },
  refusals: ['EMAIL_UNCHANGED', 'ACCOUNT_PART_NOT_ALLOWED'],
  handle: async ({ body, caller }, deps: UsersDeps) => {
    assertKnown(caller);
    const { email } = body;
    const nowMs = deps.now();
    const outcome = await withMails(deps, nowMs, async (tx, mails) => {
      const user = await lockUser(tx, deps.emailKeys, caller.userNumber);
      if (user === null || user.email === null) return reject('ACCOUNT_PART_NOT_ALLOWED');
      if (user.email === email) return reject('EMAIL_UNCHANGED');
      const { userNumber } = user;
      const emails = { old: user.email, new: email };
      const changeNumber = await addEmailChange(
        tx,
        deps.emailKeys.ring,
        userNumber,
        emails,
        new Date(nowMs),
      );
      const [token, cancelToken] = [drawSecret('bml'), drawSecret('bml')];
      const link = { userNumber, changeNumber };
      await addLink(tx, { ...link, token, purpose: 'change_email' }, nowMs);
      await addLink(tx, { ...link, token: cancelToken, purpose: 'cancel_email' }, nowMs);
      if (!(await mails.mayAdd(userNumber, 'email_change_warning'))) {
        await mails.addNone(email);
        await mails.addNone(user.email);
        return null;
      }
      // Not locked: two users who want each other's address would wait for each other.
      const holder = await findUserByEmail(tx, deps.emailKeys, email);
      if (holder !== null) {
        await mails.add(recipientOf(holder, email), { template: 'sign_up_known', values: {} });
      } else {
        // Nobody has shown yet that it is theirs: the user's phrase is not for a stranger's eyes.
        const stranger = { ...recipientOf(user, email), antiPhishingCode: null };
        await mails.add(stranger, { template: 'change_email', values: { token } });
      }
      const values = { token: cancelToken };
      const warning = { template: 'email_change_warning', values } as const;
      await mails.add(recipientOf(user, user.email), warning);
      return null;
    });
    return outcome ?? { status: 202, body: { status: 'confirmation_sent' } };
  },
});

export const confirmEmail = route({
  method: 'POST',
  path: '/v1/users/email-changes/confirm',
  summary: 'Proves with the token of a link that the new address is the user’s: it is theirs now.',
  query: noQuery,
  body: tokenBody,
  answers: { 200: emailChangedAnswer },
  refusals: ['LINK_INVALID'],
  handle: ({ body, requestId }, deps: UsersDeps) =>
    orTaken(async () => {
      const nowMs = deps.now();
      const now = new Date(nowMs);
      const outcome = await withMails(deps, nowMs, async (tx, mails) => {
        const link = await takeLink(tx, body.token, 'change_email', now);
        if (link === null || link.changeNumber === null) return reject('LINK_INVALID');
        const user = await lockUser(tx, deps.emailKeys, link.userNumber);
        if (user === null) return reject('LINK_INVALID');
        const { userNumber } = user;
        const change = await confirmEmailChange(tx, deps.emailKeys.ring, link.changeNumber, now);
        // Another change may have come first.
        if (change === null || change.oldEmail !== user.email) return reject('LINK_INVALID');
        if (!(await moveEmail(tx, deps.emailKeys, userNumber, change.newEmail, now)))
          return reject('LINK_INVALID');
        // What went to the old address must not open the account any more.
        await voidLinks(tx, userNumber, ['reset_password', 'change_email'], now);
        await startHold(tx, userNumber, 'email_changed');
        const mail = { template: 'email_changed', values: { time: timeText(nowMs) } } as const;
        await mails.add(recipientOf(user, change.oldEmail), mail);
        await mails.add(recipientOf(user, change.newEmail), mail);
        await audit(tx, userNumber, 'email.change', requestId);
        return null;
      });
      return outcome ?? { status: 200, body: { status: 'email_changed' } };
    }),
});

/** The old address has the last word, for as long as the change holds withdrawals. */
export const cancelEmail = route({
  method: 'POST',
  path: '/v1/users/email-changes/cancel',
  summary: 'Takes a change of address back with the token of a link, even after its confirmation.',
  query: noQuery,
  body: tokenBody,
  answers: { 200: emailChangedAnswer },
  refusals: ['LINK_INVALID'],
  handle: ({ body, requestId }, deps: UsersDeps) =>
    orTaken(async () => {
      const nowMs = deps.now();
      const now = new Date(nowMs);
      const outcome = await withMails(deps, nowMs, async (tx, mails) => {
        const link = await takeLink(tx, body.token, 'cancel_email', now);
        if (link === null || link.changeNumber === null) return reject('LINK_INVALID');
        const user = await lockUser(tx, deps.emailKeys, link.userNumber);
        if (user === null) return reject('LINK_INVALID');
        const { userNumber } = user;
        const change = await cancelEmailChanges(
          tx,
          deps.emailKeys.ring,
          userNumber,
          link.changeNumber,
          now,
        );
        if (change === null) return reject('LINK_INVALID');
        await voidLinks(tx, userNumber, ['reset_password', 'change_email'], now);
        if (change.wasConfirmed) {
          if (!(await moveEmail(tx, deps.emailKeys, userNumber, change.oldEmail, now))) {
            return reject('LINK_INVALID');
          }
          // Whoever moved the address may be signed in.
          await endSessions(tx, userNumber, 'revoked');
          await startHold(tx, userNumber, 'email_changed');
        }
        const values = { time: timeText(nowMs) };
        const mail = { template: 'email_change_cancelled', values } as const;
        await mails.add(recipientOf(user, change.oldEmail), mail);
        await audit(tx, userNumber, 'email.change_back', requestId);
        return null;
      });
      return outcome ?? { status: 200, body: { status: 'email_change_cancelled' } };
    }),
});

async function orTaken<Answer>(work: () => Promise<Answer>): Promise<Answer | Rejection> {
  try {
    return await work();
  } catch (error) {
    if (findViolatedConstraint(error) !== ADDRESS_TAKEN) throw error;
    return reject('LINK_INVALID');
  }
}
