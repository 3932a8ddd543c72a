// The poll loop of one consumer. Records reach a source partition by partition, but the dispatcher
// asks for them with one poll at a time that brings so many records of all partitions together.
// Batches wait here until a poll would have brought them.
import type { Clock } from './clock.ts';

/** max.poll.records of the data plane. */
export const POLL_RECORDS_MAX = 50;
/** The ordered consumer starts its polls on a timer of this period. */
export const ORDERED_TICK_MS = 200;

/** When the next poll may begin: null is now; otherwise asked again when the promise is done. */
export type PollRule = () => Promise<void> | null;

interface Waiting {
  readonly count: number;
  readonly begin: () => void;
  readonly done: () => void;
}

export class PollGate {
  readonly #rule: PollRule;
  readonly #onPoll: () => void;
  #waiting: Waiting[] = [];
  #polling = false;
  #closed = false;

  constructor(rule: PollRule, onPoll: () => void = () => undefined) {
    this.#rule = rule;
    this.#onPoll = onPoll;
  }

  /** Calls `begin` when a poll brings these records; resolves then, or without once it is closed. */
  async enter(count: number, begin: () => void): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((done) => {
      this.#waiting.push({ count, begin, done });
      if (!this.#polling) void this.#poll();
    });
  }

  /** Nothing begins any more. */
  close(): void {
    this.#closed = true;
    for (const { done } of this.#waiting.splice(0)) done();
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiting.length > 0 && !this.#closed) {
      const wait = this.#rule();
      if (wait === null) this.#bring();
      else await wait.catch(() => undefined);
    }
    this.#polling = false;
  }

  /** One poll: what waits, in order, as far as a poll goes. */
  #bring(): void {
    this.#onPoll();
    let room = POLL_RECORDS_MAX;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || (next.count > room && room < POLL_RECORDS_MAX)) return;
      this.#waiting.shift();
      room -= next.count;
      next.begin();
      next.done();
    }
  }
}

/** A poll has come back: the next one begins at the first tick of the timer after that. */
export class OrderedPolls {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #startedAtMs: number;
  #polledAtMs: number | null = null;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#startedAtMs = clock.now();
  }

  readonly note = (): void => {
    this.#polledAtMs = this.#clock.now();
  };

  readonly rule: PollRule = () => {
    if (this.#polledAtMs === null) return null;
    const ticks = Math.floor((this.#polledAtMs - this.#startedAtMs) / ORDERED_TICK_MS) + 1;
    const leftMs = this.#startedAtMs + ticks * ORDERED_TICK_MS - this.#clock.now();
    return leftMs <= 0 ? null : this.#clock.sleep(leftMs, this.#signal);
  };
}
