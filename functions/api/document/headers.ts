// Headers on the OpenAPI page: what a route reads of them, and what answers have.
import type { RequestHeader, Route } from '../../../shared/function/definition.ts';
import type { JsonSchema } from './json-schema.ts';

const text = { type: 'string' };

/** Of answers. */
export const ANSWER_HEADERS: Readonly<Record<string, JsonSchema>> = {
  'X-Request-Id': { description: 'The one that was sent, or one of ours.', schema: text },
  'RateLimit-Policy': {
    description: 'The allowance: `"order";q=1200;w=10` is 1,200 points in 10 s.',
    schema: text,
  },
  RateLimit: {
    description: 'What is left of it: `"order";r=1100;t=7`, and in 7 s all of it is back.',
    schema: text,
  },
  'Retry-After': { description: 'Seconds to wait.', schema: text },
  'WWW-Authenticate': { description: 'RFC 6750.', schema: text },
  Allow: { description: 'The methods that the path has.', schema: text },
  ETag: { description: 'For If-None-Match.', schema: text },
  'Cache-Control': { description: 'How long the answer may be kept.', schema: text },
  'Idempotency-Replayed': {
    description: '`true` where the answer was given before to the same Idempotency-Key.',
    schema: text,
  },
  'Preference-Applied': {
    description: '`wait` where the outcome was waited for.',
    schema: text,
  },
};

const OF_REQUESTS: Readonly<Record<RequestHeader, JsonSchema>> = {
  'Idempotency-Key': {
    description: 'The same request with the same key has its effect once, for 24 h at least.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,64}$' },
  },
  Prefer: {
    description:
      '`wait=N` answers when the outcome is known, or after N seconds, 10 at most. Preferences ' +
      'that are not known are ignored (RFC 7240).',
    schema: { type: 'string', examples: ['wait=5'] },
  },
  'If-None-Match': { description: 'The ETag of what you have.', schema: text },
};

const ANSWERED: Readonly<Record<RequestHeader, readonly string[]>> = {
  'Idempotency-Key': ['Idempotency-Replayed'],
  Prefer: ['Preference-Applied'],
  'If-None-Match': ['ETag', 'Cache-Control'],
};

export function headerRefs(names: readonly string[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Of an answer that is no refusal. */
export function answerHeaders(read: readonly RequestHeader[]): JsonSchema {
  const own = read.flatMap((name) => ANSWERED[name]);
  return headerRefs(['X-Request-Id', 'RateLimit-Policy', 'RateLimit', ...own]);
}

/** Headers that a request may or must have, besides its credential. */
export function headerParameters(route: Route<never>): readonly JsonSchema[] {
  const { stepUp } = route.policy;
  return [
    ...(stepUp === false ? [] : [stepUpParameter(stepUp === true)]),
    ...(route.headers ?? []).map((name) => ({
      name,
      in: 'header',
      required: route.requiredHeaders?.includes(name) ?? false,
      ...OF_REQUESTS[name],
    })),
  ];
}

function stepUpParameter(required: boolean): JsonSchema {
  return {
    name: 'Step-Up',
    in: 'header',
    required,
    description: required
      ? 'A step-up for this very request, from POST /v1/auth/step-ups.'
      : 'A step-up for this very request, from POST /v1/auth/step-ups; needed by who has a factor.',
    schema: { type: 'string', pattern: '^bsu_[A-Za-z0-9_-]{43}$' },
  };
}
