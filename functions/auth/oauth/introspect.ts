// Token introspection (RFC 7662): a confidential client asks whether a token of its own is good.
import type { HandlerResponse } from '../../../shared/function/definition.ts';
import { clientId, userId } from '../../../shared/domain/ids.ts';
import { hashSecret, isSecret } from '../../../shared/secrets/token.ts';
import type { AuthDeps } from '../deps.ts';
import { answerError, NO_STORE, OAuthError } from './oauth-error.ts';
import { readAccessToken } from './read-token.ts';
import type { IntrospectionAnswer } from './schema.ts';
import { findGrantOfClient } from './store/grants.ts';
import { findToken } from './store/refresh-tokens.ts';
import { readClientRequest, type ClientRequest } from './token.ts';

/** All that may be said of a token that is over, unknown, or another client's. */
const INACTIVE = { active: false } as const;

export async function answerIntrospection(
  request: ClientRequest,
  deps: AuthDeps,
): Promise<HandlerResponse> {
  const known = await readClientRequest(request, deps);
  if (known instanceof OAuthError) return answerError(known);
  if (known.client.secretHash === null) {
    return answerError(new OAuthError('invalid_client', 'only for clients with a secret'));
  }
  const token = known.form['token'];
  if (token === undefined) return answerError(new OAuthError('invalid_request', 'which token?'));
  const nowMs = deps.now();
  const { clientNumber } = known.client;
  const body = isSecret(token, 'brt')
    ? await describeRefreshToken(token, clientNumber, deps, nowMs)
    : await describeAccessToken(token, clientNumber, deps, nowMs);
  return { status: 200, headers: NO_STORE, body };
}

async function describeRefreshToken(
  token: string,
  clientNumber: number,
  { pool, issuing }: AuthDeps,
  nowMs: number,
): Promise<IntrospectionAnswer> {
  const found = await findToken(pool, hashSecret(token), nowMs);
  if (found?.clientNumber !== clientNumber || !found.grantLives) return INACTIVE;
  if (found.usedAt !== null || found.expiresAt.getTime() <= nowMs) return INACTIVE;
  return {
    active: true,
    client_id: clientId(clientNumber),
    iss: issuing.issuer,
    sub: userId(found.userNumber),
    scope: found.scopes.join(' '),
    iat: toSeconds(found.createdAt),
    exp: toSeconds(found.expiresAt),
  };
}

async function describeAccessToken(
  token: string,
  clientNumber: number,
  { pool, issuing }: AuthDeps,
  nowMs: number,
): Promise<IntrospectionAnswer> {
  const read = await readAccessToken(token, issuing, nowMs);
  if (read === null) return INACTIVE;
  const grant = await findGrantOfClient(pool, read.grantNumber, clientNumber, nowMs);
  if (grant?.userNumber !== read.userNumber) return INACTIVE;
  const { scope, jti, sid, iat, exp } = read;
  return {
    active: true,
    client_id: clientId(clientNumber),
    iss: issuing.issuer,
    sub: userId(read.userNumber),
    scope,
    iat,
    exp,
    token_type: 'Bearer',
    aud: issuing.audience,
    jti,
    sid,
  };
}

function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}
