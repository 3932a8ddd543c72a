// The conformance of a KafkaSource on one kind of log: rows of the matrix in the README, by name.
import { afterAll, afterEach, beforeAll, describe, vi } from 'vitest';
import { describeCommitting, describeRebalancing } from './suites/committing.ts';
import { describeFailing } from './suites/failing.ts';
import { describeFaults } from './suites/faults.ts';
import { describeOrdered, describeUnordered } from './suites/ordering.ts';
import { describeSending } from './suites/sending.ts';
import { describeStarting } from './suites/starting.ts';
import { Lab } from './testing/lab.ts';
import { SUITE_TEST_TIMEOUT_MS, type LogHarness } from './testing/log-harness.ts';

export function describeKafkaSource(name: string, open: () => Promise<LogHarness>): void {
  vi.setConfig({ testTimeout: SUITE_TEST_TIMEOUT_MS });
  describe(name, () => {
    let opened: Lab | undefined;
    const lab = (): Lab => {
      if (opened === undefined) throw new Error('the lab is not open');
      return opened;
    };
    beforeAll(async () => {
      opened = await Lab.open(await open());
    });
    afterEach(() => opened?.rest());
    afterAll(() => opened?.close());
    describe('sending', () => describeSending(lab));
    describe('an ordered source', () => describeOrdered(lab));
    describe('an unordered source', () => describeUnordered(lab));
    describe('failing', () => describeFailing(lab));
    describe('starting', () => describeStarting(lab));
    describe('committing', () => describeCommitting(lab));
    describe('rebalancing', () => describeRebalancing(lab));
    describe('faults put in', () => describeFaults(lab));
  });
}
