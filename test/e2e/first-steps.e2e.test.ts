// From sign-up to a signed order, as docs/first-steps.md walks it by hand: all processes real, the
// link from a mail that really came, a passkey, one-time codes, an API key, and its end.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBourseClient, type BourseClient } from '../../shared/client/client.ts';
import { ed25519Key } from '../../shared/client/sign-request.ts';
import { SoftwarePasskey } from '../../shared/testing/software-passkey.ts';
import { eventually, Exchange } from './exchange.ts';

const EMAIL = 'grace@example.org';
const PASSWORD = 'nine ships on a calm sea';
const SIGN_IN = { email: EMAIL, password: PASSWORD };
/** Where a front end would be (knative/emulator/environment.ts). */
const ORIGIN = 'http://localhost:3000';
const STEP_MS = 30_000;
const ORDER = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '20000',
  quantity: '0.1',
} as const;

let exchange: Exchange;
let nobody: BourseClient;
beforeAll(async () => {
  exchange = await Exchange.createWhole();
  nobody = createBourseClient({ baseUrl: exchange.publicUrl });
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

function clientWith(token: string): BourseClient {
  return createBourseClient({ baseUrl: exchange.publicUrl, credentials: { token } });
}

/** The answer of a call that was not refused. */
function dataOf<Data>(answer: { readonly data?: Data; readonly error?: unknown }): Data {
  if (answer.data === undefined) throw new Error(`refused: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

async function linkToken(): Promise<string> {
  const url = `${exchange.ownUrl}/mails?to=${encodeURIComponent(EMAIL)}`;
  const items = await eventually(
    async () => ((await (await fetch(url)).json()) as { items: { text: string }[] }).items,
    (found) => found.length > 0,
  );
  return /#token=(bml_[A-Za-z0-9_-]+)/.exec(items[0]?.text ?? '')?.[1] ?? '';
}

/** A session token is good for one thing: to draw access tokens. */
async function openSession(sessionToken: string): Promise<BourseClient> {
  const drawn = await clientWith(sessionToken).POST('/v1/auth/access-tokens');
  return clientWith(dataOf(drawn).accessToken);
}

function codeOf(secret: string, steps: number): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: Date.now() + steps * STEP_MS });
}

function postOf(path: string, body?: object) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const bodySha256 = createHash('sha256').update(text).digest('hex');
  return { method: 'POST', path, bodySha256 } as const;
}

/** With the passkey, for one request. */
async function stepUp(
  client: BourseClient,
  passkey: SoftwarePasskey,
  action: ReturnType<typeof postOf>,
) {
  const options = dataOf(
    await client.POST('/v1/auth/step-ups/passkey/options', { body: { action } }),
  );
  const shown = passkey.get(options);
  const made = await client.POST('/v1/auth/step-ups', { body: { action, passkey: shown } });
  return { header: { 'Step-Up': dataOf(made).stepUp } };
}

describe('a person', () => {
  let session: BourseClient;
  let passkey: SoftwarePasskey;

  it('signs up, confirms the address, and signs in with a password alone', async () => {
    const asked = await nobody.POST('/v1/users', { body: SIGN_IN });
    expect(asked.response.status).toBe(202);
    const early = await nobody.POST('/v1/auth/sign-in', { body: SIGN_IN });
    expect(early.error?.code).toBe('SIGN_IN_FAILED');
    const link = { token: await linkToken() };
    const verified = await nobody.POST('/v1/users/verify-email', { body: link });
    expect(verified.data).toMatchObject({ status: 'active' });
    const signedIn = dataOf(await nobody.POST('/v1/auth/sign-in', { body: SIGN_IN }));
    if (signedIn.status !== 'signed_in') throw new Error(signedIn.status);
    session = await openSession(signedIn.sessionToken);
    expect((await session.GET('/v1/users/me')).data).toMatchObject({
      email: EMAIL,
      emailVerified: true,
      status: 'active',
    });
  });

  it('adds a passkey, then an authenticator app with a step-up by that', async () => {
    passkey = new SoftwarePasskey('ES256', ORIGIN);
    const options = dataOf(await session.POST('/v1/auth/factors/passkeys/options'));
    const body = { name: 'laptop', response: passkey.create(options) };
    const made = await session.POST('/v1/auth/factors/passkeys', { body });
    expect(made.response.status).toBe(201);
    expect(made.data?.recoveryCodes).toHaveLength(10);
    const bare = await session.POST('/v1/auth/factors/totp');
    expect(bare.error?.code).toBe('STEP_UP_REQUIRED');
  });

  it('signs in again: the password is not enough, a passkey or a code is', async () => {
    const proven = await stepUp(session, passkey, postOf('/v1/auth/factors/totp'));
    const offer = await session.POST('/v1/auth/factors/totp', { params: proven });
    const { secret } = dataOf(offer);
    const code = codeOf(secret, 0);
    const confirmed = await session.POST('/v1/auth/factors/totp/confirm', { body: { code } });
    expect(confirmed.response.status).toBe(201);
    const begun = dataOf(await nobody.POST('/v1/auth/sign-in', { body: SIGN_IN }));
    if (begun.status !== 'factor_required') throw new Error(begun.status);
    const { pendingToken } = begun;
    const used = await nobody.POST('/v1/auth/sign-in/factor', {
      body: { pendingToken, totp: code },
    });
    expect(used.error?.code).toBe('FACTOR_INVALID');
    const done = await nobody.POST('/v1/auth/sign-in/factor', {
      body: { pendingToken, totp: codeOf(secret, 1) },
    });
    session = await openSession(dataOf(done).sessionToken);
    const { withdrawalsHeldUntil } = dataOf(await session.GET('/v1/auth/holds'));
    expect(Date.parse(withdrawalsHeldUntil ?? '')).toBeGreaterThan(Date.now());
  });

  it('makes an API key with a step-up, trades with it, and ends it', async () => {
    const { userId } = dataOf(await session.GET('/v1/users/me'));
    const funded = await exchange.own('POST', '/fund', {
      user: userId,
      asset: 'USD',
      amount: '5000',
    });
    expect(funded.status).toBe(201);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const body = {
      label: 'bot',
      type: 'ed25519',
      publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
      scopes: ['read', 'trade'],
      markets: ['BTC-USD'],
    } as const;
    const action = postOf('/v1/api-keys', body);
    const other = await stepUp(session, passkey, { ...action, path: '/v1/api-keys?x=1' });
    const wrong = await session.POST('/v1/api-keys', { body, params: other });
    expect(wrong.error?.code).toBe('STEP_UP_INVALID');
    const proven = await stepUp(session, passkey, action);
    const { id } = dataOf(await session.POST('/v1/api-keys', { body, params: proven }));
    const key = ed25519Key(id, privateKey);
    const bot = createBourseClient({ baseUrl: exchange.publicUrl, credentials: { key } });
    const placed = await bot.POST('/v1/orders', { body: ORDER });
    expect(placed.response.status).toBe(201);
    expect(placed.data).toMatchObject({ market: 'BTC-USD', price: '20000' });
    const refused = await bot.POST('/v1/orders', {
      body: { ...ORDER, market: 'ETH-USD', price: '1000' },
    });
    expect(refused.error?.code).toBe('MARKET_NOT_ALLOWED');
    const path = { id: dataOf(placed).id };
    expect((await bot.GET('/v1/orders/{id}', { params: { path } })).response.status).toBe(200);
    const ended = await session.DELETE('/v1/api-keys/{id}', { params: { path: { id } } });
    expect(ended.data).toEqual({ id });
    const after = await eventually(
      () => bot.GET('/v1/orders', { params: { query: { status: 'all' } } }),
      ({ response }) => response.status !== 200,
    );
    expect(after.error?.code).toBe('SIGNATURE_INVALID');
  });

  it('makes a sub-account whose key trades what was moved to it, and not with its owner', async () => {
    const { userId } = dataOf(await session.GET('/v1/users/me'));
    const wanted = { body: { label: 'maker' } };
    const part = dataOf(await session.POST('/v1/users/me/sub-accounts', wanted)).userId;
    await exchange.own('POST', '/fund', { user: userId, asset: 'BTC', amount: '1' });
    const move = { from: userId, to: part, asset: 'BTC', amount: '0.5' };
    const params = { header: { 'Idempotency-Key': 'to-the-maker' } };
    const moved = await session.POST('/v1/users/me/transfers', { body: move, params });
    expect(moved.data).toMatchObject(move);
    const again = await session.POST('/v1/users/me/transfers', { body: move, params });
    expect(again.data).toEqual(moved.data);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const body = {
      label: 'maker',
      type: 'ed25519',
      publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
      scopes: ['read', 'trade'],
      userId: part,
    } as const;
    const proven = await stepUp(session, passkey, postOf('/v1/api-keys', body));
    const { id } = dataOf(await session.POST('/v1/api-keys', { body, params: proven }));
    const key = ed25519Key(id, privateKey);
    const maker = createBourseClient({ baseUrl: exchange.publicUrl, credentials: { key } });
    const { items } = dataOf(await maker.GET('/v1/balances'));
    expect(items).toMatchObject([{ asset: 'BTC', total: '0.5' }]);
    const back = { ...move, from: part, to: userId };
    const out = await maker.POST('/v1/users/me/transfers', { body: back, params });
    expect(out.error?.code).toBe('CALLER_NOT_ALLOWED');
    const own = await session.POST('/v1/orders', { body: { ...ORDER, price: '20001' } });
    expect(own.response.status).toBe(201);
    const sale = { ...ORDER, side: 'sell', price: '20001' } as const;
    expect((await maker.POST('/v1/orders', { body: sale })).response.status).toBe(201);
    const query = { market: ORDER.market };
    const prevented = await eventually(
      async () => dataOf(await maker.GET('/v1/prevented-matches', { params: { query } })).items,
      (found) => found.length > 0,
    );
    expect(prevented).toHaveLength(1);
    expect(dataOf(await maker.GET('/v1/trades')).items).toEqual([]);
  });

  it('signs out everywhere, and the token is worth nothing', async () => {
    expect((await session.DELETE('/v1/auth/sessions/current')).response.status).toBe(200);
    const answer = await eventually(
      () => session.GET('/v1/balances'),
      ({ response }) => response.status !== 200,
    );
    expect(answer.error?.code).toBe('TOKEN_INVALID');
  });
});
