// Who has used up their allowance: by user for callers that are known, by address for all others.
// Redis counts for every process; while it is away each counts alone, and grants less.
import { dropOldest } from '../cache/drop-oldest.ts';
import type { Limiter, LimitReading } from '../cache/limiter.ts';
import type { Caller } from '../domain/caller.ts';
import { reject, type Rejection } from '../domain/rejection.ts';
import { clientNetworkOf } from '../http/client-address.ts';
import type { Policy } from '../policy/policy.ts';
import {
  isExceeded,
  limitHeaders,
  retryAfterSeconds,
  type LimitHeaders,
  type Used,
} from './headers.ts';
import type { QuotaWindow, Windows } from './quotas.ts';

/** Whether a request may go on, and what its answer says of the allowance. */
export interface Admission {
  readonly refused: Rejection | null;
  readonly headers: LimitHeaders | null;
}

/** A refusal is remembered here for so long, so that who goes on costs no question to Redis. */
const REMEMBERED_MS_MAX = 10_000;
const REMEMBERED_MAX = 10_000;

export interface RateLimitsOptions {
  readonly windows: Windows;
  /** Counts for all processes, or for this one where there is no Redis. */
  readonly limiter: Limiter;
  /** Counts in this process while `limiter` cannot. */
  readonly insurance: Limiter;
  readonly nowMs?: () => number;
}

interface Remembered {
  readonly untilMs: number;
  readonly retryAtMs: number;
}

type PolicyPart = Pick<Policy, 'quota' | 'weight'>;

export class RateLimits {
  readonly #options: RateLimitsOptions;
  readonly #nowMs: () => number;
  readonly #banned = new Map<string, Remembered>();
  readonly #failing = new Map<string, Remembered>();

  constructor(options: RateLimitsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** For routes that anyone may call. */
  async admitAddress({ quota, weight }: PolicyPart, address: string): Promise<Admission> {
    const subject = subjectOfAddress(address);
    return this.#admit(subject, [this.#count(this.#quota(quota), subject, weight)]);
  }

  /** For callers that are known: by user, and for API keys by key, too. */
  async admitCaller({ quota, weight }: PolicyPart, caller: Caller): Promise<Admission> {
    const subject = `${caller.kind === 'staff' ? 's' : 'u'}:${caller.userNumber}`;
    const counts = [this.#count(this.#quota(quota), subject, weight)];
    if (caller.kind === 'key') {
      const window = this.#options.windows.keys[quota];
      counts.push(this.#count(window, `k:${caller.credentialId}`, weight));
    }
    return this.#admit(subject, counts);
  }

  /** Refuses an address whose credentials were refused too often, before another is looked at. */
  refuseSuspect(address: string): Rejection | null {
    if (this.#failing.size === 0) return null;
    const known = this.#recall(this.#failing, subjectOfAddress(address));
    return known === null ? null : this.#tooManyFailures(known.retryAtMs - this.#nowMs());
  }

  /** Counts a refused credential; what to answer instead of the refusal, or null. */
  async noteFailure(address: string): Promise<Rejection | null> {
    const subject = subjectOfAddress(address);
    const used = await this.#count(this.#options.windows.failures, subject, 1);
    if (!isExceeded(used)) return null;
    this.#remember(this.#failing, subject, used.reading.resetsInMs);
    return this.#tooManyFailures(used.reading.resetsInMs);
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.limiter.close(), this.#options.insurance.close()]);
  }

  #quota(quota: Policy['quota']): QuotaWindow {
    return this.#options.windows.quotas[quota];
  }

  async #admit(subject: string, counts: readonly Promise<Used>[]): Promise<Admission> {
    const used =
      counts.length === 1 ? [await (counts[0] as Promise<Used>)] : await Promise.all(counts);
    const ban = used.find(({ reading }) => reading.bannedForMs > 0);
    if (ban !== undefined) {
      this.#remember(this.#banned, subject, ban.reading.bannedForMs);
      return { refused: banned(ban.reading.bannedForMs), headers: null };
    }
    const headers = limitHeaders(used);
    const exceeded = used.filter(isExceeded);
    return { refused: exceeded.length === 0 ? null : limited(exceeded), headers };
  }

  async #count(quota: QuotaWindow, subject: string, weight: number): Promise<Used> {
    const { shared, alone } = quota;
    const known = shared.bans ? this.#recall(this.#banned, subject) : null;
    if (known !== null) {
      return { window: shared, reading: bannedReading(known.retryAtMs - this.#nowMs()) };
    }
    const { limiter, insurance } = this.#options;
    try {
      return { window: shared, reading: await limiter.consume(shared, subject, weight) };
    } catch {
      // Away, or it refuses us, which its own log tells: counting alone is better than not serving.
      return { window: alone, reading: await insurance.consume(alone, subject, weight) };
    }
  }

  #tooManyFailures(resetsInMs: number): Rejection {
    const window = this.#options.windows.failures.shared;
    return reject('RATE_LIMITED', 'too many refused credentials from this address', {
      retryAfterSeconds: retryAfterSeconds(resetsInMs),
      violatedPolicies: [window.name],
    });
  }

  #remember(among: Map<string, Remembered>, subject: string, ms: number): void {
    const nowMs = this.#nowMs();
    among.delete(subject);
    among.set(subject, {
      untilMs: nowMs + Math.min(ms, REMEMBERED_MS_MAX),
      retryAtMs: nowMs + ms,
    });
    dropOldest(among, REMEMBERED_MAX);
  }

  #recall(among: Map<string, Remembered>, subject: string): Remembered | null {
    if (among.size === 0) return null;
    const known = among.get(subject);
    if (known === undefined) return null;
    if (this.#nowMs() < known.untilMs) return known;
    among.delete(subject);
    return null;
  }
}

function subjectOfAddress(address: string): string {
  return `a:${clientNetworkOf(address)}`;
}

function bannedReading(ms: number): LimitReading {
  return { consumed: 0, resetsInMs: ms, bannedForMs: ms };
}

function banned(ms: number): Rejection {
  return reject('ADDRESS_BANNED', undefined, { retryAfterSeconds: retryAfterSeconds(ms) });
}

function limited(exceeded: readonly Used[]): Rejection {
  const longest = Math.max(...exceeded.map(({ reading }) => reading.resetsInMs));
  const names = exceeded.map(({ window }) => window.name);
  const allowances = exceeded.map(
    ({ window: { name, points, seconds } }) => `${name} has ${points} points in ${seconds} s`,
  );
  return reject('RATE_LIMITED', allowances.join('; '), {
    retryAfterSeconds: retryAfterSeconds(longest),
    violatedPolicies: names,
  });
}
