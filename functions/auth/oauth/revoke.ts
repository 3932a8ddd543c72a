// Token revocation (RFC 7009): either token of a grant ends all of it.
import type { HandlerResponse } from '../../../shared/function/definition.ts';
import { hashSecret, isSecret } from '../../../shared/secrets/token.ts';
import type { AuthDeps } from '../deps.ts';
import { answerError, NO_STORE, OAuthError } from './oauth-error.ts';
import { readAccessToken } from './read-token.ts';
import { endGrant, findGrantOfClient } from './store/grants.ts';
import { findToken } from './store/refresh-tokens.ts';
import { readClientRequest, type ClientRequest } from './token.ts';

const DONE: HandlerResponse = { status: 200, headers: NO_STORE };

/**
 * Answers 200 for what is unknown or over, as the RFC wants it, and for what is another client's:
 * a client learns nothing of tokens that it was not given.
 */
export async function answerRevocation(
  request: ClientRequest,
  deps: AuthDeps,
): Promise<HandlerResponse> {
  const known = await readClientRequest(request, deps);
  if (known instanceof OAuthError) return answerError(known);
  const token = known.form['token'];
  if (token === undefined) return answerError(new OAuthError('invalid_request', 'which token?'));
  const nowMs = deps.now();
  const grantNumber = await findOwnGrant(token, known.client.clientNumber, deps, nowMs);
  if (grantNumber !== null) await endGrant(deps.pool, grantNumber, 'revoked_by_client', nowMs);
  return DONE;
}

async function findOwnGrant(
  token: string,
  clientNumber: number,
  { pool, issuing }: AuthDeps,
  nowMs: number,
): Promise<number | null> {
  if (isSecret(token, 'brt')) {
    const found = await findToken(pool, hashSecret(token), nowMs);
    return found?.clientNumber === clientNumber ? found.grantNumber : null;
  }
  const read = await readAccessToken(token, issuing, nowMs);
  if (read === null) return null;
  const grant = await findGrantOfClient(pool, read.grantNumber, clientNumber, nowMs);
  return grant === null ? null : read.grantNumber;
}
