// An issuer for tests: an Ed25519 key, a JWKS address that can be broken, tokens good and bad.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { SCOPES } from '../../domain/caller.ts';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../auth/token-rules.ts';

export const TEST_ISSUER = 'https://issuer.test';
export const TEST_AUDIENCE = 'bourse';
export const TEST_USER = 'usr_0000000000000001';
export const TEST_SESSION = 'ses_0000000000000001';

export interface IssuerKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface TestIssuer {
  readonly jwksUrl: string;
  /** What the JWKS address serves; change it to rotate keys. */
  keys: JWK[];
  /** Answered instead of 200 while set. */
  failWith: number | null;
  /** Fetches of the key set so far. */
  fetches: number;
  close(): Promise<void>;
}

export async function makeKey(kid: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM, { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

export async function startIssuer(keys: JWK[]): Promise<TestIssuer> {
  const server: Server = createServer((_request, response) => {
    issuer.fetches += 1;
    response.writeHead(issuer.failWith ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: issuer.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer: TestIssuer = {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    keys,
    failWith: null,
    fetches: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return issuer;
}

export interface TokenWish {
  readonly header?: Readonly<Record<string, string>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly expiresInSeconds?: number;
}

/** A token that is right in every way but for what is wished. An undefined claim is left out. */
export function signToken(key: IssuerKey, wish: TokenWish = {}, nowMs = Date.now()) {
  const now = Math.floor(nowMs / 1_000);
  const claims = {
    iss: TEST_ISSUER,
    aud: TEST_AUDIENCE,
    sub: TEST_USER,
    sid: TEST_SESSION,
    jti: `test-${now}`,
    scope: SCOPES.join(' '),
    iat: now,
    exp: now + (wish.expiresInSeconds ?? 300),
    ...wish.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({
      alg: TOKEN_ALGORITHM,
      typ: TOKEN_TYPE,
      kid: key.publicJwk.kid ?? '',
      ...wish.header,
    })
    .sign(key.privateKey, { crit: { x: true } });
}
