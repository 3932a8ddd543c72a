// What a caller is told of their allowance: draft-ietf-httpapi-ratelimit-headers-10, structured
// fields of RFC 9651. Pure.
import type { LimitReading, LimitWindow } from '../cache/limiter.ts';

export interface Used {
  readonly window: LimitWindow;
  readonly reading: LimitReading;
}

export type LimitHeaders = Readonly<Record<'ratelimit-policy' | 'ratelimit', string>>;

/** One item a window, the tightest last or first as they are given. */
export function limitHeaders(used: readonly Used[]): LimitHeaders {
  const [first, ...others] = used;
  if (first !== undefined && others.length === 0) {
    return { 'ratelimit-policy': policyItem(first.window), ratelimit: usedItem(first) };
  }
  return {
    'ratelimit-policy': used.map((each) => policyItem(each.window)).join(', '),
    ratelimit: used.map(usedItem).join(', '),
  };
}

export function isExceeded({ window, reading }: Used): boolean {
  return reading.consumed > window.points;
}

/** Whole seconds, at least one: nobody is told to come back at once. */
export function retryAfterSeconds(resetsInMs: number): number {
  return Math.max(1, Math.ceil(resetsInMs / 1_000));
}

/** `q` points in `w` seconds. */
function policyItem({ name, points, seconds }: LimitWindow): string {
  return `"${name}";q=${points};w=${seconds}`;
}

/** `r` points remain, and in `t` seconds all of them are back. */
function usedItem({ window, reading }: Used): string {
  const remaining = Math.max(0, window.points - reading.consumed);
  const seconds = Math.min(window.seconds, retryAfterSeconds(reading.resetsInMs));
  return `"${window.name}";r=${remaining};t=${seconds}`;
}
