// What a KafkaSource's `delivery` means, traps included: a present but incomplete block does not
// inherit the defaults of an absent one.
import { parseDurationMs } from '../../manifests/duration.ts';
import type { DeliveryShape, Destination } from '../../manifests/topology.ts';

export interface DeliveryPolicy {
  /** Attempts after the first. */
  readonly retryMax: number;
  readonly backoffPolicy: 'exponential' | 'linear';
  readonly backoffDelayMs: number;
  readonly timeoutMs: number;
  readonly deadLetter: Destination | null;
}

const ABSENT_RETRY_MAX = 10;
const ABSENT_BACKOFF_MS = 300;
const PRESENT_BACKOFF_MS = 200;
const TIMEOUT_DEFAULT_MS = 600_000;

export function readDeliveryPolicy(delivery: DeliveryShape | undefined): DeliveryPolicy {
  if (delivery === undefined) {
    return {
      retryMax: ABSENT_RETRY_MAX,
      backoffPolicy: 'exponential',
      backoffDelayMs: ABSENT_BACKOFF_MS,
      timeoutMs: TIMEOUT_DEFAULT_MS,
      deadLetter: null,
    };
  }
  const timeoutMs = parseDurationMs(delivery.timeout ?? '') ?? 0;
  return {
    // Trap 1: without `retry` there is none, whatever else is written.
    retryMax: delivery.retry ?? 0,
    backoffPolicy: delivery.backoffPolicy ?? 'exponential',
    // Trap 2: the delay of a present block is another than that of an absent one.
    backoffDelayMs: parseDurationMs(delivery.backoffDelay ?? '') ?? PRESENT_BACKOFF_MS,
    timeoutMs: timeoutMs > 0 ? timeoutMs : TIMEOUT_DEFAULT_MS,
    deadLetter: delivery.deadLetterSink ?? null,
  };
}

/** Wait before retry n, counted from 1. No jitter and no cap, as in the dispatcher. */
export function backoffMs(policy: DeliveryPolicy, retry: number): number {
  return policy.backoffPolicy === 'linear'
    ? policy.backoffDelayMs * retry
    : policy.backoffDelayMs * 2 ** retry;
}

export type Verdict = 'delivered' | 'retry' | 'refused';

/** Retryable: 5xx, 404, 408, 409, 429; any other 3xx or 4xx goes to the dead letters at once. */
export function judgeStatus(status: number): Verdict {
  if (status < 300) return 'delivered';
  if (status >= 500) return 'retry';
  return status === 404 || status === 408 || status === 409 || status === 429 ? 'retry' : 'refused';
}
