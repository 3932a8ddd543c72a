// Starts one Postgres for the whole test run and makes a migrated template that every test database
// is copied from. Its data is thrown away, so it need not survive a power cut: fsync is off.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate, readMigrations } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { findVariable } from '../config/environment.ts';
import { DATABASE_ROLES, setRolePassword } from '../db/roles.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { chooseEngine, readEngine } from './services/choose-engine.ts';
import { startPostgres } from './services/postgres-server.ts';
import { readTestPlan } from './services/test-plan.ts';

export const TEMPLATE_DATABASE = 'bourse_template';
export const TEST_ROLE_PASSWORD = 'only-for-tests';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-test-'));
  // The server may run under another account than ours (root may not run it).
  chmodSync(dir, 0o755);
  const postgres = await startServer(project, dir);
  const admin = createPool({
    url: postgres.url,
    applicationName: 'bourse-tests',
    connectionsMax: 2,
  });
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  const url = new URL(postgres.url);
  url.pathname = `/${TEMPLATE_DATABASE}`;
  const template = createPool({
    url: url.toString(),
    applicationName: 'bourse-tests',
    connectionsMax: 2,
  });
  await migrate(template, await readMigrations());
  for (const role of DATABASE_ROLES) await setRolePassword(template, role, TEST_ROLE_PASSWORD);
  await template.end();
  await admin.end();
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}

interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The embedded one, unless TEST_SERVICES asks for one of the harness: it may be a container. */
async function startServer(project: TestProject, dir: string): Promise<TestServer> {
  const settings = { fsync: 'off', max_connections: '200', log_min_messages: 'log' };
  const plan = readTestPlan(findVariable('TEST_SERVICES'), findVariable('KAFKA_VERSION'));
  if (!plan.postgres) return startEmbeddedPostgres({ dir, settings });
  const engine = await chooseEngine(readEngine(findVariable('SERVICES_ENGINE')));
  const onNotice = (text: string): void => project.vitest.logger.log(text);
  return startPostgres({ dir, engine, settings, onNotice });
}
