// The caller of a route that is not open to anyone.
import type { Caller } from '../../../shared/domain/caller.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import type { Asker } from '../decide/caller-limits.ts';

/** The host lets nobody unknown into these routes; this asserts that it did not. */
export function askerOf(request: { readonly caller: Caller | null }): Required<Asker> {
  assertKnown(request.caller);
  const { userNumber, markets, validUntilMs } = request.caller;
  return { userNumber, limits: { markets, validUntilMs } };
}
