// What queue-proxy does with containerConcurrency: so many at a time, ten times as many waiting,
// and 503 for the rest.

const QUEUE_DEPTH_FACTOR = 10;

export class Gate {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #active = 0;

  /** A limit of 0 is none. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * True when the caller may go on and must call `leave`; false when the queue is full, or when the
   * signal ends the wait.
   */
  enter(signal: AbortSignal): boolean | Promise<boolean> {
    if (this.#limit === 0 || this.#active < this.#limit) {
      this.#active += 1;
      return true;
    }
    if (this.#waiting.size >= this.#limit * QUEUE_DEPTH_FACTOR) return false;
    return new Promise((done) => {
      const giveUp = (): void => {
        this.#waiting.delete(goOn);
        done(false);
      };
      const goOn = (): void => {
        signal.removeEventListener('abort', giveUp);
        done(true);
      };
      this.#waiting.add(goOn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  leave(): void {
    // A set keeps its order: the place is handed on, so that nobody overtakes the queue.
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#active -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
