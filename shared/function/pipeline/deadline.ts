// A bound on how long an answer may take.

/** The work did not end in time. It may still end later, and have its effect. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Resolves like `work`, or fails with DeadlineError after `timeoutMs`; cannot stop the work. */
export function withDeadline<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  return new Promise((resolve, fail) => {
    const timer = setTimeout(() => {
      fail(new DeadlineError(`not done within ${timeoutMs} ms`));
    }, timeoutMs);
    work.then(resolve, fail).finally(() => {
      clearTimeout(timer);
    });
  });
}
