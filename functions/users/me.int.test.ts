// The account itself: who may see what, what is exported, and what closing leaves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction } from '../../shared/db/pool.ts';
import { userId } from '../../shared/domain/ids.ts';
import { deposit as post } from '../../shared/ledger/deposit.ts';
import { policyOf } from '../../shared/policy/policies.ts';
import { codeOf, createUsersFixture, type UsersFixture } from './fixture.ts';

let users: UsersFixture;
beforeAll(async () => {
  users = await createUsersFixture();
  await users.database.pool.query(
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2)`,
  );
});
afterAll(() => users.close());

async function deposit(userNumber: number, key: string): Promise<void> {
  const one = { depositId: key, userId: userId(userNumber), asset: 'USD', amountMinor: 1_234n };
  await withTransaction(users.database.pool, (tx) => post(tx, [one]));
}

describe('PATCH /v1/users/me refuses', () => {
  it.each([
    ['nothing', {}],
    ['a field that is not the user’s to change', { kycLevel: 3 }],
    ['a language that is none', { language: 'english' }],
    ['C16 a short phrase', { antiPhishingCode: 'abc' }],
    ['C16 a long one', { antiPhishingCode: 'x'.repeat(33) }],
    ['C16 a line break', { antiPhishingCode: 'blue\nheron' }],
    ['C16 an invisible character', { antiPhishingCode: 'blue\u200bheron' }],
  ])('%s', async (_name, body) => {
    const caller = await users.addUser(`patch${Math.random().toString(36).slice(2)}@example.org`);
    expect(codeOf(await users.call('PATCH', '/v1/users/me', body, caller))).toBe('BODY_INVALID');
  });

  it('C16 a caller without a step-up, or a program', async () => {
    const policy = policyOf('PATCH', '/v1/users/me');
    expect(policy).toMatchObject({ stepUp: true, callers: ['session'] });
    expect(codeOf(await users.call('PATCH', '/v1/users/me', { language: 'de' }))).toBe(
      'TOKEN_MISSING',
    );
  });
});

describe('GET /v1/users/me', () => {
  it('C16 shows the phrase to a session of the user, and to nothing else', async () => {
    const caller = await users.addUser('me@example.org');
    await users.call('PATCH', '/v1/users/me', { antiPhishingCode: 'blue heron' }, caller);
    const own = await users.call('GET', '/v1/users/me', undefined, caller);
    expect(own.body).toEqual({
      userId: caller.userId,
      email: 'me@example.org',
      emailVerified: true,
      status: 'active',
      kycLevel: 0,
      language: 'en',
      antiPhishingCode: 'blue heron',
      createdAt: new Date(users.nowMs).toISOString(),
    });
    for (const kind of ['key', 'client'] as const) {
      const program = await users.call('GET', '/v1/users/me', undefined, { ...caller, kind });
      expect(JSON.stringify(program.body)).not.toContain('heron');
    }
  });

  it('changes what is named and leaves the rest; null takes the phrase away', async () => {
    const caller = await users.addUser('parts@example.org');
    const patch = (body: unknown) => users.call('PATCH', '/v1/users/me', body, caller);
    await patch({ antiPhishingCode: 'blue heron' });
    expect((await patch({ language: 'de' })).body).toMatchObject({
      language: 'de',
      antiPhishingCode: 'blue heron',
    });
    expect((await patch({ antiPhishingCode: null })).body).toMatchObject({
      language: 'de',
      antiPhishingCode: null,
    });
  });
});

describe('C38 the export', () => {
  it('has all that is known of the user, and nothing of others', async () => {
    const caller = await users.addUser('export@example.org');
    const other = await users.addUser('other@example.org');
    await users.addSession(caller.userNumber);
    await users.addSession(other.userNumber);
    await users.call('POST', '/v1/users/me/email', { email: 'next@example.org' }, caller);
    await deposit(caller.userNumber, 'export-1');
    const { body } = await users.call('GET', '/v1/users/me/export', undefined, caller);
    expect(body).toMatchObject({
      user: { email: 'export@example.org' },
      emailChanges: [{ from: 'export@example.org', to: 'next@example.org', confirmedAt: null }],
      sessions: [{ address: '192.0.2.1', userAgent: 'a' }],
      balances: [{ userId: caller.userId, asset: 'USD', total: '12.34', held: '0' }],
    });
    expect(JSON.stringify(body)).not.toMatch(/other@|argon2|bml_/);
  });
});

describe('C38 closing an account', () => {
  it('needs a step-up', () => {
    expect(policyOf('DELETE', '/v1/users/me').stepUp).toBe(true);
  });

  it('is refused while there is a balance, of a sub-account too, and changes nothing', async () => {
    const caller = await users.addUser('rich@example.org');
    const part = await users.database.pool.query<{ number: number }>(
      `INSERT INTO users.users (parent_number, label, status) VALUES ($1, 'bot', 'active')
       RETURNING user_number AS number`,
      [caller.userNumber],
    );
    await deposit(part.rows[0]?.number ?? 0, 'close-1');
    expect(codeOf(await users.call('DELETE', '/v1/users/me', undefined, caller))).toBe(
      'ACCOUNT_NOT_EMPTY',
    );
    expect((await users.call('GET', '/v1/users/me', undefined, caller)).body).toMatchObject({
      status: 'active',
      email: 'rich@example.org',
    });
  });

  it('erases the person everywhere and leaves the number', async () => {
    const email = 'goodbye@example.org';
    const caller = await users.addUser(email);
    await users.call('PATCH', '/v1/users/me', { antiPhishingCode: 'grey goose' }, caller);
    await users.addSession(caller.userNumber, 'agent-orange');
    await users.call('POST', '/v1/users/me/email', { email: 'adieu@example.org' }, caller);
    const closed = await users.call('DELETE', '/v1/users/me', undefined, caller);
    expect(closed).toMatchObject({ status: 200, body: { status: 'closed' } });
    await users.mailTo(email, 'account_closed');
    expect(await whereIs(['goodbye@', 'adieu@', 'grey goose', 'agent-orange'])).toEqual([]);
    const rows = await users.database.pool.query(
      `SELECT FROM users.users u WHERE user_number = $1 AND status = 'closed'
         AND NOT EXISTS (SELECT FROM users.passwords p WHERE p.user_number = u.user_number)
         AND EXISTS (SELECT FROM auth.revocations r
           WHERE r.user_number = u.user_number AND r.kind = 'user_blocked')`,
      [caller.userNumber],
    );
    expect(rows.rowCount).toBe(1);
    expect(codeOf(await users.call('DELETE', '/v1/users/me', undefined, caller))).toBe(
      'ACCOUNT_CLOSED',
    );
  });

  it('frees the address for a new account with a number of its own', async () => {
    const first = await users.addUser('again@example.org');
    await users.call('DELETE', '/v1/users/me', undefined, first);
    const second = await users.addUser('again@example.org');
    expect(second.userNumber).not.toBe(first.userNumber);
  });
});

/** Tables of users and auth with one of the texts in any row. */
async function whereIs(texts: readonly string[]): Promise<string[]> {
  const tables = await users.database.pool.query<{ name: string }>(
    `SELECT schemaname || '.' || tablename AS name FROM pg_tables
     WHERE schemaname IN ('users', 'auth', 'notifications')`,
  );
  const found: string[] = [];
  for (const { name } of tables.rows) {
    const hits = await users.database.pool.query(
      `SELECT FROM ${name} t, unnest($1::text[]) text WHERE t::text LIKE '%' || text || '%'`,
      [texts],
    );
    if ((hits.rowCount ?? 0) > 0) found.push(name);
  }
  return found;
}
