// An outside judge: oauth4webapi, a certified client that checks every answer against the RFCs, on
// the function as it is served.
import * as client from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/domain/caller.ts';
import { defineFunction } from '../../../shared/function/definition.ts';
import { reject } from '../../../shared/domain/rejection.ts';
import { hostFunction, type HostedFunction } from '../../../shared/function/host.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import type { AuthDeps } from '../deps.ts';
import { definition } from '../handler.ts';
import { TEST_ISSUER } from '../tokens/testing-issuing.ts';
import {
  authorize,
  endOf,
  makeClient,
  openOAuth,
  REDIRECT_URI,
  signIn,
  type TestClient,
  type TestOAuth,
} from './testing-oauth.ts';

/** The client speaks to the issuer's address; TLS ends before the function, so here, too. */
const VIA_EDGE = { [client.customFetch]: fetchViaEdge };

interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: URLSearchParams | undefined;
}

function fetchViaEdge(url: string, { method, headers, body }: Sent): Promise<Response> {
  const inside = url.replace(TEST_ISSUER, `http://127.0.0.1:${hosted.port}`);
  return fetch(inside, { method, headers, body: body ?? null });
}

let oauth: TestOAuth;
let hosted: HostedFunction;
let server: client.AuthorizationServer;
let alice: Caller;
beforeAll(async () => {
  oauth = await openOAuth();
  oauth.nowMs = Date.now();
  const served = defineFunction<AuthDeps>({
    ...definition,
    connect: () => Promise.resolve(oauth.deps),
    close: () => Promise.resolve(),
  });
  hosted = await hostFunction(served, {
    log: silentLogger(),
    port: 0,
    hostname: '127.0.0.1',
    authenticate: () => reject('TOKEN_MISSING'),
  });
  alice = await signIn(oauth);
  const url = new URL(TEST_ISSUER);
  const response = await client.discoveryRequest(url, { algorithm: 'oauth2', ...VIA_EDGE });
  server = await client.processDiscoveryResponse(url, response);
});
afterAll(async () => {
  await hosted.stop(1_000);
  await oauth.database.drop();
});

interface Party {
  readonly made: TestClient;
  readonly metadata: client.Client;
  readonly auth: client.ClientAuth;
}

async function party(
  kind: 'public' | 'confidential',
  prove: (secret: string) => client.ClientAuth,
): Promise<Party> {
  const made = await makeClient(oauth, kind);
  return { made, metadata: { client_id: made.id }, auth: prove(made.secret ?? '') };
}

/** What the browser brings back. */
async function agree(made: TestClient, verifier: string, state: string): Promise<URL> {
  const codeChallenge = await client.calculatePKCECodeChallenge(verifier);
  const answer = await authorize(oauth, alice, made, { state, codeChallenge });
  return new URL((answer.body as { readonly redirectTo: string }).redirectTo);
}

async function firstTokens({ made, metadata, auth }: Party): Promise<client.TokenEndpointResponse> {
  const verifier = client.generateRandomCodeVerifier();
  const state = client.generateRandomState();
  const back = await agree(made, verifier, state);
  const parameters = client.validateAuthResponse(server, metadata, back, state);
  const response = await client.authorizationCodeGrantRequest(
    server,
    metadata,
    auth,
    parameters,
    REDIRECT_URI,
    verifier,
    VIA_EDGE,
  );
  return client.processAuthorizationCodeResponse(server, metadata, response);
}

const PARTIES = [
  ['public', 'public', () => client.None()],
  ['with a secret as Basic', 'confidential', (secret: string) => client.ClientSecretBasic(secret)],
  [
    'with a secret in the form',
    'confidential',
    (secret: string) => client.ClientSecretPost(secret),
  ],
] as const;

describe('the metadata', () => {
  it('says where everything is, and that iss is in answers', () => {
    expect(server.authorization_response_iss_parameter_supported).toBe(true);
    expect(server.code_challenge_methods_supported).toEqual(['S256']);
    expect(server.jwks_uri).toBe(`${server.issuer}/.well-known/jwks.json`);
  });
});

