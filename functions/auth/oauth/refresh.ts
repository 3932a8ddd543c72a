// A client exchanges a refresh token for the next and an access token: grant_type refresh_token.
import { withTransaction } from '../../../shared/db/pool.ts';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { grantId } from '../../../shared/domain/ids.ts';
import { drawSecret, hashSecret, isSecret } from '../../../shared/secrets/token.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { AuthDeps } from '../deps.ts';
import { grantTokens } from './grant-tokens.ts';
import { OAuthError } from './oauth-error.ts';
import { judgeRefusedToken } from './judge-refused-token.ts';
import type { TokenAnswer } from './schema.ts';
import { readScopes } from './scopes.ts';
import type { Client } from './store/clients.ts';
import { endGrant } from './store/grants.ts';
import { findToken, rotateToken } from './store/refresh-tokens.ts';
import { tellGrantEnded } from './tell-grant-ended.ts';
import type { TokenRequest } from './token.ts';

export async function refreshTokens(
  request: TokenRequest,
  deps: AuthDeps,
): Promise<TokenAnswer | OAuthError> {
  const { client, form } = request;
  if (client.userNumber !== null) {
    return new OAuthError('unauthorized_client', 'the client has no refresh tokens');
  }
  const token = form['refresh_token'];
  if (token === undefined) return new OAuthError('invalid_request', 'refresh_token is needed');
  const scope = form['scope'];
  const scopes = scope === undefined ? [] : readScopes(scope, SCOPES);
  if (scopes === null) return new OAuthError('invalid_scope', 'no such scope');
  if (!isSecret(token, 'brt')) return new OAuthError('invalid_grant', 'that is no refresh token');

  // Read before the transaction: inside, it would wait for a second connection.
  await deps.issuing.keys.current();
  const nowMs = deps.now();
  const tokenHash = hashSecret(token);
  const successor = drawSecret('brt');
  const { clientNumber } = client;
  // The answer is made before the commit: a client that gets none still has a token that is good.
  const given = await withTransaction(deps.pool, async (tx) => {
    const successorHash = hashSecret(successor);
    const rotation = { tokenHash, successorHash, clientNumber, scopes };
    const grant = await rotateToken(tx, rotation, nowMs);
    if (grant === null) return null;
    const asked = scopes.length === 0 ? grant : { ...grant, scopes };
    return grantTokens(deps.issuing, asked, successor, nowMs);
  });
  return given ?? refuseToken(request, deps, tokenHash, nowMs);
}

async function refuseToken(
  { client, log }: TokenRequest,
  deps: AuthDeps,
  tokenHash: Buffer,
  nowMs: number,
): Promise<OAuthError> {
  const facts = await findToken(deps.pool, tokenHash, nowMs);
  switch (judgeRefusedToken(facts, client.clientNumber, nowMs)) {
    case 'scope':
      return new OAuthError('invalid_scope', 'more than was granted');
    case 'stolen':
      if (facts !== null) await endStolen(deps, log, client, facts.grantNumber, nowMs);
      return new OAuthError('invalid_grant', 'the token was used before: the grant has ended');
    case 'raced':
      return new OAuthError('invalid_grant', 'the token was used a moment ago');
    case 'over':
      return new OAuthError('invalid_grant', 'the token is unknown or has expired, or its grant');
  }
}

/** Of the thief and the client either may have the newest token: nobody keeps one. */
async function endStolen(
  { pool, mailRing }: AuthDeps,
  log: Logger,
  client: Client,
  grantNumber: number,
  nowMs: number,
): Promise<void> {
  await withTransaction(pool, async (tx) => {
    if (!(await endGrant(tx, grantNumber, 'token_reused', nowMs))) return;
    log.warn({ grant: grantId(grantNumber) }, 'a used refresh token came again');
    await tellGrantEnded(tx, mailRing, grantNumber, client.name, nowMs);
  });
}
