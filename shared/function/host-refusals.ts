// What the host refuses before, or instead of, the handler of a route. The OpenAPI page is made of
// it, and every answer in a test is held to it.
import type { ErrorCode } from '../domain/rejection.ts';
import type { Route } from './definition.ts';

/** Of any route: what comes with the request line, the headers or the body, and what is ours. */
const ANY = [
  'PATH_INVALID',
  'QUERY_INVALID',
  'HEADER_INVALID',
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'BODY_TYPE_NOT_SUPPORTED',
  'RATE_LIMITED',
  'SERVICE_BUSY',
  'SERVICE_UNAVAILABLE',
  'INTERNAL_ERROR',
] as const satisfies readonly ErrorCode[];

/** Of a credential: a signature is looked at even where keys may not call. */
const CALLER = [
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'SIGNATURE_INVALID',
  'SIGNATURE_EXPIRED',
  'ADDRESS_NOT_ALLOWED',
  'CALLER_NOT_ALLOWED',
] as const satisfies readonly ErrorCode[];

/** Where no route is found there is none to list these. */
export const UNROUTED_REFUSALS = [
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
] as const satisfies readonly ErrorCode[];

export function hostRefusals({ policy }: Pick<Route<never>, 'policy'>): readonly ErrorCode[] {
  return [
    ...ANY,
    ...(policy.callers === 'anyone' ? [] : CALLER),
    ...(policy.scope === null ? [] : (['SCOPE_MISSING'] as const)),
    ...(policy.replayGuarded ? (['SIGNATURE_REPLAYED'] as const) : []),
    ...(policy.stepUp === false ? [] : (['STEP_UP_REQUIRED', 'STEP_UP_INVALID'] as const)),
    ...(policy.quota === 'cancel' ? [] : (['ADDRESS_BANNED'] as const)),
  ];
}
