// How a client says who it is: HTTP Basic, or id and secret in the form; never both.
import { parseClientId } from '../../../shared/domain/ids.ts';
import { decodePart } from '../../../shared/http/query.ts';
import type { Form } from './form.ts';
import { OAuthError } from './oauth-error.ts';

export interface Credentials {
  readonly clientNumber: number;
  /** Null for a public client, which has none. */
  readonly secret: string | null;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;
const AUTHORIZATION_CHARACTERS_MAX = 1_024;

export const CLIENT_INVALID = 'the client is unknown or its secret is wrong';

export function readCredentials(
  authorization: string | undefined,
  form: Form,
): Credentials | OAuthError {
  const inForm = { id: form['client_id'], secret: form['client_secret'] };
  if (authorization === undefined) return toCredentials(inForm.id, inForm.secret ?? null);
  const basic = readBasic(authorization);
  if (basic === null) return new OAuthError('invalid_client', 'only Basic authorization is taken');
  if (inForm.secret !== undefined || (inForm.id !== undefined && inForm.id !== basic.id)) {
    return new OAuthError('invalid_request', 'the client authenticates in two ways');
  }
  return toCredentials(basic.id, basic.secret);
}

function toCredentials(id: string | undefined, secret: string | null): Credentials | OAuthError {
  if (id === undefined) return new OAuthError('invalid_client', 'no client is named');
  const clientNumber = parseClientId(id);
  if (clientNumber === null) return new OAuthError('invalid_client', CLIENT_INVALID);
  return { clientNumber, secret };
}

/** RFC 6749, 2.3.1: id and secret are form encoded before they are joined with a colon. */
function readBasic(authorization: string): { id: string; secret: string } | null {
  if (authorization.length > AUTHORIZATION_CHARACTERS_MAX) return null;
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  const id = decodePart(text.slice(0, colon));
  const secret = decodePart(text.slice(colon + 1));
  return id === null || secret === null ? null : { id, secret };
}
