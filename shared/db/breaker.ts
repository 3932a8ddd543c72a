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
/**
 * We keep the time between two questions. The policy would measure it by the wall clock: set back
 * by ten minutes during an outage, that would let nobody ask for ten minutes.
 */
const ASK_AT_ANY_TIME = Number.NEGATIVE_INFINITY;

export class DatabaseBreaker {
  readonly #policy = circuitBreaker(handleWhen(isServerAway), {
    halfOpenAfter: ASK_AT_ANY_TIME,
    breaker: new ConsecutiveBreaker(FAILURES_MAX),
  });
  readonly #pool: Pick<Pool, 'query'>;
  #timer: NodeJS.Timeout | null = null;
  #isEnded = false;
  #wasOpen = false;

  constructor(pool: Pick<Pool, 'query'>, log: BusLog) {
    this.#pool = pool;
    // Whatever opens it makes us ask: an outage that nobody asks about would last for ever.
    this.#policy.onBreak(() => this.#askLater());
    this.#policy.onStateChange(() => {
      if (this.isOpen === this.#wasOpen) return;
      this.#wasOpen = this.isOpen;
      if (this.isOpen) log.warn({}, 'the database is away: work is refused until it is back');
      else log.info({}, 'the database is back');
    });
  }

  /** True while work is refused. */
  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /** Runs work on the database; throws RetryableError at once while the database is away. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isOpen) throw new RetryableError('the database is away');
    try {
      return await this.#policy.execute(work);
    } catch (error) {
      // Others have found it out in the same moment.
      if (!isBrokenCircuitError(error)) throw error;
      throw new RetryableError('the database is away', { cause: error });
    }
  }

  /** Ends the asking; before the pool is ended. */
  close(): void {
    this.#isEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #askLater(): void {
    if (this.#isEnded) return;
    this.#timer = setTimeout(() => {
      // A failure opens the breaker again, which brings us back here.
      this.#policy.execute(() => this.#pool.query('SELECT 1')).catch(() => undefined);
    }, ASK_EVERY_MS);
  }
}
