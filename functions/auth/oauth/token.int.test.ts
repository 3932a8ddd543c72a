// Codes, tokens and grants on a real database: what each request is refused for, then what it gets.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/domain/caller.ts';
import { callFunction } from '../../../shared/function/call.ts';
import { definition } from '../handler.ts';
import { FAILURES_MAX } from './authenticate-client.ts';
import { CODE_LIFE_MS } from './store/codes.ts';
import {
  authorize,
  basic,
  claimsOf,
  codeIn,
  credentialsOf,
  endOf,
  exchange,
  letIn,
  makeClient,
  openOAuth,
  post,
  REDIRECT_URI,
  refresh,
  revoked,
  sessionNumberOf,
  signIn,
  signInAgain,
  tokensIn,
  VERIFIER,
  type TestClient,
  type TestOAuth,
} from './testing-oauth.ts';

let oauth: TestOAuth;
let alice: Caller;
let app: TestClient;
let web: TestClient;
let other: TestClient;
let desk: TestClient;
beforeAll(async () => {
  oauth = await openOAuth();
  alice = await signIn(oauth);
  app = await makeClient(oauth, 'public');
  web = await makeClient(oauth, 'confidential');
  other = await makeClient(oauth, 'confidential');
  const institutionOf = (await signIn(oauth)).userNumber;
  desk = await makeClient(oauth, { institutionOf }, { scopes: ['read', 'trade', 'withdraw'] });
});
afterAll(() => oauth.database.drop());

/** A code for `client`, from a session that nobody else uses. */
async function newCode(client: TestClient): Promise<string> {
  return codeIn(await authorize(oauth, await signInAgain(oauth, alice.userNumber), client));
}

describe('POST /v1/oauth/authorizations refuses', () => {
  it.each([
    ['an unknown client', { clientId: 'cli_0000000000009999' }, 'OAUTH_CLIENT_UNKNOWN'],
    ['what is no client id', { clientId: 'app' }, 'OAUTH_CLIENT_UNKNOWN'],
    ['a longer URI', { redirectUri: `${REDIRECT_URI}/` }, 'OAUTH_REDIRECT_URI_UNKNOWN'],
    ['a shorter URI', { redirectUri: 'https://app.test/callback' }, 'OAUTH_REDIRECT_URI_UNKNOWN'],
    ['other case', { redirectUri: REDIRECT_URI.toUpperCase() }, 'OAUTH_REDIRECT_URI_UNKNOWN'],
    ['more than the client may', { scope: 'read withdraw' }, 'OAUTH_SCOPE_NOT_ALLOWED'],
    ['a scope that is none', { scope: 'openid' }, 'OAUTH_SCOPE_NOT_ALLOWED'],
    ['no scope', { scope: '' }, 'BODY_INVALID'],
    ['PKCE of method plain', { codeChallengeMethod: 'plain' }, 'BODY_INVALID'],
    ['no PKCE', { codeChallenge: undefined }, 'BODY_INVALID'],
    ['a challenge that is no hash', { codeChallenge: VERIFIER.slice(1) }, 'BODY_INVALID'],
    ['a state with line breaks', { state: 'a\r\nb' }, 'BODY_INVALID'],
    ['fields that it has not', { userId: 'usr_0000000000000002' }, 'BODY_INVALID'],
  ])('%s', async (_name, change, code) => {
    expect((await authorize(oauth, alice, app, change)).body).toMatchObject({ code });
  });

  it('whoever is no session, an institutional client, and a session that has ended', async () => {
    expect((await authorize(oauth, undefined, app)).status).toBe(401);
    for (const kind of ['client', 'key', 'staff'] as const) {
      const answer = await authorize(oauth, { ...alice, kind }, app);
      expect(answer.body).toMatchObject({ code: 'CALLER_NOT_ALLOWED' });
    }
    const refused = await authorize(oauth, alice, desk);
    expect(refused.body).toMatchObject({ code: 'OAUTH_CLIENT_UNKNOWN' });
    const gone = await signInAgain(oauth, alice.userNumber);
    await endSession(gone);
    expect((await authorize(oauth, gone, app)).body).toMatchObject({ code: 'TOKEN_INVALID' });
    const stranger = { ...(await signIn(oauth)), credentialId: alice.credentialId };
    expect((await authorize(oauth, stranger, app)).body).toMatchObject({ code: 'TOKEN_INVALID' });
  });
});

async function endSession(caller: Caller): Promise<void> {
  await oauth.database.pool.query(
    `UPDATE auth.sessions SET ended_at = $2, end_reason = 'signed_out' WHERE session_number = $1`,
    [sessionNumberOf(caller), new Date(oauth.nowMs)],
  );
}

