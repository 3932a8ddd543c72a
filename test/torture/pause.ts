// Waiting: for a time, and for a condition.

/** How often a condition is looked at. */
const POLL_MS = 50;

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** True once the condition holds, false when it did not within the time. Never throws. */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number,
  pollMs: number = POLL_MS,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      if (await holds()) return true;
    } catch {
      // Not even the question can be asked at the moment: the same as no.
    }
    if (performance.now() > deadlineMs) return false;
    await pause(pollMs);
  }
}
