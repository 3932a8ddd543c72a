// The token issuer of the emulator. Its key stays in the data folder, so that tokens outlive a
// restart; functions verify against its JWKS as they would against a real issuer's.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { sessionId, type UserId } from '../../../shared/domain/ids.ts';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../../../shared/function/auth/token-rules.ts';

export const AUDIENCE = 'bourse';

/** Tokens are for a day's work. */
const TOKEN_SECONDS = 12 * 3_600;

/** Nobody has signed in: the tokens of this shortcut share a session that does not exist. */
const SHORTCUT_SESSION = sessionId(1);

export interface Issuer {
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Signs a token for a user of this exchange. */
  sign(userId: UserId): Promise<{ token: string; expiresInSeconds: number }>;
}

export async function openIssuer(keyFile: string, issuerUrl: string): Promise<Issuer> {
  const secret = await readOrMakeKey(keyFile);
  const key = (await importJWK(secret, TOKEN_ALGORITHM)) as CryptoKey;
  const publicPart = { kty: secret.kty, crv: secret.crv, x: secret.x } as JWK;
  const kid = await calculateJwkThumbprint(publicPart);
  return {
    jwks: { keys: [{ ...publicPart, kid, alg: TOKEN_ALGORITHM, use: 'sig' }] },
    sign: async (userId) => ({
      token: await new SignJWT({ sid: SHORTCUT_SESSION, scope: SCOPES.join(' ') })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, typ: TOKEN_TYPE })
        .setIssuer(issuerUrl)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_SECONDS}s`)
        .sign(key),
      expiresInSeconds: TOKEN_SECONDS,
    }),
  };
}

async function readOrMakeKey(keyFile: string): Promise<JWK> {
  if (!existsSync(keyFile)) {
    const pair = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
    writeFileSync(keyFile, JSON.stringify(await exportJWK(pair.privateKey)), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(keyFile, 'utf8')) as JWK;
}