describe('POST /v1/oauth/token refuses a client', () => {
  it.each([
    ['that is not named', () => ({}), {}],
    ['that is unknown', () => ({ client_id: 'cli_0000000000009999' }), {}],
    ['that is unknown, with a secret', () => ({ client_id: 'cli_0000000000009999' }), 'bcs_x'],
    ['that keeps its secret back', () => ({ client_id: web.id }), {}],
    ['with the secret of another', () => ({ ...credentialsOf(other), client_id: web.id }), {}],
    ['that is public, with a secret', () => ({ client_id: app.id }), 'bcs_x'],
    ['with Bearer', () => ({ client_id: web.id }), { authorization: 'Bearer x' }],
    ['with a wrong secret as Basic', () => ({}), 'basic'],
  ])('%s: invalid_client', async (_name, fieldsOf, more) => {
    const fields = { grant_type: 'refresh_token', ...fieldsOf() };
    const headers = more === 'basic' ? basic(web.id, 'bcs_x') : more;
    const answer =
      typeof headers === 'string'
        ? await post(oauth, 'token', { ...fields, client_secret: headers })
        : await post(oauth, 'token', fields, { headers });
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
      body: { error: 'invalid_client' },
    });
    expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
  });

  it('that fails too often: it is told to wait, and can come in with the right secret', async () => {
    const client = await makeClient(oauth, 'confidential');
    const wrong = { grant_type: 'refresh_token', client_id: client.id, client_secret: 'x' };
    for (let failure = 1; failure <= FAILURES_MAX; failure += 1) {
      expect((await post(oauth, 'token', wrong)).headers['retry-after']).toBeUndefined();
    }
    const throttled = await post(oauth, 'token', wrong);
    expect(throttled).toMatchObject({ status: 401, headers: { 'retry-after': '60' } });
    expect((await refresh(oauth, client, 'x')).body).toMatchObject({ error: 'invalid_grant' });
    oauth.nowMs += 60_000;
    expect((await post(oauth, 'token', wrong)).headers['retry-after']).toBeUndefined();
  });
});

