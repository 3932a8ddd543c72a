// Reads an access token of ours where the host has not: on routes that take other credentials, too.
import { createLocalJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Caller } from '../../../shared/domain/caller.ts';
import { callerOf } from '../../../shared/function/auth/token-caller.ts';
import {
  TOKEN_ALGORITHM,
  TOKEN_CHARACTERS_MAX,
  TOKEN_CLOCK_TOLERANCE_SECONDS,
  TOKEN_TYPE,
} from '../../../shared/function/auth/token-rules.ts';
import type { Issuing } from './mint.ts';

/** Null when it is none of ours, or no longer good by itself; says nothing of revocations. */
export async function readToken(
  token: string,
  issuing: Issuing,
  nowMs: number,
): Promise<Caller | null> {
  const payload = await readPayload(token, issuing, nowMs);
  return payload === null ? null : callerOf(payload);
}

/** The claims of an access token that we have signed and that is in time, or null. */
export async function readPayload(
  token: string,
  { issuer, audience, keys }: Issuing,
  nowMs: number,
): Promise<JWTPayload | null> {
  if (token.length > TOKEN_CHARACTERS_MAX) return null;
  const keySet = createLocalJWKSet({ keys: [...(await keys.published())] });
  try {
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer,
      audience,
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'sid', 'scope'],
      clockTolerance: TOKEN_CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
