// What a policy of a route says. The table that gives each route its own is policies.ts.
import type { CallerKind, Scope } from '../domain/caller.ts';

/**
 * The allowances of rate limiting. Each counts by itself: who has read too much can still cancel.
 */
export const QUOTAS = ['public', 'read', 'order', 'cancel', 'account', 'sign_in'] as const;
export type Quota = (typeof QUOTAS)[number];

export interface Policy {
  /** Who is let in: nobody in particular, or the kinds of callers listed. */
  readonly callers: 'anyone' | readonly CallerKind[];
  /** What the caller's credential must allow; null: nothing beyond being let in. */
  readonly scope: Scope | null;
  /**
   * True: needs a step-up, bound to this very request, used once. `with_factor`: of users who have
   * a factor; others may go on without.
   */
  readonly stepUp: boolean | 'with_factor';
  readonly quota: Quota;
  /** Points that one request takes from the quota. */
  readonly weight: number;
  /**
   * True: a signed request that comes twice is refused. False for what may be repeated harmlessly,
   * so that it works while nothing can remember what has been seen.
   */
  readonly replayGuarded: boolean;
  readonly bodyBytesMax: number;
  /** For body and handler together; see REQUEST_TIMEOUT_MS. */
  readonly timeoutMs: number;
}

/** Body limit of routes that do not set their own. */
export const BODY_BYTES_MAX = 65_536;

/**
 * Longest time for body and handler together: above the 10 s of `Prefer: wait`, below every
 * `timeoutSeconds` of the manifests, so that it is we who answer and not the queue-proxy.
 */
export const REQUEST_TIMEOUT_MS = 12_000;

type Change = Partial<Policy>;

const COMMON = {
  stepUp: false,
  weight: 1,
  replayGuarded: false,
  bodyBytesMax: BODY_BYTES_MAX,
  timeoutMs: REQUEST_TIMEOUT_MS,
} as const;

const TRADERS = ['session', 'client', 'key'] as const;

/** Anyone may look: market data, key sets. */
export function open(change: Change = {}): Policy {
  return { ...COMMON, callers: 'anyone', scope: null, quota: 'public', ...change };
}

/** A user, or a program of theirs, looks at what is theirs. */
export function reads(change: Change = {}): Policy {
  return { ...COMMON, callers: TRADERS, scope: 'read', quota: 'read', ...change };
}

/** Places, changes or replaces orders. */
export function trades(change: Change = {}): Policy {
  return {
    ...COMMON,
    callers: TRADERS,
    scope: 'trade',
    quota: 'order',
    replayGuarded: true,
    ...change,
  };
}

/** Takes orders out of the market. Never refused for what was placed or read before. */
export function cancels(change: Change = {}): Policy {
  return { ...COMMON, callers: TRADERS, scope: 'trade', quota: 'cancel', ...change };
}

/** A signed-in person manages the account itself: no program may. */
export function manages(change: Change = {}): Policy {
  return { ...COMMON, callers: ['session'], scope: null, quota: 'account', ...change };
}

/** Anyone tries to prove who they are: counted hardest. */
export function signsIn(change: Change = {}): Policy {
  return { ...COMMON, callers: 'anyone', scope: null, quota: 'sign_in', ...change };
}

/** One of the staff, on the admin host; what they may do there is asked of their roles. */
export function staffs(change: Change = {}): Policy {
  return { ...COMMON, callers: ['staff'], scope: null, quota: 'account', ...change };
}
