// `Prefer: wait=N` (RFC 7240): answer when the outcome is known, or after N seconds.
import { reject, type Rejection } from '../domain/rejection.ts';

/** Longest wait that may be asked for. */
export const WAIT_SECONDS_MAX = 10;

/** Header that tells the caller that its wish was granted. */
export const PREFERENCE_APPLIED = { 'preference-applied': 'wait' } as const;

const WAIT = /^wait\s*=\s*"?([0-9]{1,9})"?$/i;

/**
 * Milliseconds to wait, null when the caller did not ask. Preferences that we do not know are
 * ignored, as the RFC says; a `wait` that is malformed or beyond the maximum is refused.
 */
export function parsePreferWait(header: string | undefined): number | null | Rejection {
  if (header === undefined) return null;
  for (const preference of header.split(/[,;]/)) {
    const text = preference.trim();
    if (!/^wait\b/i.test(text)) continue;
    const seconds = Number(WAIT.exec(text)?.[1] ?? Number.NaN);
    if (seconds >= 0 && seconds <= WAIT_SECONDS_MAX) return seconds * 1_000;
    return reject('HEADER_INVALID', `Prefer: wait must be 0..${WAIT_SECONDS_MAX} whole seconds`);
  }
  return null;
}