describe.each(PARTIES)('a client, %s,', (_name, kind, prove) => {
  it('is let in, refreshes, and revokes', async () => {
    const one = await party(kind, prove);
    const { metadata, auth } = one;
    const first = await firstTokens(one);
    expect(first).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'read trade' });
    const token = first.refresh_token ?? '';
    const response = await client.refreshTokenGrantRequest(server, metadata, auth, token, VIA_EDGE);
    const second = await client.processRefreshTokenResponse(server, metadata, response);
    expect(second.refresh_token).not.toBe(token);
    await client.processRevocationResponse(
      await client.revocationRequest(server, metadata, auth, second.refresh_token ?? '', VIA_EDGE),
    );
    const after = await client.refreshTokenGrantRequest(
      server,
      metadata,
      auth,
      second.refresh_token ?? '',
      VIA_EDGE,
    );
    await expect(client.processRefreshTokenResponse(server, metadata, after)).rejects.toMatchObject(
      { error: 'invalid_grant', status: 400 },
    );
  });

  it('refuses an answer that was mixed up or forged', async () => {
    const { made, metadata } = await party(kind, prove);
    const back = await agree(made, client.generateRandomCodeVerifier(), 'mine');
    expect(() => client.validateAuthResponse(server, metadata, back, 'yours')).toThrow('state');
    back.searchParams.set('iss', 'https://evil.test');
    expect(() => client.validateAuthResponse(server, metadata, back, 'mine')).toThrow('iss');
  });
});

describe('a confidential client', () => {
  it('introspects, and its access token is what RFC 9068 asks of one', async () => {
    const one = await party('confidential', (secret) => client.ClientSecretBasic(secret));
    const { metadata, auth } = one;
    const { access_token: token } = await firstTokens(one);
    const response = await client.introspectionRequest(server, metadata, auth, token, VIA_EDGE);
    const told = await client.processIntrospectionResponse(server, metadata, response);
    expect(told).toMatchObject({ active: true, client_id: one.made.id, sub: alice.userId });
    expect(await endOf(oauth, String(told['sid']))).toBeNull();
    const other = await party('confidential', (secret) => client.ClientSecretBasic(secret));
    const foreign = await client.introspectionRequest(
      server,
      other.metadata,
      other.auth,
      token,
      VIA_EDGE,
    );
    const nothing = await client.processIntrospectionResponse(server, other.metadata, foreign);
    expect(nothing).toEqual({ active: false });
  });

  it('is told when its secret is wrong', async () => {
    const { metadata } = await party('confidential', (secret) => client.ClientSecretBasic(secret));
    const auth = client.ClientSecretBasic('wrong: %+ü');
    const response = await client.refreshTokenGrantRequest(server, metadata, auth, 'x', VIA_EDGE);
    expect(response.status).toBe(401);
    const processed = client.processRefreshTokenResponse(server, metadata, response);
    await expect(processed).rejects.toThrow();
  });
});

describe('an institution', () => {
  it('acts for its user by its own credentials', async () => {
    const { userNumber, userId } = await signIn(oauth);
    const made = await makeClient(oauth, { institutionOf: userNumber });
    const metadata = { client_id: made.id };
    const auth = client.ClientSecretBasic(made.secret ?? '');
    const response = await client.clientCredentialsGrantRequest(
      server,
      metadata,
      auth,
      { scope: 'trade' },
      VIA_EDGE,
    );
    const given = await client.processClientCredentialsResponse(server, metadata, response);
    expect(given.refresh_token).toBeUndefined();
    const asked = await client.introspectionRequest(
      server,
      metadata,
      auth,
      given.access_token,
      VIA_EDGE,
    );
    const told = await client.processIntrospectionResponse(server, metadata, asked);
    expect(told).toMatchObject({ active: true, sub: userId, scope: 'trade' });
  });
});
