// What the check of a credential comes to, before and after the body of the request is read.
import type { Caller } from '../../domain/caller.ts';
import type { Rejection } from '../../domain/rejection.ts';
import type { Policy } from '../../policy/policy.ts';
import type { IncomingCall } from '../pipeline/wire.ts';

/** A caller whose credential was found good. */
export interface Authenticated {
  readonly caller: Caller;
  /**
   * What is checked once the body is read: a signature covers it, and the caller may have been
   * revoked while it came. The caller is not to be believed before.
   */
  readonly proveBody?: (
    rawBody: Buffer,
    policy: Pick<Policy, 'replayGuarded'>,
  ) => Rejection | null | Promise<Rejection | null>;
}

/** Looks at the headers of a request; answers at once what was verified a moment ago. */
export type Authenticate = (
  call: Pick<IncomingCall, 'method' | 'target' | 'headers' | 'clientAddress'>,
) => Authenticated | Rejection | Promise<Authenticated | Rejection>;
