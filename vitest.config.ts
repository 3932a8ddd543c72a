// One Postgres is started for the whole run (globalSetup); every file gets its own database.
import { defineConfig } from 'vitest/config';
import { findVariable } from './shared/config/environment.ts';

// Needs a broker of the caller's: BUS_KAFKA_BROKERS=host:port runs it too.
const needsBroker =
  findVariable('BUS_KAFKA_BROKERS') === undefined ? ['shared/bus/contract.kafka.int.test.ts'] : [];

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.bourse*/**', ...needsBroker],
    globalSetup: ['shared/testing/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
