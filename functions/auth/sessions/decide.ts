// How long a sign-in has to wait after those that failed, and what a user is shown of sessions.
import { sessionId } from '../../../shared/domain/ids.ts';
import type { SessionAnswer } from './schema.ts';

export const FAILURE_KINDS = ['account', 'address', 'subnet'] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

interface ThrottleRule {
  /** Failures that cost nothing: people mistype. */
  readonly freeFailures: number;
  /** Without a failure for so long, counting begins anew. */
  readonly forgottenAfterMs: number;
}

const RULES: Readonly<Record<FailureKind, ThrottleRule>> = {
  account: { freeFailures: 5, forgottenAfterMs: 24 * 3_600_000 },
  address: { freeFailures: 20, forgottenAfterMs: 15 * 60_000 },
  subnet: { freeFailures: 100, forgottenAfterMs: 15 * 60_000 },
};

/** Older than any rule remembers. */
export const FAILURES_KEPT_MS = 24 * 3_600_000;

const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 15 * 60_000;
/** Doubled so often, a wait is at its maximum. */
const DOUBLINGS_MAX = 10;

export interface FailureCount {
  readonly kind: FailureKind;
  readonly failures: number;
  readonly lastFailedAtMs: number;
}

export type Throttle =
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** What the counts become should this attempt fail. */
  | { readonly kind: 'go'; readonly failures: Readonly<Record<FailureKind, number>> };

/**
 * The longest wait of those that hold. `isKnownAddress`: the account was signed in to from there;
 * the account's own wait is not for its user, or any stranger could keep them out.
 */
export function decideThrottle(
  counts: readonly FailureCount[],
  isKnownAddress: boolean,
  nowMs: number,
): Throttle {
  const failures = { account: 1, address: 1, subnet: 1 };
  let waitMs = 0;
  for (const count of counts) {
    const { freeFailures, forgottenAfterMs } = RULES[count.kind];
    if (nowMs - count.lastFailedAtMs >= forgottenAfterMs) continue;
    failures[count.kind] = count.failures + 1;
    if (count.failures < freeFailures) continue;
    if (count.kind === 'account' && isKnownAddress) continue;
    const dueMs = count.lastFailedAtMs + waitAfter(count.failures - freeFailures);
    waitMs = Math.max(waitMs, dueMs - nowMs);
  }
  return waitMs > 0 ? { kind: 'wait', waitMs } : { kind: 'go', failures };
}

function waitAfter(doublings: number): number {
  return Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(doublings, DOUBLINGS_MAX));
}

export interface SessionRow {
  readonly sessionNumber: number;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly amr: readonly string[];
}

export function presentSession(row: SessionRow, currentId: string): SessionAnswer {
  const id = sessionId(row.sessionNumber);
  return {
    id,
    current: id === currentId,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    address: row.address,
    userAgent: row.userAgent,
    amr: [...row.amr],
  };
}
