// C38 Where addresses lie after people came, went and were told: nowhere in the database as they
// are, not as a hash that could be tried, and in no line of a log.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition as auth } from '../../functions/auth/handler.ts';
import { testAuthDeps } from '../../functions/auth/testing-deps.ts';
import { createUsersFixture, PASSWORD, type UsersFixture } from '../../functions/users/fixture.ts';
import { callFunction } from '../../shared/function/call.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';

const ADDRESSES = ['hidden.person@example.org', 'Hidden.Later@example.org', 'nobody@example.org'];
const lines: string[] = [];
const log = createLogger({
  service: 'test',
  level: 'trace',
  destination: { write: (line: string) => void lines.push(line) },
});

let users: UsersFixture;
beforeAll(async () => {
  users = await createUsersFixture(log);
});
afterAll(() => users.close());

async function signIn(email: string, password: string, userAgent = 'one'): Promise<number> {
  const deps = testAuthDeps(users.database.poolFor('bourse_auth'), Date.now, {
    emailIndex: users.deps.emailKeys.index,
    passwords: users.deps.hasher,
    log,
  });
  const answer = await callFunction(
    auth,
    deps,
    {
      method: 'POST',
      path: '/v1/auth/sign-in',
      body: { email, password },
      headers: { 'user-agent': userAgent },
    },
    { log },
  );
  return answer.status;
}

/** How an address may be recognised: as it is, in hexadecimal or base64, or by a plain hash. */
function tracesOf(address: string): string[] {
  return [...new Set([address, address.toLowerCase()])].flatMap((text) => [
    text,
    Buffer.from(text).toString('hex'),
    // The last letters may share a group with what follows.
    Buffer.from(text).toString('base64').slice(0, -4),
    createHash('sha256').update(text).digest('hex'),
  ]);
}

/** Tables of the whole database with a trace in any column of any row. */
async function tablesWith(traces: readonly string[]): Promise<string[]> {
  const { pool } = users.database;
  const tables = await pool.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c
     WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace::regnamespace::text
       NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  expect(tables.rows.length).toBeGreaterThan(50);
  const found: string[] = [];
  for (const { name } of tables.rows) {
    // The text of a row has all its columns, bytes in hexadecimal.
    const hits = await pool.query(
      `SELECT FROM ${name} t, unnest($1::text[]) trace WHERE position(trace IN t::text) > 0 LIMIT 1`,
      [traces],
    );
    if ((hits.rowCount ?? 0) > 0) found.push(name);
  }
  return found;
}

describe('C38 an address', () => {
  it('is nowhere in the database or the logs, after all that is done with addresses', async () => {
    const [first = '', second = '', unknown = ''] = ADDRESSES;
    const caller = await users.addUser(first);
    await users.call('POST', '/v1/users', { email: first, password: PASSWORD });
    expect(await signIn(first.toUpperCase(), PASSWORD)).toBe(200);
    // Told by mail, as another device.
    expect(await signIn(first, PASSWORD, 'two')).toBe(200);
    expect(await signIn(first, 'a wrong password')).toBe(401);
    expect(await signIn(unknown, PASSWORD)).toBe(401);
    await users.call('POST', '/v1/users/me/email', { email: second }, caller);
    const { token } = (await users.mailTo(second.toLowerCase(), 'change_email')).values;
    const confirmed = await users.call('POST', '/v1/users/email-changes/confirm', { token });
    expect(confirmed.status).toBe(200);
    expect(await signIn(first, PASSWORD)).toBe(401);
    expect(await signIn(second, PASSWORD)).toBe(200);
    const exported = await users.call('GET', '/v1/users/me/export', undefined, caller);
    expect(exported.body).toMatchObject({
      user: { email: second.toLowerCase() },
      emailChanges: [{ from: first, to: second.toLowerCase() }],
    });
    expect(await tablesWith(ADDRESSES.flatMap(tracesOf))).toEqual([]);
    expect(lines.join('')).not.toMatch(/example\.org/i);
  });

  it('would be found by this search, as text, bytes and JSON', async () => {
    const { pool } = users.database;
    await pool.query(`CREATE TABLE public.leaks_text AS SELECT '{a@b.test}'::text[] AS v`);
    await pool.query(`CREATE TABLE public.leaks_bytes AS SELECT '{"to":"a@b.test"}'::bytea AS v`);
    await pool.query(`CREATE TABLE public.leaks_json AS SELECT '{"a":["a@b.test"]}'::jsonb AS v`);
    await pool.query(`CREATE TABLE public.leaks_hash AS SELECT sha256('a@b.test') AS v`);
    expect((await tablesWith(tracesOf('a@b.test'))).sort()).toEqual([
      'leaks_bytes',
      'leaks_hash',
      'leaks_json',
      'leaks_text',
    ]);
  });
});
