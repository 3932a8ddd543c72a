// The caller of a route that is not open to anyone.
import { assert } from '../../../shared/domain/failure.ts';
import type { Caller } from '../../../shared/domain/caller.ts';

/** The host lets nobody unknown into these routes; this asserts that it did not. */
export function userNumberOf(request: { readonly caller: Caller | null }): number {
  assert(request.caller !== null, 'a route for known callers was called without one');
  return request.caller.userNumber;
}
