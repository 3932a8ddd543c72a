// Remembers that the database is away: while it is, work is refused at once instead of waiting for
// a time-out each. Nobody's request is the one that finds out that it is back: we ask.
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { isBrokenCircuitError } from 'cockatiel';
import type { BusLog } from '../bus/bus-log.ts';
import { RetryableError } from '../domain/failure.ts';
import { isServerAway } from './failure.ts';
import type { Pool } from './pool.ts';

/** One broken connection is no outage; two in a row are. */
const FAILURES_MAX = 2;
const ASK_EVERY_MS = 250;

export class DatabaseBreaker {
  readonly #breaker = circuitBreaker(handleWhen(isServerAway), {
    halfOpenAfter: ASK_EVERY_MS,
    breaker: new ConsecutiveBreaker(FAILURES_MAX),
  });
  readonly #pool: Pool;
  readonly #log: BusLog;
  #timer: NodeJS.Timeout | null = null;

  constructor(pool: Pool, log: BusLog) {
    this.#pool = pool;
    this.#log = log;
  }

  /** True while work is refused. */
  get isOpen(): boolean {
    return this.#breaker.state !== CircuitState.Closed;
  }

  /** Runs work on the database; throws RetryableError at once while the database is away. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isOpen) throw new RetryableError('the database is away');
    try {
      return await this.#breaker.execute(work);
    } catch (error) {
      // Others have found it out in the same moment.
      if (!isBrokenCircuitError(error)) throw error;
      throw new RetryableError('the database is away', { cause: error });
    } finally {
      this.#noteOutage();
    }
  }

  /** Ends the asking; before the pool is ended. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #noteOutage(): void {
    if (!this.isOpen || this.#timer !== null) return;
    this.#log.warn({}, 'the database is away: work is refused until it is back');
    const ask = (): void => {
      this.#timer = setTimeout(() => {
        this.#breaker
          .execute(() => this.#pool.query('SELECT 1'))
          .then(
            () => {
              this.#timer = null;
              this.#log.info({}, 'the database is back');
            },
            () => {
              if (this.#timer !== null) ask();
            },
          );
      }, ASK_EVERY_MS);
    };
    ask();
  }
}
