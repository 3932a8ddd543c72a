// The password step on a real database: what is refused and how it looks, what it costs, who waits.
import { afterAll, assert, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallAnswer } from '../../../shared/function/call.ts';
import { createPasswordHasher } from '../../../shared/passwords/hasher.ts';
import { hashSecret } from '../../../shared/secrets/token.ts';
import { PASSWORD, START_MS, startTestAuth, type TestAuth } from '../testing-auth.ts';
import { CHEAP_HASH } from '../testing-deps.ts';

const HERE = '203.0.113.7';
const ELSEWHERE = '198.51.100.9';
const WRONG = 'another horse battery';

let auth: TestAuth;
let nowMs = START_MS;
let users = 0;
beforeAll(async () => {
  auth = await startTestAuth(16);
});
beforeEach(async () => {
  nowMs = START_MS;
  auth.setNow(nowMs);
  await auth.database.pool.query('TRUNCATE auth.sign_in_failures');
});
afterAll(() => auth.database.drop());

function pass(ms: number): void {
  nowMs += ms;
  auth.setNow(nowMs);
}

function signIn(email: string, password: string, clientAddress = HERE): Promise<CallAnswer> {
  return auth.post('/v1/auth/sign-in', { email, password }, { clientAddress });
}

async function newUser(status = 'active'): Promise<{ email: string; userNumber: number }> {
  users += 1;
  const email = `user${users}@example.test`;
  return { email, userNumber: await auth.addUser(email, status) };
}

/** All that a stranger sees of an answer but the id of the request. */
function seen({ status, headers, body }: CallAnswer): unknown {
  return {
    status,
    headers: { ...headers, 'x-request-id': '' },
    body: { ...(body as object), requestId: '' },
  };
}

function codeOf({ body }: CallAnswer): unknown {
  return (body as Record<string, unknown>)['code'];
}

describe('a sign-in is refused', () => {
  it.each([
    ['without address', { password: PASSWORD }],
    ['without password', { email: 'a@b.test' }],
    ['with an empty password', { email: 'a@b.test', password: '' }],
    ['with a password of no end', { email: 'a@b.test', password: 'x'.repeat(1_025) }],
    ['with an address that is none', { email: 'alice', password: PASSWORD }],
    ['with a zero byte in the address', { email: 'a\u0000@b.test', password: PASSWORD }],
    ['with a list for a password', { email: 'a@b.test', password: [PASSWORD] }],
    ['with fields of its own', { email: 'a@b.test', password: PASSWORD, userId: 'usr_1' }],
  ])('%s', async (_name, body) => {
    const answer = await auth.post('/v1/auth/sign-in', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'BODY_INVALID' } });
  });

  it('C3 alike for an unknown address, a wrong password, one not verified, one closed', async () => {
    const { email } = await newUser();
    const pending = await newUser('pending');
    const closed = await newUser('closed');
    const expected = seen(await signIn('nobody@example.test', PASSWORD));
    expect(expected).toMatchObject({ status: 401, body: { code: 'SIGN_IN_FAILED' } });
    for (const [address, password] of [
      [email, WRONG],
      [email, PASSWORD.toUpperCase()],
      [pending.email, PASSWORD],
      [pending.email, WRONG],
      [closed.email, PASSWORD],
      ['nobody@example.test', WRONG],
    ] as const) {
      const before = auth.hashes();
      expect(seen(await signIn(address, password))).toEqual(expected);
      expect(auth.hashes() - before, address).toBe(1);
    }
  });

  it('C3 alike when throttled, whether or not there is an account', async () => {
    const { email } = await newUser();
    const answers: unknown[] = [];
    for (const address of [email, 'nobody@example.test']) {
      await auth.database.pool.query('TRUNCATE auth.sign_in_failures');
      for (let at = 0; at < 5; at += 1) await signIn(address, WRONG);
      answers.push(seen(await signIn(address, PASSWORD)));
    }
    expect(answers[0]).toMatchObject({ status: 429 });
    expect(answers[1]).toEqual(answers[0]);
  });

  it('of a suspended account with its code only when the password was right', async () => {
    const { email } = await newUser('suspended');
    expect(codeOf(await signIn(email, WRONG))).toBe('SIGN_IN_FAILED');
    const right = await signIn(email, PASSWORD);
    expect(right).toMatchObject({ status: 403, body: { code: 'ACCOUNT_SUSPENDED' } });
  });
});

