// Remembers that the cluster is away: while it is, whoever asks hears it at once instead of after
// several seconds of trying. One question in a while is let through to find out that it is back.
import { circuitBreaker, ConsecutiveBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';
import { TerminalError } from '../../domain/failure.ts';

/** Failures in a row that say so; a broker that is being replaced costs fewer. */
const FAILURES_MAX = 5;
const PROBE_AFTER_MS = 1_000;

export interface BrokerBreaker {
  execute<Answer>(question: () => Promise<Answer>): Promise<Answer>;
}

export function createBrokerBreaker(): BrokerBreaker {
  // An answer that we do not like is an answer.
  const isOutage = handleWhen((error) => !(error instanceof TerminalError));
  return circuitBreaker(isOutage, {
    halfOpenAfter: PROBE_AFTER_MS,
    breaker: new ConsecutiveBreaker(FAILURES_MAX),
  });
}

/** True for what the breaker answers by itself. */
export function isAway(error: unknown): boolean {
  return isBrokenCircuitError(error);
}
