// Waiting that can be cut short.

/** Resolves after `ms`, or at once when the signal is or gets aborted. */
export async function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}

/** Waits before the nth repetition, n from 0: twice as long each time, within bounds. */
export function backoffMs(repetition: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(repetition, 30));
}
