// Remembers that Redis is away: while it is, a call fails at once instead of after its time-out.
// One question in a while, asked here and by nobody else, finds out that it is back.
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker } from 'cockatiel';
import { handleWhen } from 'cockatiel';

/** Failures in a row that open it. */
const FAILURES_MAX = 5;
const PROBE_EVERY_MS = 250;
/** We keep the time between two probes: the wall clock, which the policy uses, may be set back. */
const PROBE_AT_ANY_TIME = Number.NEGATIVE_INFINITY;

export interface OutageBreakerOptions {
  /** An answer that we do not like is an answer: it is no outage. */
  readonly isOutage: (error: unknown) => boolean;
  /** Resolves when the server answers. */
  readonly probe: () => Promise<unknown>;
  readonly onChange: (isOpen: boolean) => void;
}

export class OutageBreaker {
  readonly #policy;
  readonly #options: OutageBreakerOptions;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #wasOpen = false;

  constructor(options: OutageBreakerOptions) {
    this.#options = options;
    this.#policy = circuitBreaker(handleWhen(options.isOutage), {
      halfOpenAfter: PROBE_AT_ANY_TIME,
      breaker: new ConsecutiveBreaker(FAILURES_MAX),
    });
    this.#policy.onBreak(() => this.#probeLater());
    this.#policy.onStateChange(() => this.#tellChange());
  }

  /** True while calls fail at once. */
  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /** Rejects as `call` does, or with BrokenCircuitError without having called. */
  async execute<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    // The policy would let a caller be the probe, and others wait for it.
    if (this.isOpen) throw new BrokenCircuitError('the cache is known to be away');
    return this.#policy.execute(call);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** A probe that fails is no change. */
  #tellChange(): void {
    if (this.isOpen === this.#wasOpen) return;
    this.#wasOpen = this.isOpen;
    this.#options.onChange(this.isOpen);
  }

  #probeLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      // Its failure opens the breaker again, which brings us back here.
      this.#policy.execute(this.#options.probe).catch(() => undefined);
    }, PROBE_EVERY_MS).unref();
  }
}
