// Writes access tokens (RFC 9068): what every function believes for ten minutes, unasked.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AuthConfig } from '../../../shared/config/function-config.ts';
import type { Scope } from '../../../shared/domain/caller.ts';
import { userId, type GrantId, type SessionId } from '../../../shared/domain/ids.ts';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../../../shared/function/auth/token-rules.ts';
import type { SigningKeys } from './signing-keys.ts';

export const ACCESS_TOKEN_SECONDS = 600;

/** Who signs, and for whom: the same for every token of an exchange. */
export interface Issuing extends Pick<AuthConfig, 'issuer' | 'audience'> {
  readonly keys: SigningKeys;
}

export interface TokenSubject {
  readonly userNumber: number;
  /** What the token lives as long as. */
  readonly credentialId: SessionId | GrantId;
  readonly scopes: readonly Scope[];
  /** When the user last proved who they are. */
  readonly authTimeMs: number;
  /** RFC 8176; see AuthenticationMethod. Empty where no person was there. */
  readonly amr: readonly string[];
  /** When its credential ends: no token outlives that. */
  readonly endsAtMs?: number;
  /** Unless given, ACCESS_TOKEN_SECONDS. */
  readonly lifeSeconds?: number;
}

export interface MintedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

export async function mintAccessToken(
  issuing: Issuing,
  subject: TokenSubject,
  nowMs: number,
): Promise<MintedToken> {
  const { kid, privateKey } = await issuing.keys.current();
  const issuedAt = Math.floor(nowMs / 1_000);
  const wanted = subject.lifeSeconds ?? ACCESS_TOKEN_SECONDS;
  const left = Math.floor((subject.endsAtMs ?? Infinity) / 1_000) - issuedAt;
  const expiresInSeconds = Math.max(0, Math.min(wanted, left));
  const accessToken = await new SignJWT({
    iss: issuing.issuer,
    aud: issuing.audience,
    sub: userId(subject.userNumber),
    sid: subject.credentialId,
    jti: randomUUID(),
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
    scope: subject.scopes.join(' '),
    auth_time: Math.floor(subject.authTimeMs / 1_000),
    amr: subject.amr,
    acr: assuranceOf(subject.amr),
  })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, typ: TOKEN_TYPE })
    .sign(privateKey);
  return { accessToken, expiresInSeconds };
}

/** NIST SP 800-63B: two kinds of proof, or a passkey, which is two by itself, make level 2. */
function assuranceOf(amr: readonly string[]): 'aal1' | 'aal2' {
  return amr.includes('hwk') || new Set(amr).size > 1 ? 'aal2' : 'aal1';
}
