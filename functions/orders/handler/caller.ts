// The caller of a route with access `user`.
import { assert } from '../../../shared/domain/failure.ts';
import type { Caller } from '../../../shared/function/definition.ts';

/** The host lets nobody without a token into these routes; this asserts that it did not. */
export function userNumberOf(request: { readonly caller: Caller | null }): number {
  assert(request.caller !== null, 'a route with access user was called without a caller');
  return request.caller.userNumber;
}
