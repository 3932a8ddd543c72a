// The form of a request of an OAuth client, read strictly: each parameter once.
import { parseContentType } from '../../../shared/http/content-type.ts';
import { parseQuery, QueryFault } from '../../../shared/http/query.ts';
import { OAuthError } from './oauth-error.ts';

export const FORM_BYTES_MAX = 8_192;

const FORM_TYPE = 'application/x-www-form-urlencoded';
const ASCII = /^[\x21-\x7e]*$/;

/** What has no value is left out, as RFC 6749, 3.2, says. */
export type Form = Readonly<Record<string, string>>;

export interface FormRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Buffer;
}

export function readForm({ headers, rawBody }: FormRequest): Form | OAuthError {
  const { mediaType, utf8 } = parseContentType(headers['content-type'] ?? '');
  if (mediaType !== FORM_TYPE || !utf8) return invalid(`the body must be ${FORM_TYPE} in UTF-8`);
  if (rawBody.length > FORM_BYTES_MAX) return invalid('the body is too long');
  const text = rawBody.toString('latin1');
  if (!ASCII.test(text)) return invalid('the body is not form encoded');
  const parsed = parseQuery(text);
  if (parsed instanceof QueryFault) return invalid(parsed.detail);
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== ''));
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_request', description);
}
