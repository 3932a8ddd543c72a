// The contract of the cache port as tests: every implementation of shared/cache/cache.ts must pass.
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { describeChannels } from './contract/channels.ts';
import { describeCounters } from './contract/counters.ts';
import { CONTRACT_TEST_TIMEOUT_MS, type CacheHarness } from './contract/harness.ts';
import { describeLimits } from './contract/limits.ts';
import { describeValues } from './contract/values.ts';

/** Describes the suite for one kind of cache. */
export function describeCacheContract(name: string, start: () => Promise<CacheHarness>): void {
  vi.setConfig({ testTimeout: CONTRACT_TEST_TIMEOUT_MS });
  describe(name, () => {
    let harness: CacheHarness | undefined;
    const running = (): CacheHarness => {
      if (harness === undefined) throw new Error('the harness has not been started');
      return harness;
    };
    beforeAll(async () => {
      harness = await start();
    });
    afterAll(() => harness?.close());
    describe('limits', () => describeLimits(running));
    describe('values', () => describeValues(running));
    describe('counters', () => describeCounters(running));
    describe('channels', () => describeChannels(running));
  });
}
