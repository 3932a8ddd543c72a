// Whether a policy lets a caller in: by kind of credential, then by what the credential allows.
import type { Caller } from '../../domain/caller.ts';
import { reject, type Rejection } from '../../domain/rejection.ts';
import type { Policy } from '../../policy/policy.ts';

/** Null when the caller may go on. Refuses with CALLER_NOT_ALLOWED or SCOPE_MISSING. */
export function refuseCaller(policy: Policy, caller: Caller | null): Rejection | null {
  if (policy.callers === 'anyone') return null;
  if (caller === null) return reject('TOKEN_MISSING');
  if (!policy.callers.includes(caller.kind)) {
    return reject('CALLER_NOT_ALLOWED', `not for a ${caller.kind}: ${policy.callers.join(', ')}`);
  }
  if (policy.scope === null || caller.scopes.includes(policy.scope)) return null;
  return reject('SCOPE_MISSING', `the credential lacks the scope "${policy.scope}"`);
}
