// Publishing that does not give up: the engine may not go on before its output is durable.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Bus, OutgoingRecord } from '../shared/bus/bus.ts';
import { RetryableError } from '../shared/domain/failure.ts';
import { EngineStopped } from './stopped.ts';

const RETRY_DELAY_MS_MIN = 20;
const RETRY_DELAY_MS_MAX = 2_000;

/**
 * Publishes until it works. When the outcome is unknown the records may already be in the log:
 * repeating them is harmless, because consumers know an event by its market and sequence.
 * Throws EngineStopped once `signal` is aborted, and anything but a RetryableError at once.
 */
export async function publishUntilDone(
  bus: Bus,
  records: readonly OutgoingRecord[],
  options: { readonly signal: AbortSignal; readonly log: Logger; readonly onRetry: () => void },
): Promise<void> {
  for (let delayMs = RETRY_DELAY_MS_MIN; ; delayMs = Math.min(delayMs * 2, RETRY_DELAY_MS_MAX)) {
    try {
      await bus.publish(records);
      return;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      options.onRetry();
      options.log.warn({ err: error, records: records.length }, 'publishing failed, trying again');
    }
    await pause(delayMs, options.signal);
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal });
  } catch (error) {
    throw new EngineStopped('stopped while publishing', { cause: error });
  }
}