describe('C4 guessing is throttled', () => {
  it('by account, from wherever it comes, and costs no hash any more', async () => {
    const { email } = await newUser();
    const answers: CallAnswer[] = [];
    for (let at = 0; at < 20; at += 1) {
      answers.push(await signIn(email, WRONG, `198.51.${at}.9`));
    }
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => 401),
      ...Array.from({ length: 15 }, () => 429),
    ]);
    expect(answers[19]?.headers['retry-after']).toBe('1');
    expect(codeOf(answers[19] as CallAnswer)).toBe('SIGN_IN_THROTTLED');
    const before = auth.hashes();
    expect((await signIn(email, PASSWORD, ELSEWHERE)).status).toBe(429);
    expect(auth.hashes()).toBe(before);
  });

  it('twice as long with each failure more, and at most 15 min', async () => {
    const { email } = await newUser();
    const waits: number[] = [];
    for (let at = 0; at < 16; at += 1) {
      await signIn(email, WRONG, `198.51.${at}.9`);
      const { status, headers } = await signIn(email, WRONG, `198.51.${at}.9`);
      if (status !== 429) continue;
      const seconds = Number(headers['retry-after']);
      waits.push(seconds);
      pass(seconds * 1_000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
  });

  it('by address, and by subnet, over many accounts', async () => {
    for (let at = 0; at < 20; at += 1) await signIn(`a${at}@example.test`, WRONG, '192.0.2.1');
    expect((await signIn('b@example.test', WRONG, '192.0.2.1')).status).toBe(429);
    expect((await signIn('b@example.test', WRONG, '192.0.2.2')).status).toBe(401);
    for (let at = 0; at < 79; at += 1) {
      await signIn(`c${at}@example.test`, WRONG, `192.0.2.${at + 3}`);
    }
    expect((await signIn('d@example.test', WRONG, '192.0.2.250')).status).toBe(429);
    expect((await signIn('d@example.test', WRONG, '192.0.3.250')).status).toBe(401);
  });

  it('by the /64 of an IPv6 address, which one subscriber has all of', async () => {
    for (let at = 0; at < 100; at += 1) {
      await signIn(`v${at}@example.test`, WRONG, `2001:db8:0:1::${at.toString(16)}`);
    }
    expect((await signIn('w@example.test', WRONG, '2001:db8:0:1:ffff::1')).status).toBe(429);
    expect((await signIn('w@example.test', WRONG, '2001:db8:0:2::1')).status).toBe(401);
  });

  it('as strictly when all attempts come at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { email } = await newUser();
      const before = auth.hashes();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, at) => signIn(email, WRONG, `198.51.${at}.${round}`)),
      );
      const tried = answers.filter(({ status }) => status === 401).length;
      expect(tried).toBe(5);
      expect(auth.hashes() - before).toBe(tried);
    }
  });

  it('never for the user, from an address that has signed in to the account', async () => {
    const { email } = await newUser();
    expect((await signIn(email, PASSWORD, HERE)).status).toBe(200);
    for (let at = 0; at < 200; at += 1) {
      await signIn(email, WRONG, `198.51.${at}.9`);
      pass(1);
    }
    expect((await signIn(email, PASSWORD, ELSEWHERE)).status).toBe(429);
    expect((await signIn(email, PASSWORD, HERE)).status).toBe(200);
  });

  it('for that address, too, when it is the one that guesses', async () => {
    const { email } = await newUser();
    await signIn(email, PASSWORD, HERE);
    const statuses: number[] = [];
    for (let at = 0; at < 22; at += 1) statuses.push((await signIn(email, WRONG, HERE)).status);
    expect(statuses.lastIndexOf(401)).toBe(19);
    expect(statuses.slice(20)).toEqual([429, 429]);
  });

  it('when 30 days have passed since, the address is a stranger again', async () => {
    const { email } = await newUser();
    await signIn(email, PASSWORD, HERE);
    pass(30 * 24 * 3_600_000);
    for (let at = 0; at < 5; at += 1) await signIn(email, WRONG, ELSEWHERE);
    expect((await signIn(email, PASSWORD, HERE)).status).toBe(429);
  });

  it('with no profit from an account of ones own', async () => {
    const { email } = await newUser();
    for (let at = 0; at < 19; at += 1) await signIn(`e${at}@example.test`, WRONG, HERE);
    expect((await signIn(email, PASSWORD, HERE)).status).toBe(200);
    expect((await signIn('f@example.test', WRONG, HERE)).status).toBe(401);
    expect((await signIn('g@example.test', WRONG, HERE)).status).toBe(429);
  });

  it('in a row: a right password begins the count anew', async () => {
    const { email } = await newUser();
    for (let round = 0; round < 3; round += 1) {
      for (let at = 0; at < 4; at += 1) expect((await signIn(email, WRONG)).status).toBe(401);
      expect((await signIn(email, PASSWORD)).status).toBe(200);
    }
  });
});

