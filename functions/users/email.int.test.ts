// Changes of address: nobody learns whose address it is, and a thief cannot keep one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/domain/caller.ts';
import { policyOf } from '../../shared/policy/policies.ts';
import { codeOf, createUsersFixture, OTHER_PASSWORD, type UsersFixture } from './fixture.ts';

let users: UsersFixture;
beforeAll(async () => {
  users = await createUsersFixture();
});
afterAll(() => users.close());

const ask = (caller: Caller, email: string) =>
  users.call('POST', '/v1/users/me/email', { email }, caller);
const confirm = (token: string | undefined) =>
  users.call('POST', '/v1/users/email-changes/confirm', { token });
const cancel = (token: string | undefined) =>
  users.call('POST', '/v1/users/email-changes/cancel', { token });

async function tokenTo(email: string, template: string): Promise<string | undefined> {
  return (await users.mailTo(email, template)).values['token'];
}

async function emailOf(caller: Caller): Promise<unknown> {
  const answer = await users.call('GET', '/v1/users/me', undefined, caller);
  return (answer.body as { readonly email: unknown }).email;
}

describe('a change of address is refused', () => {
  it('without a step-up', () => {
    expect(policyOf('POST', '/v1/users/me/email').stepUp).toBe(true);
  });

  it('to the same address, whatever its letters', async () => {
    const caller = await users.addUser('same@example.org');
    expect(codeOf(await ask(caller, 'Same@Example.org'))).toBe('EMAIL_UNCHANGED');
  });

  it('with a token that is none, or of the other kind', async () => {
    const caller = await users.addUser('kinds@example.org');
    await ask(caller, 'kinds.new@example.org');
    expect(codeOf(await confirm('bml_x'))).toBe('LINK_INVALID');
    expect(codeOf(await cancel('bml_x'))).toBe('LINK_INVALID');
    const warning = await tokenTo('kinds@example.org', 'email_change_warning');
    expect(codeOf(await confirm(warning))).toBe('LINK_INVALID');
    expect(codeOf(await cancel(await tokenTo('kinds.new@example.org', 'change_email')))).toBe(
      'LINK_INVALID',
    );
    expect(await emailOf(caller)).toBe('kinds@example.org');
  });

  it('once it was cancelled', async () => {
    const caller = await users.addUser('undecided@example.org');
    await ask(caller, 'undecided.new@example.org');
    expect(
      codeOf(await cancel(await tokenTo('undecided@example.org', 'email_change_warning'))),
    ).toBe(200);
    expect(codeOf(await confirm(await tokenTo('undecided.new@example.org', 'change_email')))).toBe(
      'LINK_INVALID',
    );
    expect(await emailOf(caller)).toBe('undecided@example.org');
  });
});

