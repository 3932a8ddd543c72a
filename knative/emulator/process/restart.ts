// Waits between restarts of a child that keeps ending: soon at first, then ever more slowly. Who
// kills children all the time, as the torture does, sets BOURSE_RESTART_WAIT_MS_MAX.
import { findVariable } from '../../../shared/config/environment.ts';

const FIRST_MS = 100;
const MOST_MS_DEFAULT = 5_000;
/** A child that lived this long is well: the next wait is short again. */
const WELL_AFTER_MS = 10_000;

export class RestartBackoff {
  readonly #mostMs: number;
  #failures = 0;

  constructor(mostMs = Number(findVariable('BOURSE_RESTART_WAIT_MS_MAX') ?? MOST_MS_DEFAULT)) {
    this.#mostMs = mostMs;
  }

  /** Milliseconds to wait now, given how long the child had lived. */
  nextMs(livedMs: number): number {
    if (livedMs >= WELL_AFTER_MS) this.#failures = 0;
    const wait = Math.min(FIRST_MS * 2 ** this.#failures, this.#mostMs);
    this.#failures += 1;
    return wait;
  }
}