describe('a sign-in that nobody could look at', () => {
  it('is busy, and no failure of anybody', async () => {
    const { email } = await newUser();
    const busy = { rejected: true, code: 'SERVICE_BUSY', detail: 'busy' } as const;
    const { passwords } = auth.deps;
    const refuse = (): Promise<typeof busy> => Promise.resolve(busy);
    const refusing = { hash: refuse, verify: refuse, verifyNone: refuse };
    Object.assign(auth.deps, { passwords: { ...passwords, ...refusing } });
    try {
      for (let at = 0; at < 30; at += 1) {
        expect((await signIn(email, PASSWORD)).status).toBe(503);
        expect((await signIn('nobody@example.test', PASSWORD)).status).toBe(503);
      }
    } finally {
      Object.assign(auth.deps, { passwords });
    }
    expect((await signIn(email, PASSWORD)).status).toBe(200);
  });

  it('asks nothing of the database while too many wait for a hash', async () => {
    const { email } = await newUser();
    const { passwords, pool } = auth.deps;
    const busy = { rejected: true, code: 'SERVICE_BUSY', detail: 'busy', retryAfterSeconds: 3 };
    const closed = new Proxy(pool, {
      get: (_pool, name) => assert.fail(`asks the pool for ${String(name)}`),
    });
    Object.assign(auth.deps, {
      passwords: { ...passwords, refuseWhileFull: () => busy },
      pool: closed,
    });
    try {
      const answer = await signIn(email, PASSWORD);
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '3']);
    } finally {
      Object.assign(auth.deps, { passwords, pool });
    }
  });
});

