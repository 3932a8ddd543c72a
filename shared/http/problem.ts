// A refusal as RFC 9457 problem details: what a caller sees of every error.
import { ERROR_CODES, type FieldError, type Rejection } from '../domain/rejection.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** Prefix of the problem `type`: a name, not an address, so it never breaks. */
const TYPE_PREFIX = 'urn:bourse:error:';

/** Registered by draft-ietf-httpapi-ratelimit-headers-10: clients may know it already. */
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** Sent with 503 when the refusal does not say when to come back. */
const RETRY_AFTER_SECONDS = 1;

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly 'violated-policies'?: readonly string[];
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/**
 * Writes a refusal for the request it belongs to. `path` is without its query, which may hold what
 * must not be repeated. Throws RangeError for a code that is no error, such as an end reason.
 */
export function toProblem(rejection: Rejection, path: string, requestId: string): ProblemAnswer {
  const { status, meaning } = ERROR_CODES[rejection.code];
  const { violatedPolicies } = rejection;
  if (status < 400) throw new RangeError(`${rejection.code} is no error to answer with`);
  return {
    status,
    headers: problemHeaders(rejection, status),
    body: {
      type: violatedPolicies === undefined ? TYPE_PREFIX + rejection.code : QUOTA_EXCEEDED,
      title: meaning,
      status,
      detail: rejection.detail,
      instance: path,
      code: rejection.code,
      requestId,
      ...(rejection.errors === undefined ? {} : { errors: rejection.errors }),
      ...(violatedPolicies === undefined ? {} : { 'violated-policies': violatedPolicies }),
    },
  };
}

function problemHeaders(rejection: Rejection, status: number): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_CONTENT_TYPE };
  if (status === 401) {
    const invalid = rejection.code === 'TOKEN_INVALID' || rejection.code === 'SESSION_INVALID';
    headers['www-authenticate'] = invalid ? 'Bearer error="invalid_token"' : 'Bearer';
  }
  const retryAfter =
    rejection.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  return headers;
}
