// From sign-up to a signed order, as docs/first-steps.md walks it by hand: all processes real, the
// link from a mail that really came, a passkey, one-time codes, an API key, and its end.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SoftwarePasskey } from '../../shared/testing/software-passkey.ts';
import { eventually, Exchange, type HttpAnswer } from './exchange.ts';

const EMAIL = 'grace@example.org';
const PASSWORD = 'nine ships on a calm sea';
/** Where a front end would be (knative/emulator/environment.ts). */
const ORIGIN = 'http://localhost:3000';
const STEP_MS = 30_000;
const ORDER = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '20000', quantity: '0.1' };

let exchange: Exchange;
beforeAll(async () => {
  exchange = await Exchange.createWhole();
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

const post = (path: string, body?: object, token: string | null = null, headers = {}) =>
  exchange.call(token, 'POST', path, body, headers);

function field(answer: HttpAnswer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== 'string') throw new Error(`no ${name}: ${JSON.stringify(answer.body)}`);
  return value;
}

async function linkToken(): Promise<string> {
  const url = `${exchange.ownUrl}/mails?to=${encodeURIComponent(EMAIL)}`;
  const items = await eventually(
    async () => ((await (await fetch(url)).json()) as { items: { text: string }[] }).items,
    (found) => found.length > 0,
  );
  return /#token=(bml_[A-Za-z0-9_-]+)/.exec(items[0]?.text ?? '')?.[1] ?? '';
}

async function accessToken(sessionToken: string): Promise<string> {
  return field(await post('/v1/auth/access-tokens', undefined, sessionToken), 'accessToken');
}

function codeOf(secret: string, steps: number): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: Date.now() + steps * STEP_MS });
}

function actionOf(method: string, path: string, body: object) {
  const bodySha256 = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  return { method, path, bodySha256 };
}

/** With the passkey, for one request. */
async function stepUp(
  token: string,
  passkey: SoftwarePasskey,
  action: ReturnType<typeof actionOf>,
): Promise<{ readonly 'step-up': string }> {
  const options = await post('/v1/auth/step-ups/passkey/options', { action }, token);
  expect(options.status).toBe(200);
  const shown = passkey.get(options.body as unknown as Parameters<SoftwarePasskey['get']>[0]);
  const made = await post('/v1/auth/step-ups', { action, passkey: shown }, token);
  return { 'step-up': field(made, 'stepUp') };
}

