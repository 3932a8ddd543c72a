// What a cache must offer to be held to the contract, and the small tools of the contract's tests.
import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import type { Cache, Subscription } from '../cache.ts';

export interface CacheHarness {
  /** A cache as one process would open it; all of a harness see the same values. */
  open(): Cache;
  /** Cuts every connection of the caches opened here, as a network fault would. */
  breakConnections(): Promise<void>;
  close(): Promise<void>;
}

/** What is not true by then never will be. */
const CONDITION_TIMEOUT_MS = 20_000;
export const CONTRACT_TEST_TIMEOUT_MS = 40_000;

/** Long enough that no test outlives it, however busy the machine is. */
export const LONG_MS = 600_000;
/** Short enough to wait for. */
export const SHORT_MS = 20;

export async function eventually(condition: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(condition, { timeout: CONDITION_TIMEOUT_MS, interval: 5 });
}

/** A key or channel that nobody else uses. */
export function freshKey(): string {
  return `contract:${randomUUID()}`;
}

export interface Heard extends Subscription {
  readonly texts: string[];
  gaps: number;
}

/** Collects what a channel says. */
export async function hear(cache: Cache, channel: string): Promise<Heard> {
  const texts: string[] = [];
  const heard: Heard = {
    texts,
    gaps: 0,
    end: () => subscription.end(),
    get isStanding() {
      return subscription.isStanding;
    },
  };
  const subscription = await cache.subscribe({
    channel,
    onMessage: (text) => texts.push(text),
    onGap: () => (heard.gaps += 1),
  });
  return heard;
}
