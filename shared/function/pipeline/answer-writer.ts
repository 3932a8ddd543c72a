// Turns what a handler answered, or a refusal, into status, headers and text.
import type { Rejection } from '../../domain/rejection.ts';
import { toProblem } from '../../http/problem.ts';
import type { HandlerResponse } from '../definition.ts';
import type { Answer } from './wire.ts';

/** Writes a refusal as a problem document. */
export function refuse(rejection: Rejection, path: string, requestId: string): Answer {
  const { status, headers, body } = toProblem(rejection, path, requestId);
  return withBody(status, requestId, JSON.stringify(body), headers);
}

/** Writes a handler's answer. Throws when its body is no JSON, such as a bigint left in it. */
export function writeAnswer(response: HandlerResponse, requestId: string): Answer {
  const { status, headers, body } = response;
  if (body !== undefined) return withBody(status, requestId, JSON.stringify(body), headers);
  const own = { 'cache-control': 'no-store', 'x-request-id': requestId };
  return { status, headers: headers === undefined ? own : { ...own, ...headers }, body: undefined };
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
): Answer {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
  if (more !== undefined) Object.assign(headers, more);
  return { status, headers, body };
}
