// Signing up, and the proof that the address is theirs.
import { isRejection, reject } from '../../../shared/domain/rejection.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { withTransaction } from '../../../shared/db/pool.ts';
import { route } from '../../../shared/function/definition.ts';
import { refusePassword } from '../../../shared/passwords/password-policy.ts';
import { drawSecret } from '../../../shared/secrets/token.ts';
import { mailOfSignUp } from '../decide.ts';
import type { UsersDeps } from '../deps.ts';
import { noQuery, signUpAnswer, signUpBody, tokenBody, verifiedAnswer } from '../schema.ts';
import { addLink, takeLink, voidLinks } from '../store/links.ts';
import { setPassword } from '../store/passwords.ts';
import { activateUser, findOrAddUser } from '../store/users.ts';
import { recipientOf, withMails } from './with-mails.ts';

const LANGUAGE_DEFAULT = 'en';

/** Whether the address is known shows in nothing: one answer, one hash, one mail. */
export const signUp = route({
  method: 'POST',
  path: '/v1/users',
  summary: 'Signs up: a link goes to the address, or a note if it is known already.',
  query: noQuery,
  body: signUpBody,
  answers: { 202: signUpAnswer },
  refusals: ['PASSWORD_BREACHED', 'PASSWORD_PREDICTABLE'],
  handle: async ({ body }, deps: UsersDeps) => {
    const { email, password, language = LANGUAGE_DEFAULT } = body;
    const refused = refusePassword(password, email, deps.isBreached);
    if (refused !== null) return refused;
    const passwordHash = await deps.hasher.hash(password);
    if (isRejection(passwordHash)) return passwordHash;
    const nowMs = deps.now();
    await withMails(deps, nowMs, async (tx, mails) => {
      const user = await findOrAddUser(tx, deps.emailKeys, email, language, new Date(nowMs));
      const { userNumber } = user;
      const template = mailOfSignUp(user.status);
      if (!(await mails.mayAdd(userNumber, template))) {
        await mails.addNone(email);
      } else if (template === 'sign_up_known') {
        await mails.add(recipientOf(user, email), { template, values: {} });
      } else {
        const token = drawSecret('bml');
        await addLink(tx, { token, purpose: 'verify_email', userNumber, passwordHash }, nowMs);
        await mails.add(recipientOf(user, email), { template, values: { token } });
      }
      return null;
    });
    return { status: 202, body: { status: 'verification_sent' } };
  },
});

export const verifyEmail = route({
  method: 'POST',
  path: '/v1/users/verify-email',
  summary: 'Proves with the token of a link that the address is the user’s: they are active.',
  query: noQuery,
  body: tokenBody,
  answers: { 200: verifiedAnswer },
  refusals: ['LINK_INVALID'],
  handle: async ({ body }, deps: UsersDeps) => {
    const now = new Date(deps.now());
    const userNumber = await withTransaction(deps.pool, async (tx) => {
      const link = await takeLink(tx, body.token, 'verify_email', now);
      if (link === null || link.passwordHash === null) return null;
      if (!(await activateUser(tx, link.userNumber, now))) return null;
      await setPassword(tx, link.userNumber, link.passwordHash, now);
      // Other sign-ups with this address had other passwords.
      await voidLinks(tx, link.userNumber, ['verify_email'], now);
      return link.userNumber;
    });
    if (userNumber === null) return reject('LINK_INVALID');
    return { status: 200, body: { userId: userId(userNumber), status: 'active' } };
  },
});
