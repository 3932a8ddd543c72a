// What may be granted before Redis is asked: a little, to subjects that are far from the end of
// their allowance. Each process tells Redis within a moment what it has granted so, and near the
// end, or for more, it asks first. In memory; it sends nothing itself.
import { dropOldest } from '../drop-oldest.ts';
import type { LimitReading, LimitWindow } from '../limiter.ts';

/** Points of one subject in one window. */
export interface Count {
  readonly key: string;
  readonly window: LimitWindow;
  readonly points: number;
}

/** Points that were granted, and that Redis is to be told of. */
export interface Owed extends Count {
  readonly known: Known;
}

/** Beyond this part of an allowance nothing is granted in advance. */
const USED_SHARE_MAX = 1 / 2;
/**
 * Of an allowance, what a process grants before Redis has counted it. Twenty processes would have
 * to do so at once to grant more than all of it together; allowances below 40 have no advance.
 */
const ADVANCE_SHARE = 1 / 40;
/** Subjects that are remembered; the oldest goes first, and is asked for again. */
const SUBJECTS_MAX = 20_000;

interface Known {
  readonly key: string;
  readonly window: LimitWindow;
  /** As Redis last answered. */
  consumed: number;
  /** Granted here, and in no answer of Redis yet. */
  uncounted: number;
  /** Of these, what has not been sent. */
  unsent: number;
  resetsAtMs: number;
}

export class LimitAdvances {
  readonly #known = new Map<string, Known>();
  readonly #owing = new Set<Known>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** Grants the points, or answers null: then Redis must be asked. */
  grant({ key, window, points }: Count): LimitReading | null {
    const known = this.#known.get(key);
    if (known === undefined) return null;
    const resetsInMs = known.resetsAtMs - this.#nowMs();
    if (resetsInMs <= 0) {
      this.#known.delete(key);
      return null;
    }
    const uncounted = known.uncounted + points;
    const consumed = known.consumed + uncounted;
    if (uncounted > window.points * ADVANCE_SHARE) return null;
    if (consumed > window.points * USED_SHARE_MAX) return null;
    known.uncounted = uncounted;
    known.unsent += points;
    this.#owing.add(known);
    return { consumed, resetsInMs, bannedForMs: 0 };
  }

  /** True when something was granted that `takeOwed` has not given out. */
  get isOwing(): boolean {
    return this.#owing.size > 0;
  }

  /** What Redis is to be told, each key once; at most `countsMax`. */
  takeOwed(countsMax: number): Owed[] {
    const owed: Owed[] = [];
    for (const known of this.#owing) {
      if (owed.length >= countsMax) break;
      owed.push({ key: known.key, window: known.window, points: known.unsent, known });
      known.unsent = 0;
      this.#owing.delete(known);
    }
    return owed;
  }

  /** What Redis answered when it was told; what it never answers leaves less to grant. */
  learnOwed(owed: Owed, reading: LimitReading): void {
    owed.known.uncounted -= owed.points;
    this.learn(owed, reading);
  }

  /** What Redis answered to somebody who asked. */
  learn({ key, window }: Count, { consumed, resetsInMs, bannedForMs }: LimitReading): void {
    if (bannedForMs > 0) {
      this.#known.delete(key);
      return;
    }
    const resetsAtMs = this.#nowMs() + resetsInMs;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.consumed = consumed;
      known.resetsAtMs = resetsAtMs;
      return;
    }
    this.#known.set(key, { key, window, consumed, uncounted: 0, unsent: 0, resetsAtMs });
    dropOldest(this.#known, SUBJECTS_MAX);
  }
}
