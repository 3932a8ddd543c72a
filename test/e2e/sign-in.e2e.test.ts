// A person's way in, through the real processes: password, session, access token, another function
// that believes it, and out again. And the shortcut of the emulator, which many tools lean on.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT_PASSWORD } from '../../knative/emulator/seed/users.ts';
import { Exchange, type HttpAnswer } from './exchange.ts';

let exchange: Exchange;
beforeAll(async () => {
  exchange = await Exchange.createWhole();
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

const ALICE = { email: 'alice@example.test', password: DEVELOPMENT_PASSWORD };

function signIn(body: Record<string, unknown>): Promise<HttpAnswer> {
  return exchange.call(null, 'POST', '/v1/auth/sign-in', body);
}

function draw(sessionToken: string): Promise<HttpAnswer> {
  return exchange.call(sessionToken, 'POST', '/v1/auth/access-tokens');
}

async function kidsPublished(url: string): Promise<unknown[]> {
  const answer = await fetch(`${url}/.well-known/jwks.json`);
  const body = (await answer.json()) as { keys: { kid: string }[] };
  return body.keys.map(({ kid }) => kid);
}

describe('signing in', () => {
  it('is refused with another password, and to who has none', async () => {
    const wrong = await signIn({ ...ALICE, password: 'only for production' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'SIGN_IN_FAILED' } });
    await exchange.token('usr_0000000000000077');
    const email = 'usr_0000000000000077@example.test';
    expect(await signIn({ ...ALICE, email })).toMatchObject({ status: 401 });
  });

  it('gives a session, that an access token, that is believed until one signs out', async () => {
    const { status, body } = await signIn(ALICE);
    expect(status).toBe(200);
    const sessionToken = String(body['sessionToken']);
    const drawn = await draw(sessionToken);
    expect(drawn).toMatchObject({ status: 200, body: { expiresInSeconds: 600 } });
    const token = String(drawn.body['accessToken']);
    const balances = await exchange.balances(token);
    expect(balances['BTC']?.['total']).toBe('100');
    const listed = await exchange.call(token, 'GET', '/v1/auth/sessions');
    const items = listed.body['items'] as { id: string; current: boolean }[];
    expect(items.filter(({ current }) => current)).toMatchObject([{ id: body['sessionId'] }]);
    const misused = await exchange.call(sessionToken, 'GET', '/v1/balances');
    expect(misused).toMatchObject({ status: 401, body: { code: 'TOKEN_INVALID' } });
    const out = await exchange.call(sessionToken, 'DELETE', '/v1/auth/sessions/current');
    expect(out.status).toBe(200);
    expect(await draw(sessionToken)).toMatchObject({ status: 401 });
  });
});

describe('the shortcut', () => {
  it('signs with the key that the auth function publishes, for a session that is listed', async () => {
    const kids = await kidsPublished(exchange.publicUrl);
    expect(kids).toHaveLength(2);
    expect(await kidsPublished(exchange.ownUrl)).toEqual(kids);
    const answer = await exchange.own('POST', '/tokens', { user: 'bob' });
    expect(answer).toMatchObject({
      status: 201,
      body: { userId: 'usr_0000000000000002', expiresInSeconds: 43_200 },
    });
    const token = String(answer.body['token']);
    const listed = await exchange.call(token, 'GET', '/v1/auth/sessions');
    const items = listed.body['items'] as { id: string; current: boolean }[];
    const current = items.filter((each) => each.current);
    expect(current).toMatchObject([{ id: decodeJwt(token)['sid'] }]);
  });

  it('serves hundreds at once, known users and new ones', async () => {
    const users = Array.from({ length: 300 }, (_, at) => {
      return at % 3 === 0 ? 'alice' : `usr_${String(1_000_000 + at).padStart(16, '0')}`;
    });
    const tokens = await Promise.all(users.map((user) => exchange.token(user)));
    expect(new Set(tokens).size).toBe(users.length);
    const last = tokens.at(-1) ?? '';
    expect((await exchange.call(last, 'GET', '/v1/balances')).status).toBe(200);
  });

  it('outlives a restart', async () => {
    const token = await exchange.token('alice');
    await exchange.stop();
    await exchange.start();
    expect((await exchange.call(token, 'GET', '/v1/balances')).status).toBe(200);
    expect((await signIn(ALICE)).status).toBe(200);
  }, 120_000);

  it('works on after everything was thrown away', async () => {
    // It has no body.
    const reset = await fetch(`${exchange.ownUrl}/reset`, { method: 'POST' });
    expect(reset.status).toBe(204);
    const token = await exchange.token('bob');
    expect((await exchange.call(token, 'GET', '/v1/balances')).status).toBe(200);
  }, 120_000);
});