describe('POST /v1/oauth/token refuses', () => {
  it.each([
    ['no grant_type', {}, 'invalid_request'],
    ['the grant_type password', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a grant_type of an object', { grant_type: 'constructor' }, 'unsupported_grant_type'],
    ['no code', { grant_type: 'authorization_code' }, 'invalid_request'],
    ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['client_credentials for users', { grant_type: 'client_credentials' }, 'unauthorized_client'],
  ])('%s: %j is %s', async (_name, fields, error) => {
    const answer = await post(oauth, 'token', { ...credentialsOf(web), ...fields });
    expect(answer).toMatchObject({
      status: 400,
      headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
      body: { error },
    });
  });

  it('an institution all but client_credentials, and scopes beyond its own', async () => {
    for (const grant_type of ['authorization_code', 'refresh_token']) {
      const answer = await post(oauth, 'token', { ...credentialsOf(desk), grant_type });
      expect(answer.body).toMatchObject({ error: 'unauthorized_client' });
    }
    const fields = { ...credentialsOf(desk), grant_type: 'client_credentials', scope: 'admin' };
    expect((await post(oauth, 'token', fields)).body).toMatchObject({ error: 'invalid_scope' });
  });

  it('parameters that come twice, JSON, what is too long, and a query', async () => {
    const twice = `grant_type=refresh_token&client_id=${app.id}&client_id=${app.id}`;
    for (const rawBody of [twice, `a=${'1'.repeat(10_000)}`]) {
      const answer = await post(oauth, 'token', {}, { rawBody });
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
    const headers = { 'content-type': 'application/json' };
    const json = await post(oauth, 'token', {}, { headers, rawBody: '{}' });
    expect(json).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const path = `/v1/oauth/token?client_id=${app.id}`;
    const inQuery = await callFunction(definition, oauth.deps, { method: 'POST', path });
    expect(inQuery.body).toMatchObject({ code: 'QUERY_INVALID' });
  });
});

describe('an authorization code is refused', () => {
  it.each([
    ['with another redirect URI', { redirect_uri: 'https://app.test/callback' }, 'invalid_grant'],
    ['with another verifier', { code_verifier: 'w'.repeat(43) }, 'invalid_grant'],
    ['with a verifier that is too short', { code_verifier: VERIFIER.slice(1) }, 'invalid_request'],
    ['without a verifier', { code_verifier: '' }, 'invalid_request'],
    ['without a redirect URI', { redirect_uri: '' }, 'invalid_request'],
    ['that is none', { code: 'bac_x' }, 'invalid_grant'],
    ['that is unknown', { code: `bac_${'A'.repeat(43)}` }, 'invalid_grant'],
  ])('%s', async (_name, change, error) => {
    const answer = await exchange(oauth, app, await newCode(app), change);
    expect(answer).toMatchObject({ status: 400, body: { error } });
  });

  it('to another client, which does not use it up', async () => {
    const code = await newCode(app);
    expect((await exchange(oauth, other, code)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await exchange(oauth, app, code)).status).toBe(200);
  });

  it('after a wrong verifier: nobody guesses twice', async () => {
    const code = await newCode(app);
    await exchange(oauth, app, code, { code_verifier: 'w'.repeat(43) });
    expect((await exchange(oauth, app, code)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('when it is a minute old, and not a moment before', async () => {
    const [late, early] = [await newCode(app), await newCode(app)];
    oauth.nowMs += CODE_LIFE_MS - 1;
    expect((await exchange(oauth, app, early)).status).toBe(200);
    oauth.nowMs += 1;
    expect((await exchange(oauth, app, late)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('when the session that agreed has ended', async () => {
    const session = await signInAgain(oauth, alice.userNumber);
    const code = codeIn(await authorize(oauth, session, app));
    await endSession(session);
    expect((await exchange(oauth, app, code)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('when the user was suspended', async () => {
    const bob = await signIn(oauth);
    const code = codeIn(await authorize(oauth, bob, app));
    const tokens = await letIn(oauth, bob, app);
    await oauth.database.pool.query(
      `UPDATE users.users SET status = 'suspended' WHERE user_number = $1`,
      [bob.userNumber],
    );
    expect((await exchange(oauth, app, code)).body).toMatchObject({ error: 'invalid_grant' });
    const again = await refresh(oauth, app, tokens.refresh);
    expect(again.body).toMatchObject({ error: 'invalid_grant' });
  });

  it('when it comes twice: what the first was given ends (RFC 9700)', async () => {
    const code = await newCode(web);
    const tokens = tokensIn(await exchange(oauth, web, code));
    expect((await exchange(oauth, web, code)).body).toMatchObject({ error: 'invalid_grant' });
    expect(await endOf(oauth, tokens.sid)).toBe('code_reused');
    expect(await revoked(oauth)).toContain(tokens.sid);
    const next = await refresh(oauth, web, tokens.refresh);
    expect(next.body).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('an authorization code', () => {
  it('goes back with state and issuer, and gets tokens of ten minutes for what was agreed', async () => {
    const agreed = await authorize(oauth, alice, web, { state: 'a&b c', scope: 'read' });
    const { redirectTo } = agreed.body as { redirectTo: string };
    expect(redirectTo.startsWith(`${REDIRECT_URI}&code=bac_`)).toBe(true);
    const { searchParams } = new URL(redirectTo);
    expect(searchParams.get('state')).toBe('a&b c');
    expect(searchParams.get('iss')).toBe('https://auth.test');
    const { secret } = web;
    const answer = await post(
      oauth,
      'token',
      {
        grant_type: 'authorization_code',
        code: searchParams.get('code') ?? '',
        redirect_uri: REDIRECT_URI,
        code_verifier: VERIFIER,
      },
      { headers: basic(web.id, secret ?? '') },
    );
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
      body: { token_type: 'Bearer', expires_in: 600, scope: 'read' },
    });
    const { access, refresh: token } = tokensIn(answer);
    expect(token).toMatch(/^brt_[A-Za-z0-9_-]{43}$/);
    expect(claimsOf(access)).toMatchObject({
      sub: alice.userId,
      sid: expect.stringMatching(/^grt_/) as string,
      scope: 'read',
      amr: ['pwd', 'otp'],
      acr: 'aal2',
    });
  });

  it('and what it gets are stored as hashes alone', async () => {
    const code = await newCode(app);
    const tokens = tokensIn(await exchange(oauth, app, code));
    const stored = await oauth.database.pool.query<{ text: string }>(
      `SELECT row_to_json(c)::text AS text FROM auth.oauth_codes c
       UNION ALL SELECT row_to_json(r)::text FROM auth.refresh_tokens r
       UNION ALL SELECT row_to_json(g)::text FROM auth.grants g
       UNION ALL SELECT row_to_json(o)::text FROM auth.oauth_clients o`,
    );
    const all = stored.rows.map(({ text }) => text).join();
    for (const secret of [code, tokens.refresh, tokens.access, web.secret ?? '?']) {
      expect(all).not.toContain(secret.replace(/^b.._/, ''));
    }
  });
});

describe('client_credentials', () => {
  const ask = (more = {}) =>
    post(oauth, 'token', { grant_type: 'client_credentials', ...credentialsOf(desk), ...more });

  it('get a token without refresh token, of one grant, until that is taken back', async () => {
    const answers = await Promise.all([ask(), ask({ scope: 'trade' }), ask()]);
    const tokens = answers.map(tokensIn);
    expect(tokens.map(({ scope }) => scope)).toEqual([
      'read trade withdraw',
      'trade',
      'read trade withdraw',
    ]);
    expect(answers[0].body).not.toHaveProperty('refresh_token');
    const sids = new Set(tokens.map(({ sid }) => sid));
    expect(sids.size).toBe(1);
    const [sid = ''] = sids;
    await post(oauth, 'revoke', { token: tokens[0]?.access ?? '', ...credentialsOf(desk) });
    expect(await endOf(oauth, sid)).toBe('revoked_by_client');
    expect(await revoked(oauth)).toContain(sid);
    expect(tokensIn(await ask()).sid).not.toBe(sid);
  });
});
