// What queue-proxy does with containerConcurrency: so many at a time, ten times as many waiting,
// and 503 for the rest.

const QUEUE_DEPTH_FACTOR = 10;

export class Gate {
  readonly #limit: number;
  readonly #waiting: ((entered: boolean) => void)[] = [];
  #active = 0;

  /** A limit of 0 is none. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** True when the caller may go on and must call `leave`; false when the queue is full. */
  enter(): boolean | Promise<boolean> {
    if (this.#limit === 0 || this.#active < this.#limit) {
      this.#active += 1;
      return true;
    }
    if (this.#waiting.length >= this.#limit * QUEUE_DEPTH_FACTOR) return false;
    return new Promise((done) => this.#waiting.push(done));
  }

  leave(): void {
    const next = this.#waiting.shift();
    // The place is handed on, so that nobody overtakes the queue.
    if (next === undefined) this.#active -= 1;
    else next(true);
  }
}
