// What OAuth clients are told instead of problem documents: the errors of RFC 6749, section 5.2.
import type { HandlerResponse } from '../../../shared/function/definition.ts';

export const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
] as const;
export type OAuthErrorCode = (typeof OAUTH_ERRORS)[number];

export class OAuthError {
  readonly error: OAuthErrorCode;
  /** For a developer; printable ASCII without quotes and backslashes, as the RFC wants it. */
  readonly description: string;
  readonly retryAfterSeconds: number | null;

  constructor(error: OAuthErrorCode, description: string, retryAfterSeconds: number | null = null) {
    this.error = error;
    this.description = description;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** RFC 6749, 5.1: neither answers nor errors may be kept by anybody on the way. */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

export function answerError({
  error,
  description,
  retryAfterSeconds,
}: OAuthError): HandlerResponse {
  const isUnknown = error === 'invalid_client';
  return {
    status: isUnknown ? 401 : 400,
    headers: {
      ...NO_STORE,
      ...(isUnknown ? { 'www-authenticate': 'Basic realm="bourse"' } : {}),
      ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    body: { error, error_description: description },
  };
}
