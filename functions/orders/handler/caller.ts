// The caller of a route that is not open to anyone.
import { assert } from '../../../shared/domain/failure.ts';
import type { Caller } from '../../../shared/domain/caller.ts';
import type { Asker } from '../decide/caller-limits.ts';

/** The host lets nobody unknown into these routes; this asserts that it did not. */
export function askerOf(request: { readonly caller: Caller | null }): Required<Asker> {
  assert(request.caller !== null, 'a route for known callers was called without one');
  const { userNumber, markets, validUntilMs } = request.caller;
  return { userNumber, limits: { markets, validUntilMs } };
}
