// A step-up: that the caller has shown a factor a moment ago, for this one request. The host uses
// it up before the handler runs.
import { createHash } from 'node:crypto';
import type { Caller } from '../../domain/caller.ts';
import { reject, type Rejection } from '../../domain/rejection.ts';
import type { Policy } from '../../policy/policy.ts';
import { hashSecret, isSecret } from '../../secrets/token.ts';
import type { IncomingCall } from '../pipeline/wire.ts';

export const STEP_UP_HEADER = 'step-up';

/** What a step-up is bound to. */
export interface SteppedAction {
  readonly method: string;
  /** Path and query as they stand on the request line. */
  readonly path: string;
  /** Lower-case hex of the hash of the bytes that are sent; of none, that of the empty text. */
  readonly bodySha256: string;
}

export interface StepUpUse {
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
  readonly userNumber: number;
  /** The session that the request came with. */
  readonly credentialId: string;
  readonly action: Buffer;
}

/** Uses a step-up up; true once, for whom and what it was made for. */
export type UseStepUp = (use: StepUpUse) => Promise<boolean>;

/** Whether a user has a factor, and so must show it where the policy says `with_factor`. */
export type HasFactor = (userNumber: number) => Promise<boolean>;

export interface StepUpCheck {
  /** Left out, no step-up is good. */
  readonly useStepUp?: UseStepUp | undefined;
  /** Left out, everybody is taken to have one. */
  readonly hasFactor?: HasFactor | undefined;
  /** Lets go of what it holds. */
  readonly close?: (() => Promise<void>) | undefined;
}

export function hashAction({ method, path, bodySha256 }: SteppedAction): Buffer {
  return createHash('sha256').update(`${method}\n${path}\n${bodySha256}`).digest();
}

/**
 * Null when the request may go on. Refuses with STEP_UP_REQUIRED or STEP_UP_INVALID. One that is
 * sent is used up even where none was needed, so that a handler may go by the header.
 */
export async function checkStepUp(
  { useStepUp, hasFactor }: StepUpCheck,
  policy: Pick<Policy, 'stepUp'>,
  call: Pick<IncomingCall, 'method' | 'target' | 'headers'>,
  caller: Caller | null,
  rawBody: Buffer,
): Promise<Rejection | null> {
  if (policy.stepUp === false) return null;
  const secret = call.headers[STEP_UP_HEADER];
  if (caller === null) return reject('STEP_UP_REQUIRED');
  if (secret === undefined) {
    const needed = policy.stepUp === true || ((await hasFactor?.(caller.userNumber)) ?? true);
    return needed ? reject('STEP_UP_REQUIRED') : null;
  }
  if (!isSecret(secret, 'bsu') || useStepUp === undefined) return reject('STEP_UP_INVALID');
  const bodySha256 = createHash('sha256').update(rawBody).digest('hex');
  const used = await useStepUp({
    hash: hashSecret(secret),
    userNumber: caller.userNumber,
    credentialId: caller.credentialId,
    action: hashAction({ method: call.method, path: call.target, bodySha256 }),
  });
  return used ? null : reject('STEP_UP_INVALID');
}