async function sendSigned(
  key: KeyObject,
  keyId: string,
  method: string,
  path: string,
  body = '',
  headers = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const timestamp = String(Date.now());
  const digest = createHash('sha256').update(body).digest('hex');
  const text = [timestamp, '5000', method, path, digest].join('\n');
  const answer = await fetch(`${exchange.publicUrl}${path}`, {
    method,
    headers: {
      'bourse-key': keyId,
      'bourse-timestamp': timestamp,
      'bourse-signature': sign(null, Buffer.from(text), key).toString('base64'),
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === '' ? {} : { body }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('a person', () => {
  let token: string;
  let passkey: SoftwarePasskey;

  it('signs up, confirms the address, and signs in with a password alone', async () => {
    expect((await post('/v1/users', { email: EMAIL, password: PASSWORD })).status).toBe(202);
    const early = await post('/v1/auth/sign-in', { email: EMAIL, password: PASSWORD });
    expect(early.body).toMatchObject({ code: 'SIGN_IN_FAILED' });
    const verified = await post('/v1/users/verify-email', { token: await linkToken() });
    expect(verified.body).toMatchObject({ status: 'active' });
    const signedIn = await post('/v1/auth/sign-in', { email: EMAIL, password: PASSWORD });
    expect(signedIn.body).toMatchObject({ status: 'signed_in' });
    token = await accessToken(field(signedIn, 'sessionToken'));
    expect((await exchange.call(token, 'GET', '/v1/users/me')).body).toMatchObject({
      email: EMAIL,
      emailVerified: true,
      status: 'active',
    });
  });

  it('adds a passkey, then an authenticator app with a step-up by that', async () => {
    passkey = new SoftwarePasskey('ES256', ORIGIN);
    const path = '/v1/auth/factors/passkeys';
    const options = await post(`${path}/options`, undefined, token);
    const response = passkey.create(
      options.body as unknown as Parameters<SoftwarePasskey['create']>[0],
    );
    const made = await post(path, { name: 'laptop', response }, token);
    expect(made.status).toBe(201);
    expect(made.body['recoveryCodes']).toHaveLength(10);
    const bare = await post('/v1/auth/factors/totp', undefined, token);
    expect(bare.body).toMatchObject({ code: 'STEP_UP_REQUIRED' });
  });

  it('signs in again: the password is not enough, a passkey or a code is', async () => {
    const totpPath = '/v1/auth/factors/totp';
    const bodySha256 = createHash('sha256').update('').digest('hex');
    const action = { method: 'POST', path: totpPath, bodySha256 };
    const proven = await stepUp(token, passkey, action);
    const secret = field(await post(totpPath, undefined, token, proven), 'secret');
    const confirmed = await post(`${totpPath}/confirm`, { code: codeOf(secret, 0) }, token);
    expect(confirmed.status).toBe(201);
    const begun = await post('/v1/auth/sign-in', { email: EMAIL, password: PASSWORD });
    expect(begun.body).toMatchObject({ status: 'factor_required' });
    const pendingToken = field(begun, 'pendingToken');
    const used = await post('/v1/auth/sign-in/factor', { pendingToken, totp: codeOf(secret, 0) });
    expect(used.body).toMatchObject({ code: 'FACTOR_INVALID' });
    const done = await post('/v1/auth/sign-in/factor', { pendingToken, totp: codeOf(secret, 1) });
    expect(done.body).toMatchObject({ status: 'signed_in' });
    token = await accessToken(field(done, 'sessionToken'));
    const holds = await exchange.call(token, 'GET', '/v1/auth/holds');
    expect(Date.parse(field(holds, 'withdrawalsHeldUntil'))).toBeGreaterThan(Date.now());
  });

  it('makes an API key with a step-up, trades with it, and ends it', async () => {
    const { userId } = (await exchange.call(token, 'GET', '/v1/users/me')).body;
    const funded = await exchange.own('POST', '/fund', {
      user: userId,
      asset: 'USD',
      amount: '5000',
    });
    expect(funded.status).toBe(201);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const wanted = {
      label: 'bot',
      type: 'ed25519',
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
      scopes: ['read', 'trade'],
      markets: ['BTC-USD'],
    };
    const action = actionOf('POST', '/v1/api-keys', wanted);
    const other = await stepUp(token, passkey, { ...action, path: '/v1/api-keys?x=1' });
    const wrong = await post('/v1/api-keys', wanted, token, other);
    expect(wrong.body).toMatchObject({ code: 'STEP_UP_INVALID' });
    const made = await post('/v1/api-keys', wanted, token, await stepUp(token, passkey, action));
    expect(made.status).toBe(201);
    const keyId = field(made, 'id');
    const body = JSON.stringify(ORDER);
    const placed = await sendSigned(privateKey, keyId, 'POST', '/v1/orders', body);
    expect(placed).toMatchObject({ status: 201, body: { market: 'BTC-USD', price: '20000' } });
    const elsewhere = JSON.stringify({ ...ORDER, market: 'ETH-USD', price: '1000' });
    const refused = await sendSigned(privateKey, keyId, 'POST', '/v1/orders', elsewhere);
    expect(refused.body).toMatchObject({ code: 'MARKET_NOT_ALLOWED' });
    const seen = await sendSigned(
      privateKey,
      keyId,
      'GET',
      `/v1/orders/${String(placed.body['id'])}`,
    );
    expect(seen.status).toBe(200);
    expect((await exchange.call(token, 'DELETE', `/v1/api-keys/${keyId}`)).status).toBe(200);
    const after = await eventually(
      () => sendSigned(privateKey, keyId, 'GET', '/v1/orders'),
      ({ status }) => status !== 200,
    );
    expect(after.body).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('makes a sub-account whose key trades what was moved to it, and not with its owner', async () => {
    const { userId } = (await exchange.call(token, 'GET', '/v1/users/me')).body;
    const part = field(
      await post('/v1/users/me/sub-accounts', { label: 'maker' }, token),
      'userId',
    );
    await exchange.own('POST', '/fund', { user: userId, asset: 'BTC', amount: '1' });
    const move = { from: userId, to: part, asset: 'BTC', amount: '0.5' };
    const named = { 'idempotency-key': 'to-the-maker' };
    const moved = await post('/v1/users/me/transfers', move, token, named);
    expect(moved).toMatchObject({ status: 201, body: move });
    expect((await post('/v1/users/me/transfers', move, token, named)).body).toEqual(moved.body);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const wanted = {
      label: 'maker',
      type: 'ed25519',
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
      scopes: ['read', 'trade'],
      userId: part,
    };
    const proven = await stepUp(token, passkey, actionOf('POST', '/v1/api-keys', wanted));
    const key = field(await post('/v1/api-keys', wanted, token, proven), 'id');
    const signed = (method: string, path: string, body?: object) =>
      sendSigned(privateKey, key, method, path, JSON.stringify(body), named);
    const { body } = await signed('GET', '/v1/balances');
    expect(body['items']).toMatchObject([{ asset: 'BTC', total: '0.5' }]);
    const back = { ...move, from: part, to: userId };
    const out = await signed('POST', '/v1/users/me/transfers', back);
    expect(out).toMatchObject({ status: 403, body: { code: 'CALLER_NOT_ALLOWED' } });
    const own = await post('/v1/orders', { ...ORDER, price: '20001' }, token);
    expect(own.status).toBe(201);
    const sale = { ...ORDER, side: 'sell', price: '20001' };
    expect((await signed('POST', '/v1/orders', sale)).status).toBe(201);
    const path = `/v1/prevented-matches?market=${ORDER.market}`;
    const prevented = await eventually(
      () => signed('GET', path),
      (answer) => JSON.stringify(answer.body['items']) !== '[]',
    );
    expect(prevented.body['items']).toHaveLength(1);
    expect((await signed('GET', '/v1/trades')).body['items']).toEqual([]);
  });

  it('signs out everywhere, and the token is worth nothing', async () => {
    expect((await exchange.call(token, 'DELETE', '/v1/auth/sessions/current')).status).toBe(200);
    const answer = await eventually(
      () => exchange.call(token, 'GET', '/v1/balances'),
      ({ status }) => status !== 200,
    );
    expect(answer.body).toMatchObject({ code: 'TOKEN_INVALID' });
  });
});
