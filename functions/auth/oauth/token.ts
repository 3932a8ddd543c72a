// The token endpoint: reads the form, knows the client, and does what the grant type asks.
import type { HandlerResponse } from '../../../shared/function/definition.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { AuthDeps } from '../deps.ts';
import { actForInstitution } from './act-for-institution.ts';
import { authenticateClient } from './authenticate-client.ts';
import { exchangeCode } from './exchange-code.ts';
import { readForm, type Form, type FormRequest } from './form.ts';
import { answerError, NO_STORE, OAuthError } from './oauth-error.ts';
import { refreshTokens } from './refresh.ts';
import type { TokenAnswer } from './schema.ts';
import type { Client } from './store/clients.ts';

export interface ClientRequest extends FormRequest {
  readonly log: Logger;
}

/** What is left when form and client are known. */
export interface TokenRequest {
  readonly client: Client;
  readonly form: Form;
  readonly log: Logger;
}

type Give = (request: TokenRequest, deps: AuthDeps) => Promise<TokenAnswer | OAuthError>;

const GRANT_TYPES: ReadonlyMap<string, Give> = new Map([
  ['authorization_code', exchangeCode],
  ['refresh_token', refreshTokens],
  ['client_credentials', actForInstitution],
]);

export async function answerTokenRequest(
  request: ClientRequest,
  deps: AuthDeps,
): Promise<HandlerResponse> {
  const known = await readClientRequest(request, deps);
  if (known instanceof OAuthError) return answerError(known);
  const grantType = known.form['grant_type'];
  if (grantType === undefined) {
    return answerError(new OAuthError('invalid_request', 'grant_type is needed'));
  }
  const give = GRANT_TYPES.get(grantType);
  if (give === undefined) {
    return answerError(new OAuthError('unsupported_grant_type', 'no such grant_type'));
  }
  const given = await give(known, deps);
  if (given instanceof OAuthError) return answerError(given);
  return { status: 200, headers: NO_STORE, body: given };
}

/** The form and the client that sent it. */
export async function readClientRequest(
  request: ClientRequest,
  deps: AuthDeps,
): Promise<TokenRequest | OAuthError> {
  const form = readForm(request);
  if (form instanceof OAuthError) return form;
  const client = await authenticateClient(deps, request, form);
  return client instanceof OAuthError ? client : { client, form, log: request.log };
}
