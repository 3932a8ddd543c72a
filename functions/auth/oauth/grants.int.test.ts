// Grants after they were made: revocation, introspection, and what a user sees and takes back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/domain/caller.ts';
import { callFunction, type CallAnswer } from '../../../shared/function/call.ts';
import { definition } from '../handler.ts';
import { mintAccessToken } from '../tokens/mint.ts';
import { sessionId } from '../../../shared/domain/ids.ts';
import { disableClient } from './store/clients.ts';
import { REFRESH_LIFE_MS } from './store/refresh-tokens.ts';
import {
  authorize,
  codeIn,
  credentialsOf,
  endOf,
  exchange,
  letIn,
  makeClient,
  openOAuth,
  post,
  refresh,
  revoked,
  signIn,
  signInAgain,
  tokensIn,
  type TestClient,
  type TestOAuth,
} from './testing-oauth.ts';

let oauth: TestOAuth;
let alice: Caller;
let app: TestClient;
let web: TestClient;
let other: TestClient;
beforeAll(async () => {
  oauth = await openOAuth();
  alice = await signIn(oauth);
  app = await makeClient(oauth, 'public');
  web = await makeClient(oauth, 'confidential');
  other = await makeClient(oauth, 'confidential', { name: 'Other' });
});
afterAll(() => oauth.database.drop());

function ask(
  endpoint: 'revoke' | 'introspect',
  client: TestClient,
  token: string,
): Promise<CallAnswer> {
  return post(oauth, endpoint, { token, ...credentialsOf(client) });
}

async function newTokens(client: TestClient) {
  return letIn(oauth, await signInAgain(oauth, alice.userNumber), client);
}

function grants(caller: Caller, query = ''): Promise<CallAnswer> {
  const path = `/v1/oauth/grants${query}`;
  return callFunction(definition, oauth.deps, { method: 'GET', path, caller });
}

function takeBack(caller: Caller, sid: string): Promise<CallAnswer> {
  const path = `/v1/oauth/grants/${sid}`;
  return callFunction(definition, oauth.deps, { method: 'DELETE', path, caller });
}

/** A token of ours that is no client's. */
async function sessionToken(): Promise<string> {
  const subject = {
    userNumber: alice.userNumber,
    credentialId: sessionId(1),
    scopes: ['read'] as const,
    authTimeMs: oauth.nowMs,
    amr: ['pwd'],
  };
  return (await mintAccessToken(oauth.deps.issuing, subject, oauth.nowMs)).accessToken;
}

/** With the last character of its payload changed: signed by nobody. */
function forge(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = Buffer.from(payload, 'base64url').toString().replace('read', 'trad');
  return [header, Buffer.from(claims).toString('base64url'), signature].join('.');
}

