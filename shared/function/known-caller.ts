// The caller of a route that is not open to anyone: there is one, or the host let a stranger in.
import type { Caller } from '../domain/caller.ts';
import { assert } from '../domain/failure.ts';

export function assertKnown(caller: Caller | null): asserts caller is Caller {
  assert(caller !== null, 'a route that is not open to anyone was called by nobody');
}
