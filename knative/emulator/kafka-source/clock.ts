// Time as a source sees it. It comes in from outside, so that waits of minutes can be tested to the
// millisecond without waiting.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number;
  /** Rejects when the signal ends it. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `fire` once, unless it is cancelled by what it answers. */
  after(ms: number, fire: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};
