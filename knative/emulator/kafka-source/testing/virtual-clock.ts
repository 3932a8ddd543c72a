// A clock that stands still until a test moves it, and remembers every wait it was asked for.
import type { Clock } from '../clock.ts';

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

export class VirtualClock implements Clock {
  /** Every `sleep`, in order, whether it is over or not. */
  readonly waits: number[] = [];
  readonly #timers = new Set<Timer>();
  readonly #skips: boolean;
  #nowMs = 0;

  /** With `skips`, a sleep is over at once and moves the clock by its length. */
  constructor({ skips = false } = {}) {
    this.#skips = skips;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    if (signal.aborted) return Promise.reject(new Error('ended'));
    if (this.#skips) {
      this.#nowMs += ms;
      return Promise.resolve();
    }
    return new Promise((done, fail) => {
      const cancel = this.after(ms, done);
      signal.addEventListener('abort', () => {
        cancel();
        fail(new Error('ended'));
      });
    });
  }

  /** How long from now until each timer that runs, soonest first. */
  pending(): number[] {
    return [...this.#timers].map((timer) => timer.atMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Moves time on; timers fire in the order in which they are due. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = due.atMs;
      due.fire();
    }
    this.#nowMs = untilMs;
  }
}
