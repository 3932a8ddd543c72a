// One run of a simulated process. A crash forgets everything that was to happen in it: no timer
// fires, no answer arrives, and so no line of its code runs any more.

export class SimulatedProcess {
  readonly name: string;
  /** What its wall clock shows beyond the true time. */
  clockSkewMs: number;
  isAlive = true;
  /** Stopped as by SIGSTOP until then: what happens meanwhile happens afterwards. */
  stoppedUntilMs = 0;
  readonly #onKilled = new Set<() => void>();

  constructor(name: string, clockSkewMs = 0) {
    this.name = name;
    this.clockSkewMs = clockSkewMs;
  }

  /**
   * What the rest of the world notices when the process is gone: its connections break. Answers
   * how to take the notice back.
   */
  onKilled(notice: () => void): () => void {
    this.#onKilled.add(notice);
    return () => this.#onKilled.delete(notice);
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const notice of this.#onKilled) notice();
    this.#onKilled.clear();
  }
}
