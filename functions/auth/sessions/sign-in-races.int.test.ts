// C33 What changes between a password that was right and the session it opens: nothing is opened
// beside it. And what a user is told of a sign-in from elsewhere.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import { callFunction, type CallAnswer } from '../../../shared/function/call.ts';
import { definition } from '../handler.ts';
import { PASSWORD, startTestAuth, type TestAuth } from '../testing-auth.ts';

let auth: TestAuth;
let users = 0;
beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.database.drop());

interface Person {
  readonly email: string;
  readonly userNumber: number;
}

async function newUser(): Promise<Person> {
  users += 1;
  const email = `racer${users}@example.test`;
  return { email, userNumber: await auth.addUser(email) };
}

/** `between` runs when the password was found right and nothing is opened yet. */
function signIn({ email }: Person, between: () => Promise<unknown>): Promise<CallAnswer> {
  const { deps } = auth;
  const passwords = {
    ...deps.passwords,
    verify: async (password: string, phc: string) => {
      const verified = await deps.passwords.verify(password, phc);
      await between();
      return verified;
    },
  };
  const body = { email, password: PASSWORD };
  const call = { method: 'POST', path: '/v1/auth/sign-in', body };
  return callFunction(definition, { ...deps, passwords }, call);
}

async function changePassword(tx: Tx, userNumber: number): Promise<void> {
  await tx.query(`UPDATE users.passwords SET hash = '$argon2id$another' WHERE user_number = $1`, [
    userNumber,
  ]);
  await tx.query(`SELECT auth.end_sessions($1, 'password_changed')`, [userNumber]);
}

async function sessionsOf({ userNumber }: Person): Promise<number> {
  const found = await auth.database.pool.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM auth.sessions
     WHERE user_number = $1 AND ended_at IS NULL`,
    [userNumber],
  );
  return found.rows[0]?.count ?? -1;
}

describe('C33 a sign-in opens nothing', () => {
  it('when the password was changed after it was found right', async () => {
    const user = await newUser();
    const answer = await signIn(user, () =>
      withTransaction(auth.database.pool, (tx) => changePassword(tx, user.userNumber)),
    );
    expect(answer).toMatchObject({ status: 401, body: { code: 'SIGN_IN_FAILED' } });
    expect(await sessionsOf(user)).toBe(0);
  });

  it('when the password is being changed: it waits, and is refused', async () => {
    const user = await newUser();
    let answer: Promise<CallAnswer> | undefined;
    await withTransaction(auth.database.pool, async (tx) => {
      await changePassword(tx, user.userNumber);
      answer = signIn(user, () => Promise.resolve());
      const early = Promise.race([answer, new Promise((done) => setTimeout(done, 200, 'waits'))]);
      expect(await early).toBe('waits');
    });
    expect((await answer)?.body).toMatchObject({ code: 'SIGN_IN_FAILED' });
    expect(await sessionsOf(user)).toBe(0);
  });

  it('when a factor was added after the password was found right: it asks for that', async () => {
    const user = await newUser();
    const answer = await signIn(user, () =>
      auth.database.pool.query(
        `INSERT INTO auth.totp (user_number, secret_sealed, created_at, confirmed_at)
         VALUES ($1, 's1.a.b', now(), now())`,
        [user.userNumber],
      ),
    );
    expect(answer.body).toMatchObject({ status: 'factor_required', factors: ['totp'] });
    expect(await sessionsOf(user)).toBe(0);
  });

  it('that lacked a factor when the password changed', async () => {
    const user = await newUser();
    await auth.database.pool.query(
      `INSERT INTO auth.totp (user_number, secret_sealed, created_at, confirmed_at)
       VALUES ($1, 's1.a.b', now(), now())`,
      [user.userNumber],
    );
    const begun = await signIn(user, () => Promise.resolve());
    const { pendingToken } = begun.body as { readonly pendingToken: string };
    await withTransaction(auth.database.pool, (tx) => changePassword(tx, user.userNumber));
    const answer = await auth.post('/v1/auth/sign-in/factor', { pendingToken, totp: '123456' });
    expect(answer.body).toMatchObject({ code: 'PENDING_SIGN_IN_INVALID' });
  });
});

describe('a sign-in from a device that is new', () => {
  async function mails(): Promise<number> {
    const found = await auth.database.pool.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM users.outbox
       WHERE value::jsonb ->> 'template' = 'new_device'`,
    );
    return found.rows[0]?.count ?? -1;
  }

  it('is told by mail: another subnet or agent, but not the first of all', async () => {
    const user = await newUser();
    const from = async (clientAddress: string, userAgent: string) => {
      const body = { email: user.email, password: PASSWORD };
      const headers = { 'user-agent': userAgent };
      const answer = await auth.post('/v1/auth/sign-in', body, { clientAddress, headers });
      expect(answer.status).toBe(200);
      return mails();
    };
    const before = await mails();
    expect(await from('192.0.2.1', 'one')).toBe(before);
    expect(await from('192.0.2.77', 'one')).toBe(before);
    expect(await from('192.0.3.1', 'one')).toBe(before + 1);
    expect(await from('192.0.2.1', 'two')).toBe(before + 2);
    expect(await from('2001:db8:1:2::1', 'one')).toBe(before + 3);
    expect(await from('2001:db8:1:2:ffff::9', 'one')).toBe(before + 3);
  });
});
