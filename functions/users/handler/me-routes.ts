// The account itself: looked at, changed, taken home, closed.
import type { Tx } from '../../../shared/db/pool.ts';
import { reject } from '../../../shared/domain/rejection.ts';
import { route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { timeText } from '../../../shared/mail/time-text.ts';
import { presentExport, presentUser, type KnownOfUser } from '../decide.ts';
import type { UsersDeps } from '../deps.ts';
import { closedAnswer, exportAnswer, meAnswer, noQuery, patchMeBody } from '../schema.ts';
import { closeAccounts, forgetUsers, readKnown } from '../store/close.ts';
import { readOwn } from '../store/read-own.ts';
import { changeUser, findUser, lockUser } from '../store/users.ts';
import { audit } from './audit.ts';
import { recipientOf, withMails } from './with-mails.ts';

export const getMe = route({
  method: 'GET',
  path: '/v1/users/me',
  summary: 'Who the caller is.',
  query: noQuery,
  answers: { 200: meAnswer },
  refusals: ['ACCOUNT_CLOSED'],
  handle: async ({ caller }, deps: UsersDeps) => {
    assertKnown(caller);
    const { userNumber } = caller;
    const user = await readOwn(deps.pool, userNumber, (tx) =>
      findUser(tx, deps.emailKeys, userNumber),
    );
    if (user === null) return reject('ACCOUNT_CLOSED');
    return { status: 200, body: presentUser(user, caller.kind) };
  },
});

export const patchMe = route({
  method: 'PATCH',
  path: '/v1/users/me',
  summary: 'Changes the language, or the phrase that is in every mail of ours.',
  query: noQuery,
  body: patchMeBody,
  answers: { 200: meAnswer },
  refusals: ['ACCOUNT_CLOSED'],
  handle: async ({ body, caller }, deps: UsersDeps) => {
    assertKnown(caller);
    const user = await changeUser(deps.pool, deps.emailKeys, caller.userNumber, body);
    if (user === null) return reject('ACCOUNT_CLOSED');
    return { status: 200, body: presentUser(user, caller.kind) };
  },
});

export const exportMe = route({
  method: 'GET',
  path: '/v1/users/me/export',
  summary: 'All that is known of the user; orders, trades and entries are lists of their own.',
  query: noQuery,
  answers: { 200: exportAnswer },
  refusals: ['ACCOUNT_CLOSED'],
  handle: async ({ caller }, deps: UsersDeps) => {
    assertKnown(caller);
    const { userNumber } = caller;
    const read = async (tx: Tx): Promise<KnownOfUser | null> => {
      const user = await findUser(tx, deps.emailKeys, userNumber);
      return user === null ? null : readKnown(tx, deps.emailKeys.ring, user);
    };
    const known = await readOwn(deps.pool, userNumber, read, { atOneMoment: true });
    if (known === null) return reject('ACCOUNT_CLOSED');
    return { status: 200, body: presentExport(known) };
  },
});

export const closeMe = route({
  method: 'DELETE',
  path: '/v1/users/me',
  summary: 'Closes the account and forgets the person; its number stays in the ledger.',
  query: noQuery,
  answers: { 200: closedAnswer },
  refusals: ['ACCOUNT_CLOSED', 'ACCOUNT_NOT_EMPTY', 'ACCOUNT_PART_NOT_ALLOWED'],
  handle: async ({ caller, requestId }, deps: UsersDeps) => {
    assertKnown(caller);
    const nowMs = deps.now();
    const { userNumber } = caller;
    const refused = await withMails(deps, nowMs, async (tx, mails) => {
      const user = await lockUser(tx, deps.emailKeys, userNumber);
      if (user === null || user.status === 'closed') return reject('ACCOUNT_CLOSED');
      if (user.email === null) return reject('ACCOUNT_PART_NOT_ALLOWED');
      const closed = await closeAccounts(tx, userNumber, new Date(nowMs));
      if (closed.length === 0) return reject('ACCOUNT_NOT_EMPTY');
      const mail = { template: 'account_closed', values: { time: timeText(nowMs) } } as const;
      await mails.add(recipientOf(user, user.email), mail);
      await forgetUsers(tx, closed);
      await audit(tx, userNumber, 'account.close', requestId);
      return null;
    });
    return refused ?? { status: 200, body: { status: 'closed' } };
  },
});
