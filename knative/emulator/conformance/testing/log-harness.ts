// A log that the conformance suites run on: the embedded one, or a Kafka.
import { vi } from 'vitest';
import type { Bus } from '../../../../shared/bus/bus.ts';

export interface OpenTransaction {
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface LogHarness {
  /** A bus as one dispatcher would open it; closed by `close`. */
  open(): Bus;
  /** Writes a record that is not committed yet. */
  writeUncommitted(topic: string, text: string): Promise<OpenTransaction>;
  /** False where a commit on revocation races with the rebalance. */
  readonly commitsOnRevoke: boolean;
  close(): Promise<void>;
}

/** Logs are slow to notice changes; a condition that does not come true by then never does. */
const CONDITION_TIMEOUT_MS = 40_000;
export const SUITE_TEST_TIMEOUT_MS = 60_000;

export async function eventually(condition: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(condition, { timeout: CONDITION_TIMEOUT_MS, interval: 10 });
}
