// Turns what a handler answered, or a refusal, into status, headers and text.
import type { Rejection } from '../../domain/rejection.ts';
import { toProblem } from '../../http/problem.ts';
import type { LimitHeaders } from '../../limits/headers.ts';
import type { HandlerResponse } from '../definition.ts';
import type { Answer } from './wire.ts';

/** Two years: what the lists of browsers ask for. */
const TRANSPORT_SECURITY = 'max-age=63072000; includeSubDomains';

/** An answer is no page, but for the one of `api`: shown as one it loads and runs nothing. */
const CONTENT_SECURITY = "default-src 'none'; frame-ancestors 'none'";

/** Writes a refusal as a problem document. */
export function refuse(
  rejection: Rejection,
  path: string,
  requestId: string,
  limits: LimitHeaders | null = null,
): Answer {
  const { status, headers, body } = toProblem(rejection, path, requestId);
  return withBody(status, requestId, JSON.stringify(body), headers, limits);
}

/** Writes a handler's answer. Throws when its body is no JSON, such as a bigint left in it. */
export function writeAnswer(
  response: HandlerResponse,
  requestId: string,
  limits: LimitHeaders | null = null,
): Answer {
  const { status, headers, body, text } = response;
  if (body !== undefined) return withBody(status, requestId, JSON.stringify(body), headers, limits);
  if (text !== undefined) return withBody(status, requestId, text, headers, limits);
  const own = {
    'cache-control': 'no-store',
    'strict-transport-security': TRANSPORT_SECURITY,
    'content-security-policy': CONTENT_SECURITY,
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
  if (headers !== undefined) Object.assign(own, headers);
  if (limits !== null) Object.assign(own, limits);
  return { status, headers: own, body: undefined };
}

/**
 * Answers are about somebody's money: nothing on the way may keep them or guess their type. One
 * literal, not a chain of spreads: this was a sixth of the pipeline's time.
 */
function withBody(
  status: number,
  requestId: string,
  body: string,
  more: Readonly<Record<string, string>> | undefined,
  limits: LimitHeaders | null,
): Answer {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'strict-transport-security': TRANSPORT_SECURITY,
    'content-security-policy': CONTENT_SECURITY,
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
  if (more !== undefined) Object.assign(headers, more);
  if (limits !== null) Object.assign(headers, limits);
  return { status, headers, body };
}
