// A signed-in user lets a client in: a code is made that the client can exchange for tokens.
import { parseClientId, parseSessionId } from '../../../shared/domain/ids.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { Caller } from '../../../shared/domain/caller.ts';
import type { HandlerResponse } from '../../../shared/function/definition.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';
import type { AuthDeps } from '../deps.ts';
import { addToRedirect } from './redirect-uri.ts';
import type { Authorization } from './schema.ts';
import { readScopes } from './scopes.ts';
import { findClient } from './store/clients.ts';
import { saveCode } from './store/codes.ts';

/**
 * Refusals are told to the front end, never sent to the redirect URI: until all is right nobody
 * knows whose it is.
 */
export async function authorize(
  body: Authorization,
  caller: Caller,
  { pool, issuing, now }: AuthDeps,
): Promise<HandlerResponse | Rejection> {
  const sessionNumber = parseSessionId(caller.credentialId);
  assert(sessionNumber !== null, 'only a session can let a client in');
  const nowMs = now();
  const clientNumber = parseClientId(body.clientId);
  const client = clientNumber === null ? null : await findClient(pool, clientNumber, nowMs);
  if (client === null || client.status !== 'active' || client.userNumber !== null) {
    return reject('OAUTH_CLIENT_UNKNOWN');
  }
  const { redirectUri, state, codeChallenge } = body;
  if (!client.redirectUris.includes(redirectUri)) return reject('OAUTH_REDIRECT_URI_UNKNOWN');
  const scopes = readScopes(body.scope, client.scopes);
  if (scopes === null) return reject('OAUTH_SCOPE_NOT_ALLOWED');
  const code = drawSecret('bac');
  const { userNumber } = caller;
  const isSaved = await saveCode(
    pool,
    {
      codeHash: hashSecret(code),
      clientNumber: client.clientNumber,
      userNumber,
      sessionNumber,
      redirectUri,
      scopes,
      codeChallenge,
    },
    nowMs,
  );
  if (!isSaved) return reject('TOKEN_INVALID', 'the session has ended');
  const answer = { code, ...(state === undefined ? {} : { state }), iss: issuing.issuer };
  return { status: 200, body: { redirectTo: addToRedirect(redirectUri, answer) } };
}
