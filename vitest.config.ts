// Three kinds of test files. Those that need no more than Node, and those with a database of their
// own, share their worker with the ones before them: to load everything anew for each would take
// longer than the tests. Those that start processes, use Kafka and Redis or take minutes have a
// worker each, and come first: one that takes minutes at the end would leave a core idle.
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { findVariable } from './shared/config/environment.ts';
import { LONGEST, LongestFirst } from './shared/testing/longest-first.ts';
import { filesLeftOut, readTestPlan } from './shared/testing/services/test-plan.ts';

const plan = readTestPlan(findVariable('TEST_SERVICES'), findVariable('KAFKA_VERSION'));

const NEVER = ['node_modules/**', 'dist/**', '.bourse*/**'];
const WITH_SERVERS = ['**/*.e2e.test.ts', '**/*.long.test.ts', '**/*.{kafka,redis}.int.test.ts'];
const ON_THEIR_OWN = [...WITH_SERVERS, ...LONGEST];
const WITH_DATABASE = ['**/*.int.test.ts'];
/** One Postgres is started for the files of a project; every file gets its own database. */
const POSTGRES = 'shared/testing/global-setup.ts';
/** TEST_SERVICES adds Kafka and Redis, and with them the files that need them. */
const SERVERS = 'shared/testing/services/test-run.ts';

function project(
  name: string,
  test: NonNullable<TestProjectInlineConfiguration['test']>,
): TestProjectInlineConfiguration {
  return { extends: true, test: { name, ...test } };
}

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      project('servers', {
        include: ON_THEIR_OWN,
        exclude: [...NEVER, ...filesLeftOut(plan)],
        globalSetup: [POSTGRES, SERVERS],
      }),
      project('database', {
        include: WITH_DATABASE,
        exclude: [...NEVER, ...ON_THEIR_OWN],
        globalSetup: [POSTGRES],
        isolate: false,
      }),
      project('units', {
        include: ['**/*.test.ts'],
        exclude: [...NEVER, ...ON_THEIR_OWN, ...WITH_DATABASE],
        isolate: false,
      }),
    ],
  },
});
