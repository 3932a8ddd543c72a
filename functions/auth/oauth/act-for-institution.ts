// An institutional client gets an access token by its secret: grant_type client_credentials.
import { withTransaction } from '../../../shared/db/pool.ts';
import type { AuthDeps } from '../deps.ts';
import { grantTokens } from './grant-tokens.ts';
import { OAuthError } from './oauth-error.ts';
import type { TokenAnswer } from './schema.ts';
import { readScopes } from './scopes.ts';
import { GRANT_LIFE_MS, useInstitutionGrant } from './store/grants.ts';
import type { TokenRequest } from './token.ts';

/** No refresh token: the secret gets the next access token just as well (RFC 6749, 4.4.3). */
export async function actForInstitution(
  { client, form }: TokenRequest,
  { pool, issuing, now }: AuthDeps,
): Promise<TokenAnswer | OAuthError> {
  const { clientNumber, userNumber } = client;
  if (userNumber === null) {
    return new OAuthError('unauthorized_client', 'the client acts for users who have agreed');
  }
  const scope = form['scope'];
  const scopes = scope === undefined ? client.scopes : readScopes(scope, client.scopes);
  if (scopes === null) return new OAuthError('invalid_scope', 'the client may not ask for that');
  await issuing.keys.current();
  const nowMs = now();
  const at = new Date(nowMs);
  return withTransaction(pool, async (tx) => {
    const grantNumber = await useInstitutionGrant(tx, clientNumber, nowMs);
    if (grantNumber === null) {
      return new OAuthError('invalid_grant', 'the client or the account is not active');
    }
    const expiresAt = new Date(nowMs + GRANT_LIFE_MS);
    const grant = { grantNumber, userNumber, scopes, amr: [], authenticatedAt: at, expiresAt };
    return grantTokens(issuing, grant, null, nowMs);
  });
}
