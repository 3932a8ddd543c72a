// A caller for tests: a signed-in user who may do everything with their own account.
import { SCOPES, type Caller } from '../../domain/caller.ts';
import { sessionId, userId } from '../../domain/ids.ts';

export function sessionCaller(userNumber: number): Caller {
  return {
    userId: userId(userNumber),
    userNumber,
    kind: 'session',
    credentialId: sessionId(userNumber),
    scopes: SCOPES,
    markets: null,
    validUntilMs: null,
  };
}