describe('a sign-in', () => {
  it('opens a session, whose token is stored as its hash alone', async () => {
    const { email, userNumber } = await newUser();
    const answer = await auth.post(
      '/v1/auth/sign-in',
      { email: email.toUpperCase(), password: PASSWORD },
      { clientAddress: HERE, headers: { 'user-agent': 'x'.repeat(500) } },
    );
    const body = answer.body as Record<string, string>;
    expect(body).toEqual({
      status: 'signed_in',
      sessionId: expect.stringMatching(/^ses_[0-9]{16}$/) as unknown,
      sessionToken: expect.stringMatching(/^bst_[A-Za-z0-9_-]{43}$/) as unknown,
      expiresAt: '2026-04-01T00:00:00.000Z',
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    const stored = await auth.database.pool.query<{ text: string; hash: Buffer; agent: number }>(
      `SELECT s::text AS text, token_hash AS hash, length(user_agent) AS agent
       FROM auth.sessions s WHERE user_number = $1`,
      [userNumber],
    );
    expect(stored.rows).toHaveLength(1);
    expect(stored.rows[0]?.hash).toEqual(hashSecret(body['sessionToken'] ?? ''));
    expect(stored.rows[0]?.text).not.toContain(body['sessionToken']?.slice(4));
    expect(stored.rows[0]?.agent).toBe(400);
  });

  it('C5 has a token of its own each time: none is fixed beforehand', async () => {
    const { email } = await newUser();
    const first = (await signIn(email, PASSWORD)).body as Record<string, string>;
    const again = await auth.post(
      '/v1/auth/sign-in',
      { email, password: PASSWORD },
      { headers: { authorization: `Bearer ${first['sessionToken'] ?? ''}` } },
    );
    const second = again.body as Record<string, string>;
    expect(second['sessionToken']).not.toBe(first['sessionToken']);
    expect(second['sessionId']).not.toBe(first['sessionId']);
  });

  it('waits for a factor where the user has one, and opens nothing yet', async () => {
    const { email, userNumber } = await newUser();
    await withFactors(['recovery_code', 'totp'], async () => {
      const answer = await signIn(email, PASSWORD);
      const body = answer.body as Record<string, string>;
      expect(body).toEqual({
        status: 'factor_required',
        pendingToken: expect.stringMatching(/^bpt_[A-Za-z0-9_-]{43}$/) as unknown,
        factors: ['totp', 'recovery_code'],
        expiresAt: '2026-03-31T12:05:00.000Z',
      });
      const stored = await auth.database.pool.query(
        `SELECT user_number, tries_left, used_at, host(address) AS address
         FROM auth.pending_sign_ins WHERE pending_hash = $1`,
        [hashSecret(body['pendingToken'] ?? '')],
      );
      const row = { user_number: userNumber, tries_left: 5, used_at: null, address: HERE };
      expect(stored.rows).toEqual([row]);
      const bearer = { authorization: `Bearer ${body['pendingToken'] ?? ''}` };
      const drawn = await auth.call({
        method: 'POST',
        path: '/v1/auth/access-tokens',
        headers: bearer,
      });
      expect(codeOf(drawn)).toBe('SESSION_INVALID');
    });
    const opened = await auth.pool.query('SELECT FROM auth.sessions WHERE user_number = $1', [
      userNumber,
    ]);
    expect(opened.rowCount).toBe(0);
  });
});

describe('C1 a hash of older parameters', () => {
  it('is made anew at the next sign-in, and only then', async () => {
    const old = createPasswordHasher({ cost: { ...CHEAP_HASH, passes: 2 } });
    const userNumber = await auth.addUser('old@example.test', 'active', old);
    const stored = async (): Promise<string> => {
      const found = await auth.database.pool.query<{ hash: string }>(
        'SELECT hash FROM users.passwords WHERE user_number = $1',
        [userNumber],
      );
      return found.rows[0]?.hash ?? '';
    };
    expect(await stored()).toContain('m=8,t=2,p=1');
    await signIn('old@example.test', WRONG);
    expect(await stored()).toContain('m=8,t=2,p=1');
    expect((await signIn('old@example.test', PASSWORD)).status).toBe(200);
    expect(await stored()).toContain('m=8,t=1,p=1');
    const before = auth.hashes();
    expect((await signIn('old@example.test', PASSWORD)).status).toBe(200);
    expect(auth.hashes() - before).toBe(1);
  });
});

async function withFactors(factors: readonly string[], work: () => Promise<void>): Promise<void> {
  const define = (body: string): Promise<unknown> =>
    auth.database.pool.query(
      `CREATE OR REPLACE FUNCTION auth.factors_of(p_user bigint) RETURNS text[] LANGUAGE sql STABLE
       SET search_path = pg_catalog, pg_temp AS $$ SELECT '{${body}}'::text[] $$`,
    );
  await define(factors.join(','));
  try {
    await work();
  } finally {
    await define('');
  }
}
