// Remembers that the cluster is away: while it is, whoever asks hears it at once instead of after
// several seconds of trying. One question in a while is let through to find out that it is back.
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker } from 'cockatiel';
import { handleWhen, isBrokenCircuitError } from 'cockatiel';
import { TerminalError } from '../../domain/failure.ts';

/** Failures in a row that say so; a broker that is being replaced costs fewer. */
const FAILURES_MAX = 5;
const PROBE_AFTER_MS = 1_000;
/** We keep the time between two probes: the wall clock, which the policy uses, may be set back. */
const PROBE_AT_ANY_TIME = Number.NEGATIVE_INFINITY;

export interface BrokerBreaker {
  execute<Answer>(question: () => Promise<Answer>): Promise<Answer>;
}

export function createBrokerBreaker(): BrokerBreaker {
  // An answer that we do not like is an answer.
  const isOutage = handleWhen((error) => !(error instanceof TerminalError));
  const policy = circuitBreaker(isOutage, {
    halfOpenAfter: PROBE_AT_ANY_TIME,
    breaker: new ConsecutiveBreaker(FAILURES_MAX),
  });
  let openedAtMs = 0;
  policy.onBreak(() => {
    openedAtMs = performance.now();
  });
  return {
    execute: async (question) => {
      const isOpen = policy.state === CircuitState.Open;
      if (isOpen && performance.now() - openedAtMs < PROBE_AFTER_MS) {
        throw new BrokenCircuitError('the cluster is known to be away');
      }
      return policy.execute(question);
    },
  };
}

/** True for what the breaker answers by itself. */
export function isAway(error: unknown): boolean {
  return isBrokenCircuitError(error);
}