describe('a change of address', () => {
  it('C3 to somebody else’s is answered and costs the same, and that person hears of it', async () => {
    const caller = await users.addUser('curious@example.org');
    await users.addUser('taken@example.org');
    const told = new Set<string>();
    for (const email of ['free@example.org', 'taken@example.org']) {
      const before = (await users.mails()).length;
      const { status, body } = await ask(caller, email);
      told.add(JSON.stringify({ status, body }));
      expect((await users.mails()).length - before).toBe(2);
    }
    expect([...told]).toEqual(['{"status":202,"body":{"status":"confirmation_sent"}}']);
    await users.mailTo('taken@example.org', 'sign_up_known');
    await expect(users.mailTo('taken@example.org', 'change_email')).rejects.toThrow();
  });

  it('is done by the link to the new address, holds withdrawals, and voids what the old one got', async () => {
    const caller = await users.addUser('old@example.org');
    await users.call('POST', '/v1/users/password-resets', { email: 'old@example.org' });
    const reset = await tokenTo('old@example.org', 'reset_password');
    await ask(caller, 'new@example.org');
    expect(await emailOf(caller)).toBe('old@example.org');
    const token = await tokenTo('new@example.org', 'change_email');
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(token)));
    expect(answers.map(codeOf).filter((code) => code === 200)).toHaveLength(1);
    expect(await emailOf(caller)).toBe('new@example.org');
    const body = { token: reset, password: OTHER_PASSWORD };
    expect(codeOf(await users.call('POST', '/v1/users/password-resets/confirm', body))).toBe(
      'LINK_INVALID',
    );
    const holds = await users.database.pool.query(
      `SELECT FROM auth.withdrawal_holds WHERE user_number = $1 AND kind = 'email_changed'
       AND until = started_at + interval '72 hours'`,
      [caller.userNumber],
    );
    expect(holds.rowCount).toBe(1);
    await users.mailTo('old@example.org', 'email_changed');
    await users.mailTo('new@example.org', 'email_changed');
  });

  it('C16 shows the user’s phrase to the old address, not to one that nobody has confirmed', async () => {
    const caller = await users.addUser('phrase@example.org');
    await users.call('PATCH', '/v1/users/me', { antiPhishingCode: 'blue heron' }, caller);
    await ask(caller, 'mistyped@example.org');
    expect(
      (await users.mailTo('mistyped@example.org', 'change_email')).antiPhishingCode,
    ).toBeNull();
    const warning = await users.mailTo('phrase@example.org', 'email_change_warning');
    expect(warning.antiPhishingCode).toBe('blue heron');
  });

  it('by a thief is taken back by the old address, however often he moved it on', async () => {
    const caller = await users.addUser('robbed@example.org');
    const session = await users.addSession(caller.userNumber);
    await ask(caller, 'thief@example.org');
    await confirm(await tokenTo('thief@example.org', 'change_email'));
    await ask(caller, 'thief.two@example.org');
    await confirm(await tokenTo('thief.two@example.org', 'change_email'));
    expect(await emailOf(caller)).toBe('thief.two@example.org');
    const back = await tokenTo('robbed@example.org', 'email_change_warning');
    expect(codeOf(await cancel(back))).toBe(200);
    expect(await emailOf(caller)).toBe('robbed@example.org');
    const ended = await users.database.pool.query(
      'SELECT FROM auth.sessions WHERE session_number = $1 AND ended_at IS NOT NULL',
      [session],
    );
    expect(ended.rowCount).toBe(1);
    const ofThief = await tokenTo('thief@example.org', 'email_change_warning');
    expect(codeOf(await cancel(ofThief))).toBe('LINK_INVALID');
    expect(await emailOf(caller)).toBe('robbed@example.org');
  });

  it('cannot be taken back after 72 hours', async () => {
    const caller = await users.addUser('late@example.org');
    await ask(caller, 'late.new@example.org');
    await confirm(await tokenTo('late.new@example.org', 'change_email'));
    users.nowMs += 72 * 3_600_000;
    expect(codeOf(await cancel(await tokenTo('late@example.org', 'email_change_warning')))).toBe(
      'LINK_INVALID',
    );
    expect(await emailOf(caller)).toBe('late.new@example.org');
  });

  it.each([1, 2, 3, 4, 5])(
    'to one address by two at once is done for one, round %i',
    async (round) => {
      const wanted = `wanted${round}@example.org`;
      const tokens: (string | undefined)[] = [];
      const callers: Caller[] = [];
      for (const name of ['one', 'two']) {
        const caller = await users.addUser(`${name}${round}@example.org`);
        await ask(caller, wanted);
        callers.push(caller);
        tokens.push(await tokenTo(wanted, 'change_email'));
      }
      const answers = await Promise.all(tokens.map(confirm));
      expect(answers.map(codeOf).sort()).toEqual([200, 'LINK_INVALID']);
      const emails = await Promise.all(callers.map(emailOf));
      expect(emails.filter((email) => email === wanted)).toHaveLength(1);
    },
  );
});
