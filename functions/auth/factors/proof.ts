// Proves a user by what they show, in two steps: `examine` looks at it and counts the try, `useUp`
// makes it good once, inside the transaction of what it is good for.
import type { Tx } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { Assertion } from '../../../shared/passkeys/schema.ts';
import { findChallenge, isHandleOf, verifyAssertion } from '../../../shared/passkeys/verify.ts';
import type { AuthDeps } from '../deps.ts';
import type { AuthenticationMethod } from '../sessions/open-session.ts';
import { hasFactor, lockFactors } from './change.ts';
import { countGuess, forgetGuesses } from './guesses.ts';
import { startHold } from './holds/store.ts';
import { takeChallenge, type ChallengePurpose } from './passkeys/challenges.ts';
import { findPasskey, useCounter } from './passkeys/store.ts';
import { hashRecoveryCode } from './recovery/codes.ts';
import { useCode } from './recovery/store.ts';
import type { Shown } from './schema.ts';
import { findOwner } from './store.ts';
import { findStep } from './totp/codes.ts';
import { openSecret } from './totp/sealed-secret.ts';
import { findTotp, useStep } from './totp/store.ts';

/** What was found right, and is still to be used up. */
export type Evidence =
  | { readonly kind: 'totp'; readonly factorNumber: number; readonly step: number }
  | { readonly kind: 'passkey'; readonly factorNumber: number; readonly counter: number }
  | { readonly kind: 'recovery_code'; readonly codeHash: Buffer }
  | { readonly kind: 'password' };

/** RFC 8176, where it has a name. */
export const METHODS: Readonly<Record<Evidence['kind'], AuthenticationMethod>> = {
  totp: 'otp',
  passkey: 'hwk',
  recovery_code: 'rec',
  password: 'pwd',
};

/**
 * Not inside a transaction: a try counts whatever comes after it. `purpose` is what a passkey was
 * asked for. Refuses with FACTOR_REFUSED or FACTOR_LOCKED, SERVICE_BUSY for a password, and
 * SERVICE_UNAVAILABLE for a code whose secret cannot be opened.
 */
export async function examine(
  deps: AuthDeps,
  purpose: ChallengePurpose,
  shown: Shown,
): Promise<Evidence | Rejection> {
  const { userNumber } = purpose;
  if ('totp' in shown) return examineTotp(deps, userNumber, shown.totp);
  if ('passkey' in shown) return examinePasskey(deps, purpose, shown.passkey);
  if ('password' in shown) return examinePassword(deps, userNumber, shown.password);
  return { kind: 'recovery_code', codeHash: hashRecoveryCode(shown.recoveryCode) };
}

/** True for one of those who have shown the same. */
export async function useUp(
  tx: Tx,
  userNumber: number,
  evidence: Evidence,
  nowMs: number,
): Promise<boolean> {
  switch (evidence.kind) {
    case 'totp': {
      const { factorNumber, step } = evidence;
      if (!(await useStep(tx, userNumber, factorNumber, step, nowMs))) return false;
      await forgetGuesses(tx, userNumber, 'totp');
      return true;
    }
    case 'passkey':
      return useCounter(tx, userNumber, evidence.factorNumber, evidence.counter, nowMs);
    case 'recovery_code': {
      if (!(await useCode(tx, userNumber, evidence.codeHash, nowMs))) return false;
      await startHold(tx, userNumber, 'recovery_code_used');
      return true;
    }
    case 'password': {
      // Under the lock: the first factor may have been added since.
      await lockFactors(tx, userNumber);
      if (await hasFactor(tx, userNumber)) return false;
      await forgetGuesses(tx, userNumber, 'password');
      return true;
    }
  }
}

async function examineTotp(
  deps: AuthDeps,
  userNumber: number,
  code: string,
): Promise<Evidence | Rejection> {
  const nowMs = deps.now();
  const totp = await findTotp(deps.pool, userNumber);
  const secret = totp === null ? null : openSecret(deps, userNumber, totp.secretSealed);
  if (isRejection(secret)) return secret;
  const locked = await countGuess(deps.pool, userNumber, 'totp', nowMs);
  if (locked !== null) return locked;
  if (totp === null || secret === null) return reject('FACTOR_REFUSED');
  const step = findStep(secret, code, nowMs);
  if (step === null) return reject('FACTOR_REFUSED');
  return { kind: 'totp', factorNumber: totp.factorNumber, step };
}

async function examinePasskey(
  deps: AuthDeps,
  purpose: ChallengePurpose,
  response: Assertion,
): Promise<Evidence | Rejection> {
  const { userNumber } = purpose;
  const challenge = findChallenge(response.response.clientDataJSON);
  if (challenge === null) return reject('FACTOR_REFUSED');
  const taken = await takeChallenge(deps.pool, challenge, purpose, deps.now());
  if (!taken || !isHandleOf(response, userId(userNumber))) return reject('FACTOR_REFUSED');
  const passkey = await findPasskey(deps.pool, userNumber, Buffer.from(response.id, 'base64url'));
  if (passkey === null) return reject('FACTOR_REFUSED');
  const counter = await verifyAssertion(deps.site, passkey, response, challenge, deps.log);
  if (counter === null) return reject('FACTOR_REFUSED');
  return { kind: 'passkey', factorNumber: passkey.factorNumber, counter };
}

/** Only while there is nothing better to show. */
async function examinePassword(
  deps: AuthDeps,
  userNumber: number,
  password: string,
): Promise<Evidence | Rejection> {
  if (await hasFactor(deps.pool, userNumber)) return reject('FACTOR_REQUIRED');
  const locked = await countGuess(deps.pool, userNumber, 'password', deps.now());
  if (locked !== null) return locked;
  const owner = await findOwner(deps.pool, userNumber);
  if (owner === null) return reject('FACTOR_REFUSED');
  const verified = await deps.passwords.verify(password, owner.passwordHash);
  if (isRejection(verified)) return verified;
  return verified.matches ? { kind: 'password' } : reject('FACTOR_REFUSED');
}
