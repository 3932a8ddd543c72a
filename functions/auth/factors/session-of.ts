// The session that a request came with: the policies of these routes let nothing else in.
import type { Caller } from '../../../shared/domain/caller.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { parseSessionId, type UserId } from '../../../shared/domain/ids.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';

export interface CallingSession {
  readonly userNumber: number;
  readonly userId: UserId;
  readonly sessionNumber: number;
  readonly credentialId: string;
}

export function sessionOf({ caller }: { readonly caller: Caller | null }): CallingSession {
  assertKnown(caller);
  const { userNumber, userId, credentialId } = caller;
  const sessionNumber = parseSessionId(credentialId);
  assert(sessionNumber !== null, 'the route is for sessions alone');
  return { userNumber, userId, sessionNumber, credentialId };
}
