// Reads a token that a client shows us, as one of its own: of revocation and introspection.
import type { JWTPayload } from 'jose';
import { callerOf } from '../../../shared/function/auth/token-caller.ts';
import { parseGrantId } from '../../../shared/domain/ids.ts';
import type { Issuing } from '../tokens/mint.ts';
import { readPayload } from '../tokens/read-token.ts';

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
  issuing: Issuing,
  nowMs: number,
): Promise<ReadAccessToken | null> {
  const payload = await readPayload(token, issuing, nowMs);
  return payload === null ? null : readClaims(payload, nowMs);
}

function readClaims(payload: JWTPayload, nowMs: number): ReadAccessToken | null {
  const { jti, iat, exp } = payload;
  const caller = callerOf(payload);
  const grantNumber = parseGrantId(payload['sid']);
  if (caller === null || grantNumber === null) return null;
  if (jti === undefined || iat === undefined || exp === undefined) return null;
  // Who asks whether a token is good is told by our clock alone.
  if (exp * 1_000 <= nowMs) return null;
  const { userNumber, credentialId: sid, scopes } = caller;
  return { grantNumber, userNumber, scope: scopes.join(' '), jti, sid, iat, exp };
}
