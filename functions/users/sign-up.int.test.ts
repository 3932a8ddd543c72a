// Signing up: what is refused, what a stranger can learn (C3: nothing), and whose password counts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  codeOf,
  createUsersFixture,
  OTHER_PASSWORD,
  PASSWORD,
  type UsersFixture,
} from './fixture.ts';

let users: UsersFixture;
beforeAll(async () => {
  users = await createUsersFixture();
});
afterAll(() => users.close());

const signUp = (email: string, password = PASSWORD) =>
  users.call('POST', '/v1/users', { email, password });
const verify = (token: string | undefined) =>
  users.call('POST', '/v1/users/verify-email', { token });

/** Calls and rows that a request costs. */
async function costOf(work: () => Promise<unknown>) {
  const [hashes, mails] = [users.hashes(), (await users.mails()).length];
  await work();
  return { hashes: users.hashes() - hashes, mails: (await users.mails()).length - mails };
}

describe('POST /v1/users refuses', () => {
  it.each([
    ['no address', 'ada'],
    ['two of them', 'ada@example.org,bob@example.org'],
    ['a line break', 'ada@example.org\r\nBcc: bob@example.org'],
    ['spaces', 'ada lovelace@example.org'],
    ['255 characters', `${'a'.repeat(243)}@example.org`],
    ['another alphabet that looks the same', 'аda@example.org'],
  ])('%s', async (_name, email) => {
    expect(codeOf(await signUp(email))).toBe('BODY_INVALID');
  });

  it.each([
    ['1234567', 'BODY_INVALID'],
    ['x'.repeat(129), 'BODY_INVALID'],
    ['password1', 'PASSWORD_BREACHED'],
    ['my bourse account', 'PASSWORD_PREDICTABLE'],
    ['countess.ada 1815', 'PASSWORD_PREDICTABLE'],
  ])('C2 the password %s, known address or not, before it costs a hash', async (password, code) => {
    const cost = await costOf(async () => {
      expect(codeOf(await signUp('countess.ada@example.org', password))).toBe(code);
    });
    expect(cost).toEqual({ hashes: 0, mails: 0 });
  });
});

describe('POST /v1/users/verify-email refuses', () => {
  it.each(['', 'bml_x', 'x'.repeat(100)])('%j, which is no link', async (token) => {
    expect(codeOf(await verify(token))).toBe('LINK_INVALID');
  });

  it('a link that is a day old', async () => {
    await signUp('late@example.org');
    const { token } = (await users.mailTo('late@example.org', 'verify_email')).values;
    const { nowMs } = users;
    users.nowMs += 24 * 3_600_000;
    expect(codeOf(await verify(token))).toBe('LINK_INVALID');
    users.nowMs = nowMs + 24 * 3_600_000 - 1;
    expect(codeOf(await verify(token))).toBe(200);
    users.nowMs = nowMs;
  });

  it('a link of another purpose', async () => {
    await users.addUser('purpose@example.org');
    await users.call('POST', '/v1/users/password-resets', { email: 'purpose@example.org' });
    const { token } = (await users.mailTo('purpose@example.org', 'reset_password')).values;
    expect(codeOf(await verify(token))).toBe('LINK_INVALID');
  });
});

describe('a sign-up', () => {
  it('makes a user pending, and active by its link, once', async () => {
    const answer = await signUp('Ada@Example.org');
    expect(answer).toMatchObject({ status: 202, body: { status: 'verification_sent' } });
    const mail = await users.mailTo('ada@example.org', 'verify_email');
    expect(await statusOf('ada@example.org')).toBe('pending');
    expect(await verify(mail.values['token'])).toMatchObject({
      status: 200,
      body: { userId: mail.userId, status: 'active' },
    });
    expect(codeOf(await verify(mail.values['token']))).toBe('LINK_INVALID');
    expect(await statusOf('ada@example.org')).toBe('active');
  });

  it('is confirmed by one of twenty who come with the link at once', async () => {
    await signUp('race@example.org');
    const { token } = (await users.mailTo('race@example.org', 'verify_email')).values;
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(token)));
    expect(answers.map(codeOf).filter((code) => code === 200)).toHaveLength(1);
  });

  it('C3 by twenty at once with one address makes one user', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => signUp('crowd@example.org')),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    const rows = await users.database.pool.query('SELECT FROM users.users WHERE email_index = $1', [
      users.indexOf('crowd@example.org'),
    ]);
    expect(rows.rowCount).toBe(1);
  });

  it('C3 answers and works alike for an unknown, a pending, a known, a suspended address', async () => {
    await users.addUser('known@example.org');
    await users.addUser('blocked@example.org');
    await users.database.pool.query(
      `UPDATE users.users SET status = 'suspended' WHERE email_index = $1`,
      [users.indexOf('blocked@example.org')],
    );
    const told: unknown[] = [];
    for (const name of ['new', 'new', 'known', 'blocked']) {
      const email = `${name}@example.org`;
      const cost = await costOf(async () => {
        const { status, body } = await signUp(email);
        told.push({ status, body });
      });
      expect(cost).toEqual({ hashes: 1, mails: 1 });
    }
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    await users.mailTo('new@example.org', 'verify_email');
    await users.mailTo('known@example.org', 'sign_up_known');
  });

  it('has the password of the link that was followed, not of a stranger who came first', async () => {
    const email = 'victim@example.org';
    await signUp(email, OTHER_PASSWORD);
    const ofStranger = await users.mailTo(email, 'verify_email');
    await signUp(email, PASSWORD);
    const own = await users.mailTo(email, 'verify_email');
    expect(codeOf(await verify(own.values['token']))).toBe(200);
    expect(codeOf(await verify(ofStranger.values['token']))).toBe('LINK_INVALID');
    expect(await isPassword(email, PASSWORD)).toBe(true);
    expect(await isPassword(email, OTHER_PASSWORD)).toBe(false);
  });

  it('C2 keeps 64 characters of any kind, however they are typed', async () => {
    const email = 'unicode@example.org';
    const password = `${'é🦀 ß漢'.repeat(12)}Ω_é!`;
    expect(Array.from(password)).toHaveLength(64);
    await signUp(email, password.normalize('NFD'));
    await verify((await users.mailTo(email, 'verify_email')).values['token']);
    expect(await isPassword(email, password.normalize('NFC'))).toBe(true);
    expect(await isPassword(email, password.slice(0, -1))).toBe(false);
  });

  it('fills no stranger’s mailbox: five mails an hour, and nobody can tell', async () => {
    const email = 'flooded@example.org';
    for (let turn = 0; turn < 8; turn += 1) {
      expect(await costOf(() => signUp(email))).toEqual({ hashes: 1, mails: 1 });
    }
    const sent = (await users.mails()).filter((mail) => mail.to === email);
    expect(sent.filter((mail) => mail.template === 'verify_email')).toHaveLength(5);
    expect(sent.filter((mail) => mail.template === 'none')).toHaveLength(3);
  });
});

async function statusOf(email: string): Promise<string | undefined> {
  const result = await users.database.pool.query<{ status: string }>(
    'SELECT status FROM users.users WHERE email_index = $1',
    [users.indexOf(email)],
  );
  return result.rows[0]?.status;
}

async function isPassword(email: string, password: string): Promise<boolean> {
  const result = await users.database.pool.query<{ hash: string }>(
    `SELECT p.hash FROM users.passwords p JOIN users.users u USING (user_number)
     WHERE u.email_index = $1`,
    [users.indexOf(email)],
  );
  const verified = await users.deps.hasher.verify(password, result.rows[0]?.hash ?? '');
  return 'matches' in verified && verified.matches;
}
