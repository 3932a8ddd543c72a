// Who gets as far as the handler: known by their credential, let in by the policy, within their
// allowance. Strangers are counted first of all; the known once it is certain who they are.
import type { Caller } from '../../domain/caller.ts';
import { ERROR_CODES, isRejection, type Rejection } from '../../domain/rejection.ts';
import { UNKNOWN_ADDRESS } from '../../http/client-address.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Authenticated } from '../auth/authenticated.ts';
import { refuseCaller } from '../auth/refuse-caller.ts';
import type { CallContext } from './call-context.ts';
import type { Runtime } from './runtime.ts';
import type { IncomingCall } from './wire.ts';

/** Null is nobody in particular, on a route that is open to anyone. */
export async function admitCall<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  policy: Policy,
  context: CallContext,
): Promise<Authenticated | Rejection | null> {
  if (policy.callers === 'anyone') return countStranger(runtime, call, policy, context);
  const known = await authenticate(runtime, call);
  if (isRejection(known)) return noteRefusal(runtime, call, known);
  const refused = refuseCaller(policy, known.caller);
  if (refused !== null) return refused;
  // What a signature claims is not charged to anybody before it is proven.
  if (isSigned(known.caller)) return known;
  return (await countCaller(runtime, policy, known.caller, context)) ?? known;
}

/**
 * Once the body is there: a signature covers it, and a token may have been revoked meanwhile. Null:
 * goes on.
 */
export async function admitProven<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  { caller, proveBody }: Authenticated,
  rawBody: Buffer,
  policy: Policy,
  context: CallContext,
): Promise<Rejection | null> {
  if (proveBody === undefined) return null;
  const forged = await proveBody(rawBody, policy);
  if (forged !== null) return noteRefusal(runtime, call, forged);
  return isSigned(caller) ? countCaller(runtime, policy, caller, context) : null;
}

function isSigned({ kind }: Caller): boolean {
  return kind === 'key';
}

async function countStranger<Deps>(
  { edge }: Runtime<Deps>,
  call: IncomingCall,
  policy: Policy,
  context: CallContext,
): Promise<Rejection | null> {
  if (edge.limits === null) return null;
  const { refused, headers } = await edge.limits.admitAddress(policy, addressOf(call));
  context.limitHeaders = headers;
  return refused;
}

async function countCaller<Deps>(
  { edge }: Runtime<Deps>,
  policy: Policy,
  caller: Caller,
  context: CallContext,
): Promise<Rejection | null> {
  if (edge.limits === null) return null;
  const { refused, headers } = await edge.limits.admitCaller(policy, caller);
  context.limitHeaders = headers;
  return refused;
}

function authenticate<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
): Authenticated | Rejection | Promise<Authenticated | Rejection> {
  const { knownCaller } = call;
  if (knownCaller !== undefined) return { caller: knownCaller };
  return runtime.edge.limits?.refuseSuspect(addressOf(call)) ?? runtime.authenticate(call);
}

/** Strangers cannot make us look at signatures for ever. */
async function noteRefusal<Deps>(
  { edge }: Runtime<Deps>,
  call: IncomingCall,
  refused: Rejection,
): Promise<Rejection> {
  if (edge.limits === null || ERROR_CODES[refused.code].status !== 401) return refused;
  return (await edge.limits.noteFailure(addressOf(call))) ?? refused;
}

function addressOf(call: IncomingCall): string {
  return call.clientAddress ?? UNKNOWN_ADDRESS;
}
