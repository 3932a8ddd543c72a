// The limiter in memory: for a process without Redis, and for the time that Redis is away.
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { dropOldest } from '../drop-oldest.ts';
import {
  BAN_REMEMBERED_MS,
  banMsOf,
  banThresholdOf,
  type Limiter,
  type LimitReading,
  type LimitWindow,
} from '../limiter.ts';

/**
 * Subjects that one window counts before it forgets them all: whoever has so many addresses is not
 * held by counting them, and our memory must not go with them.
 */
export const SUBJECTS_MAX = 200_000;
/** Bans that are remembered; the oldest goes first. */
const BANS_MAX = 10_000;

interface Ban {
  readonly strikes: number;
  readonly untilMs: number;
}

interface Count {
  limiter: RateLimiterMemory;
  subjects: number;
  readonly window: LimitWindow;
}

export class MemoryLimiter implements Limiter {
  readonly #counts = new Map<string, Count>();
  readonly #bans = new Map<string, Ban>();
  readonly #nowMs: () => number;
  readonly #subjectsMax: number;

  constructor(nowMs: () => number = Date.now, subjectsMax = SUBJECTS_MAX) {
    this.#nowMs = nowMs;
    this.#subjectsMax = subjectsMax;
  }

  async consume(window: LimitWindow, subject: string, points: number): Promise<LimitReading> {
    const banned = window.bans ? this.#bannedForMs(subject) : 0;
    if (banned > 0) return { consumed: 0, resetsInMs: banned, bannedForMs: banned };
    const count = this.#countOf(window);
    // What the library calls a penalty is a count that does not throw when there is nothing left.
    const used = await count.limiter.penalty(subject, points);
    if (used.isFirstInDuration) count.subjects += 1;
    const consumed = used.consumedPoints;
    if (window.bans && consumed > banThresholdOf(window)) {
      await count.limiter.delete(subject);
      const bannedForMs = this.#ban(subject);
      return { consumed, resetsInMs: bannedForMs, bannedForMs };
    }
    return { consumed, resetsInMs: Math.max(1, used.msBeforeNext), bannedForMs: 0 };
  }

  close(): Promise<void> {
    this.#counts.clear();
    this.#bans.clear();
    return Promise.resolve();
  }

  #countOf(window: LimitWindow): Count {
    const known = this.#counts.get(window.name);
    if (known?.window === window && known.subjects < this.#subjectsMax) return known;
    const limiter = new RateLimiterMemory({ points: window.points, duration: window.seconds });
    const made: Count = { limiter, subjects: 0, window };
    this.#counts.set(window.name, made);
    return made;
  }

  #bannedForMs(subject: string): number {
    if (this.#bans.size === 0) return 0;
    const ban = this.#bans.get(subject);
    return ban === undefined ? 0 : Math.max(0, ban.untilMs - this.#nowMs());
  }

  #ban(subject: string): number {
    const nowMs = this.#nowMs();
    const earlier = this.#bans.get(subject);
    const remembered = earlier !== undefined && nowMs < earlier.untilMs + BAN_REMEMBERED_MS;
    const strikes = remembered ? earlier.strikes + 1 : 1;
    const bannedForMs = banMsOf(strikes);
    this.#bans.delete(subject);
    this.#bans.set(subject, { strikes, untilMs: nowMs + bannedForMs });
    dropOldest(this.#bans, BANS_MAX);
    return bannedForMs;
  }
}
