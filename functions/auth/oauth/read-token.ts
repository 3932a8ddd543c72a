// Reads a token that a client shows us, as one of its own: of revocation and introspection.
import { createLocalJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import {
  TOKEN_ALGORITHM,
  TOKEN_CHARACTERS_MAX,
  TOKEN_TYPE,
} from '../../../shared/function/auth/token-rules.ts';
import { callerOf } from '../../../shared/function/auth/token-caller.ts';
import { parseGrantId } from '../../../shared/domain/ids.ts';
import type { Issuing } from '../tokens/mint.ts';

export interface ReadAccessToken {
  readonly grantNumber: number;
  readonly userNumber: number;
  readonly scope: string;
  readonly jti: string;
  readonly sid: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
}

/** Null for anything but an access token of a grant that we have signed and that is in time. */
export async function readAccessToken(
  token: string,
  { issuer, audience, keys }: Issuing,
  nowMs: number,
): Promise<ReadAccessToken | null> {
  if (token.length > TOKEN_CHARACTERS_MAX) return null;
  const keySet = createLocalJWKSet({ keys: [...(await keys.published())] });
  try {
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer,
      audience,
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'sid', 'scope'],
      currentDate: new Date(nowMs),
    });
    return readClaims(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function readClaims(payload: JWTPayload): ReadAccessToken | null {
  const { jti, iat, exp } = payload;
  const caller = callerOf(payload);
  const grantNumber = parseGrantId(payload['sid']);
  if (caller === null || grantNumber === null) return null;
  if (jti === undefined || iat === undefined || exp === undefined) return null;
  const { userNumber, credentialId: sid, scopes } = caller;
  return { grantNumber, userNumber, scope: scopes.join(' '), jti, sid, iat, exp };
}
