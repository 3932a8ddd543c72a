// The allowances in numbers, all of them: how many points of which quota, in how many seconds.
import type { LimitWindow } from '../cache/limiter.ts';
import type { Quota } from '../policy/policy.ts';

const NUMBERS: Readonly<Record<Quota, Omit<LimitWindow, 'name'>>> = {
  public: { points: 600, seconds: 10, bans: true },
  read: { points: 1_200, seconds: 10, bans: true },
  order: { points: 1_200, seconds: 10, bans: true },
  // Who wants out of the market gets out: more than could have been placed, and never a ban.
  cancel: { points: 2_400, seconds: 10, bans: false },
  account: { points: 60, seconds: 60, bans: true },
  sign_in: { points: 20, seconds: 60, bans: true },
};

/**
 * Credentials that were refused, by address. At 0.1 ms a signature an address costs a process 60 ms
 * a minute at most. It bans nobody: the neighbours behind one address must not be locked out.
 */
const FAILURES = { name: 'failed_credentials', points: 600, seconds: 60, bans: false } as const;

/** Of the user's allowance, what one API key may use: a program run wild leaves the rest usable. */
const KEY_SHARE = 0.75;

/** Of the allowance, what each process grants while nobody counts for all of them. */
const ALONE_SHARE = 0.25;

/**
 * Users at full speed for whom the gateway leaves room behind one address, before it refuses what
 * comes from there: a flood ends there, a firm's many programs do not.
 */
export const USERS_PER_ADDRESS = 5;

/** An allowance, and what stands for it while Redis is away. */
export interface QuotaWindow {
  readonly shared: LimitWindow;
  readonly alone: LimitWindow;
}

export interface Windows {
  readonly quotas: Readonly<Record<Quota, QuotaWindow>>;
  /** For API keys, beside what they take from their user's. */
  readonly keys: Readonly<Record<Quota, QuotaWindow>>;
  readonly failures: QuotaWindow;
}

/** `factor` is 1 in production; load tools and tests have others. */
export function makeWindows(factor: number): Windows {
  const quotas = {} as Record<Quota, QuotaWindow>;
  const keys = {} as Record<Quota, QuotaWindow>;
  for (const quota of Object.keys(NUMBERS) as Quota[]) {
    const numbers = NUMBERS[quota];
    quotas[quota] = makeWindow({ ...numbers, name: quota }, factor);
    // A key that runs wild is told so; its user is banned by what they use in all.
    keys[quota] = makeWindow({ ...numbers, name: `${quota}_key`, bans: false }, factor * KEY_SHARE);
  }
  return { quotas, keys, failures: makeWindow(FAILURES, factor) };
}

function makeWindow(window: LimitWindow, factor: number): QuotaWindow {
  const points = (share: number): number => Math.max(1, Math.round(window.points * factor * share));
  return {
    shared: { ...window, points: points(1) },
    alone: { ...window, points: points(ALONE_SHARE) },
  };
}
