// The password step of a sign-in. Whatever is wrong, the work is the same and so is the answer:
// nobody learns which addresses have accounts.
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { indexEmail } from '../../../shared/secrets/email.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';
import type { AuthDeps } from '../deps.ts';
import { lockFactors } from '../factors/change.ts';
import { tellNewDevice, type Device } from './new-device.ts';
import { openSession, USER_AGENT_CHARACTERS_MAX, type SignedIn } from './open-session.ts';
import { FACTORS, type SignIn, type SignInAnswer } from './schema.ts';
import { auditSignIn } from './sign-in-outcome.ts';
import { endExpired, isKnownAddress, savePending } from './store/sessions.ts';
import { countAttempt, findSubjects, takeBackAttempt } from './store/throttle.ts';
import {
  findFactors,
  findForSignIn,
  isCurrentPassword,
  rehashPassword,
  type SigningUser,
} from './store/users.ts';

/** From an address that has signed in within this time, strangers' failures do not count. */
const ADDRESS_KNOWN_MS = 30 * 24 * 3_600_000;
const PENDING_LIFE_MS = 5 * 60_000;
const PENDING_TRIES = 5;
/** No user has it. */
const NOBODY = 0;

/** Where a request to sign in has come from is always known. */
interface Asking extends Device {
  readonly address: string;
  readonly requestId: string;
}

export async function signIn(
  { email, password }: SignIn,
  asking: Asking,
  deps: AuthDeps,
): Promise<SignInAnswer | Rejection> {
  const { pool, passwords } = deps;
  // Of a crowd most try again and again: that must cost the database nothing.
  const full = passwords.refuseWhileFull();
  if (full !== null) return full;
  const emailIndex = indexEmail(deps.emailIndex, email);
  const nowMs = deps.now();
  const user = await findForSignIn(pool, emailIndex);
  const number = user?.userNumber ?? NOBODY;
  const since = nowMs - ADDRESS_KNOWN_MS;
  const isKnown = await isKnownAddress(pool, number, asking.address, since);
  const subjects = await findSubjects(pool, emailIndex, asking.address);
  const waitMs = await countAttempt(pool, subjects, isKnown, nowMs);
  if (waitMs > 0) {
    const retryAfterSeconds = Math.ceil(waitMs / 1_000);
    return reject('SIGN_IN_THROTTLED', undefined, { retryAfterSeconds });
  }
  const outcome = await checkPassword(user, password, deps);
  if (isRejection(outcome)) {
    if (outcome.code !== 'SIGN_IN_FAILED') await takeBackAttempt(pool, subjects, false);
    return outcome;
  }
  await takeBackAttempt(pool, subjects, true);
  if (outcome.status === 'suspended') return reject('ACCOUNT_SUSPENDED');
  return admit(outcome, asking, deps, nowMs);
}

/** The user when the password is right, and the account one that may know it is. */
async function checkPassword(
  user: SigningUser | null,
  password: string,
  deps: AuthDeps,
): Promise<SigningUser | Rejection> {
  const { passwords, pool } = deps;
  if (user === null) return (await passwords.verifyNone(password)) ?? reject('SIGN_IN_FAILED');
  const verified = await passwords.verify(password, user.passwordHash);
  if (isRejection(verified)) return verified;
  const mayKnow = user.status === 'active' || user.status === 'suspended';
  if (!verified.matches || !mayKnow) return reject('SIGN_IN_FAILED');
  if (verified.isOutdated) {
    const newHash = await passwords.hash(password);
    // Who is in a queue that is full is rehashed the next time.
    if (!isRejection(newHash) && (await rehashPassword(pool, user, newHash))) {
      return { ...user, passwordHash: newHash };
    }
  }
  return user;
}

/**
 * Opens a session, or asks for a factor. What the password and the factors are is looked at again
 * under their locks: a change of either ends what was opened before it, so nothing may be opened
 * beside it.
 */
function admit(
  { userNumber, passwordHash }: SigningUser,
  { requestId, ...device }: Asking,
  deps: AuthDeps,
  nowMs: number,
): Promise<SignInAnswer | Rejection> {
  return withTransaction(deps.pool, async (tx) => {
    if (!(await isCurrentPassword(tx, userNumber, passwordHash))) return reject('SIGN_IN_FAILED');
    await lockFactors(tx, userNumber);
    const has = await findFactors(tx, userNumber);
    if (has.length > 0) return askForFactor(tx, userNumber, device, has, nowMs);
    await endExpired(tx, userNumber, nowMs);
    await tellNewDevice(tx, deps, userNumber, device, nowMs);
    const signedIn: SignedIn = { userNumber, amr: ['pwd'], ...device };
    const opened = await openSession(tx, signedIn, nowMs);
    await auditSignIn(tx, signedIn, opened, requestId);
    return { status: 'signed_in', ...opened, expiresAt: opened.expiresAt.toISOString() };
  });
}

async function askForFactor(
  tx: Tx,
  userNumber: number,
  device: Device & { readonly address: string },
  has: readonly string[],
  nowMs: number,
): Promise<SignInAnswer> {
  const pendingToken = drawSecret('bpt');
  const expiresAtMs = nowMs + PENDING_LIFE_MS;
  await savePending(
    tx,
    {
      pendingHash: hashSecret(pendingToken),
      userNumber,
      expiresAtMs,
      tries: PENDING_TRIES,
      address: device.address,
      userAgent: device.userAgent?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
    },
    nowMs,
  );
  const factors = FACTORS.filter((factor) => has.includes(factor));
  const expiresAt = new Date(expiresAtMs).toISOString();
  return { status: 'factor_required', pendingToken, factors, expiresAt };
}
