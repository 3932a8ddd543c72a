// Whether a person of the staff has shown their passkey a moment ago.
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';

/** Who approves, or takes another passkey, has shown one within this time. */
export const SIGN_IN_FRESH_MS = 15 * 60_000;

/** Null when it is fresh. Who has never shown one is stale. */
export function refuseStale(signedInAtMs: number | undefined, nowMs: number): Rejection | null {
  const isFresh = signedInAtMs !== undefined && nowMs - signedInAtMs < SIGN_IN_FRESH_MS;
  return isFresh ? null : reject('STAFF_SIGN_IN_STALE');
}