describe.each(['revoke', 'introspect'] as const)('POST /v1/oauth/%s refuses', (endpoint) => {
  it('a client that is not known, and a form without token', async () => {
    const { refresh: token } = await newTokens(web);
    const wrong = { token, client_id: web.id, client_secret: 'bcs_x' };
    const answer = await post(oauth, endpoint, wrong);
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const empty = await post(oauth, endpoint, credentialsOf(web));
    expect(empty).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});

describe('POST /v1/oauth/introspect', () => {
  it('is not for public clients', async () => {
    const { access } = await newTokens(app);
    const answer = await ask('introspect', app, access);
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('says of what is unknown, forged, over or not its own that it is not active', async () => {
    const own = await newTokens(web);
    const foreign = await newTokens(other);
    const rotated = await newTokens(web);
    await refresh(oauth, web, rotated.refresh);
    for (const token of [
      'x',
      'a.b.c',
      'x'.repeat(5_000),
      `brt_${'A'.repeat(43)}`,
      forge(own.access),
      `${own.access.split('.').slice(0, 2).join('.')}.`,
      foreign.access,
      foreign.refresh,
      rotated.refresh,
      await sessionToken(),
    ]) {
      expect((await ask('introspect', web, token)).body).toEqual({ active: false });
    }
  });

  it('tells of its own tokens until they are over', async () => {
    const own = await newTokens(web);
    const iat = Math.floor(oauth.nowMs / 1_000);
    const shared = {
      active: true,
      client_id: web.id,
      iss: 'https://auth.test',
      sub: alice.userId,
      scope: 'read trade',
      iat,
    };
    const access = await ask('introspect', web, own.access);
    expect(access.body).toMatchObject({ ...shared, token_type: 'Bearer', exp: iat + 600 });
    const exp = iat + REFRESH_LIFE_MS / 1_000;
    expect((await ask('introspect', web, own.refresh)).body).toEqual({ ...shared, exp });
    oauth.nowMs += 600_000;
    expect((await ask('introspect', web, own.access)).body).toEqual({ active: false });
    oauth.nowMs += REFRESH_LIFE_MS;
    expect((await ask('introspect', web, own.refresh)).body).toEqual({ active: false });
  });
});

describe('POST /v1/oauth/revoke', () => {
  it.each(['access', 'refresh'] as const)('with the %s token ends the grant', async (which) => {
    for (const client of [app, web]) {
      const tokens = await newTokens(client);
      const answer = await ask('revoke', client, tokens[which]);
      expect(answer).toMatchObject({ status: 200, body: undefined });
      expect(await endOf(oauth, tokens.sid)).toBe('revoked_by_client');
      expect(await revoked(oauth)).toContain(tokens.sid);
      const next = await refresh(oauth, client, tokens.refresh);
      expect(next.body).toMatchObject({ error: 'invalid_grant' });
    }
    const own = await newTokens(web);
    await ask('revoke', web, own[which]);
    expect((await ask('introspect', web, own.access)).body).toEqual({ active: false });
    expect((await ask('introspect', web, own.refresh)).body).toEqual({ active: false });
  });

  it('answers 200 for what is not its own, and ends nothing', async () => {
    const foreign = await newTokens(other);
    for (const token of [foreign.access, foreign.refresh, forge(foreign.access), 'x']) {
      expect((await ask('revoke', web, token)).status).toBe(200);
    }
    expect(await endOf(oauth, foreign.sid)).toBeNull();
    const session = await sessionToken();
    expect((await ask('revoke', web, session)).status).toBe(200);
    expect(await revoked(oauth)).not.toContain(sessionId(1));
  });
});

describe('a user', () => {
  it('is refused what is another user’s, unknown, over or malformed', async () => {
    const bob = await signIn(oauth);
    const tokens = await newTokens(web);
    const missing = { status: 404, body: { code: 'OAUTH_GRANT_NOT_FOUND' } };
    expect(await takeBack(bob, tokens.sid)).toMatchObject(missing);
    expect(await endOf(oauth, tokens.sid)).toBeNull();
    expect(await takeBack(bob, 'grt_0000000000009999')).toMatchObject(missing);
    expect(await takeBack(bob, 'ses_0000000000000001')).toMatchObject({ status: 400 });
    expect((await takeBack(alice, tokens.sid)).status).toBe(204);
    expect(await takeBack(alice, tokens.sid)).toMatchObject(missing);
    const client = { ...alice, kind: 'client' as const };
    expect(await grants(client)).toMatchObject({ body: { code: 'CALLER_NOT_ALLOWED' } });
    expect(await takeBack(client, tokens.sid)).toMatchObject({ status: 403 });
    const ofOther = Buffer.from('["x"]').toString('base64url');
    expect(await grants(bob, `?cursor=${ofOther}`)).toMatchObject({ status: 400 });
  });

  it('sees whom they have let in, and takes it back', async () => {
    const bob = await signIn(oauth);
    const first = await letIn(oauth, bob, web);
    oauth.nowMs += 1_000;
    const second = await letIn(oauth, bob, other, ['read']);
    const page = await grants(bob, '?limit=1');
    const { items, nextCursor } = page.body as { items: unknown[]; nextCursor: string };
    expect(items).toEqual([
      {
        id: second.sid,
        clientId: other.id,
        clientName: 'Other',
        scopes: ['read'],
        createdAt: new Date(oauth.nowMs).toISOString(),
        lastUsedAt: new Date(oauth.nowMs).toISOString(),
        expiresAt: new Date(oauth.nowMs + 30 * 86_400_000).toISOString(),
      },
    ]);
    const rest = await grants(bob, `?limit=1&cursor=${nextCursor}`);
    expect(rest.body).toMatchObject({ items: [{ id: first.sid }], nextCursor: null });
    expect((await takeBack(bob, first.sid)).status).toBe(204);
    expect(await endOf(oauth, first.sid)).toBe('revoked_by_user');
    expect(await revoked(oauth)).toContain(first.sid);
    expect((await grants(bob)).body).toMatchObject({ items: [{ id: second.sid }] });
    oauth.nowMs += REFRESH_LIFE_MS;
    expect((await grants(bob)).body).toMatchObject({ items: [] });
  });
});

describe('a client that is disabled', () => {
  it('is known no more, and all that it was granted has ended', async () => {
    const client = await makeClient(oauth, 'confidential');
    const one = await newTokens(client);
    const bob = await letIn(oauth, await signIn(oauth), client);
    const operator = { actor: 'tester', reason: 'a test' };
    expect(await disableClient(oauth.deps.pool, client.clientNumber, operator, oauth.nowMs)).toBe(
      2,
    );
    expect((await refresh(oauth, client, one.refresh)).status).toBe(401);
    expect(await revoked(oauth)).toEqual(expect.arrayContaining([one.sid, bob.sid]));
    const agreed = await authorize(oauth, await signInAgain(oauth, alice.userNumber), client);
    expect(agreed.body).toMatchObject({ code: 'OAUTH_CLIENT_UNKNOWN' });
  });

  it('while codes are exchanged has no grant that lives', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const client = await makeClient(oauth, 'confidential');
      const session = await signInAgain(oauth, alice.userNumber);
      const code = codeIn(await authorize(oauth, session, client));
      const operator = { actor: 'tester', reason: 'a test' };
      const [exchanged] = await Promise.all([
        exchange(oauth, client, code),
        disableClient(oauth.deps.pool, client.clientNumber, operator, oauth.nowMs),
      ]);
      if (exchanged.status !== 200) continue;
      expect(await endOf(oauth, tokensIn(exchanged).sid)).toBe('client_disabled');
    }
  });
});

describe('the database', () => {
  it('ends all grants of a user for whoever closes accounts, and lets nobody else', async () => {
    const bob = await signIn(oauth);
    const tokens = await letIn(oauth, bob, web);
    const end = `SELECT auth.end_grants_of_user($1, 'account_closed', clock_timestamp()) AS ended`;
    const orders = oauth.database.poolFor('bourse_orders', 1);
    await expect(orders.query(end, [bob.userNumber])).rejects.toThrow('permission denied');
    const users = oauth.database.poolFor('bourse_users', 1);
    expect((await users.query(end, [bob.userNumber])).rows).toEqual([{ ended: 1 }]);
    expect(await endOf(oauth, tokens.sid)).toBe('account_closed');
    await expect(users.query('SELECT FROM auth.refresh_tokens')).rejects.toThrow('denied');
  });

  it.each([
    ['a scope that is none', { scopes: ['admin'] }, 'oauth_clients_scopes_known'],
    ['withdraw for users', { scopes: ['withdraw'] }, 'oauth_clients_withdraw_institutions'],
    ['no redirect URI', { redirectUris: [] }, 'oauth_clients_institution_alone'],
    ['no secret for an institution', { userNumber: 1, redirectUris: [] }, 'institution_secret'],
  ] as const)('refuses clients with %s', async (_name, change, constraint) => {
    const made = makeClient(oauth, 'public', change as object);
    await expect(made).rejects.toThrow(constraint);
  });
});
