// One Postgres is started for the whole run (globalSetup); every file gets its own database.
// TEST_SERVICES adds Kafka and Redis, and with them the files that need them.
import { defineConfig } from 'vitest/config';
import { findVariable } from './shared/config/environment.ts';
import { LongestFirst } from './shared/testing/longest-first.ts';
import { filesLeftOut, readTestPlan } from './shared/testing/services/test-plan.ts';

const plan = readTestPlan(findVariable('TEST_SERVICES'), findVariable('KAFKA_VERSION'));

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.bourse*/**', ...filesLeftOut(plan)],
    globalSetup: ['shared/testing/global-setup.ts', 'shared/testing/services/test-run.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
