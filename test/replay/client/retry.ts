// When a request's outcome is not known, it is sent again until it is: with the same client order
// id that is one order, however often it is sent.

/** First wait and longest wait between attempts. */
const WAIT_FIRST_MS = 50;
const WAIT_MAX_MS = 1_000;

/** The outcome stayed unknown for longer than the caller was ready to wait. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

export interface RetryClock {
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export const systemClock: RetryClock = {
  nowMs: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** What an attempt came to: an answer to keep, or a reason to try again. */
export type Attempt<Answer> =
  | { readonly done: Answer }
  | { readonly again: string; readonly afterMs?: number; readonly cause?: unknown };

/** Tries until an attempt is done; throws OutcomeUnknownError after `patienceMs`. */
export async function retryUntilKnown<Answer>(
  attempt: (number: number) => Promise<Attempt<Answer>>,
  patienceMs: number,
  clock: RetryClock = systemClock,
): Promise<Answer> {
  const startedMs = clock.nowMs();
  for (let number = 1; ; number += 1) {
    const result = await attempt(number);
    if ('done' in result) return result.done;
    if (clock.nowMs() - startedMs > patienceMs) {
      throw new OutcomeUnknownError(`gave up after ${number} attempts: ${result.again}`, {
        cause: result.cause,
      });
    }
    const waitMs = Math.min(WAIT_FIRST_MS * 2 ** Math.min(number - 1, 10), WAIT_MAX_MS);
    await clock.wait(Math.max(waitMs, result.afterMs ?? 0));
  }
}
