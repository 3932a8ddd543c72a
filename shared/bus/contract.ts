// The contract of the bus port as tests: every implementation of shared/bus/bus.ts must pass it.
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { describeGroups } from './contract/groups.ts';
import { CONTRACT_TEST_TIMEOUT_MS, type BusHarness } from './contract/harness.ts';
import { describePublishing } from './contract/publishing.ts';
import { describeTailing } from './contract/tailing.ts';
import { describeTopics } from './contract/topics.ts';

/** Describes the suite for one kind of bus. */
export function describeBusContract(name: string, start: () => Promise<BusHarness>): void {
  vi.setConfig({ testTimeout: CONTRACT_TEST_TIMEOUT_MS });
  describe(name, () => {
    let harness: BusHarness | undefined;
    const running = (): BusHarness => {
      if (harness === undefined) throw new Error('the harness has not been started');
      return harness;
    };
    beforeAll(async () => {
      harness = await start();
    });
    afterAll(() => harness?.close());
    describe('topics', () => describeTopics(running));
    describe('publishing', () => describePublishing(running));
    describe('tailing', () => describeTailing(running));
    describe('groups', () => describeGroups(running));
  });
}
