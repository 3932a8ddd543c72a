// Waits between restarts of a child that keeps ending: soon at first, then ever more slowly.

const FIRST_MS = 100;
const MOST_MS = 5_000;
/** A child that lived this long is well: the next wait is short again. */
const WELL_AFTER_MS = 10_000;

export class RestartBackoff {
  #failures = 0;

  /** Milliseconds to wait now, given how long the child had lived. */
  nextMs(livedMs: number): number {
    if (livedMs >= WELL_AFTER_MS) this.#failures = 0;
    const wait = Math.min(FIRST_MS * 2 ** this.#failures, MOST_MS);
    this.#failures += 1;
    return wait;
  }
}
