// Thrown failures say whether trying again can help (design decision 14).

/**
 * A passing fault: the same work may succeed later. Event deliveries answer 503 and are retried.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
}

/** The same work can never succeed. Event deliveries answer 422 and go to the dead letters. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** A broken assumption: a bug, never the caller's doing. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
