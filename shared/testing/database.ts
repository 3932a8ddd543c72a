// A migrated database of its own for one test file.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createPool, type Pool } from '../db/pool.ts';
import { urlForRole, type DatabaseRole } from '../db/roles.ts';
import { TEMPLATE_DATABASE, TEST_ROLE_PASSWORD } from './global-setup.ts';

export interface TestDatabase {
  /** Superuser connection string: for set-up and for breaking things on purpose. */
  readonly url: string;
  readonly pool: Pool;
  /** Connection string of one of our roles, as production would use it. */
  urlFor(role: DatabaseRole): string;
  /** A pool of one of our roles; closed by `drop`. */
  poolFor(role: DatabaseRole, connectionsMax?: number): Pool;
  drop(): Promise<void>;
}

/** Copies the migrated template. Call `drop` in afterAll. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const base = inject('postgresUrl');
  const admin = testPool(base, 1);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  const pool = testPool(url.toString(), 4);
  const pools: Pool[] = [pool];
  const urlFor = (role: DatabaseRole): string =>
    urlForRole(url.toString(), role, TEST_ROLE_PASSWORD);
  return {
    url: url.toString(),
    pool,
    urlFor,
    poolFor: (role, connectionsMax = 4) => {
      const made = testPool(urlFor(role), connectionsMax);
      pools.push(made);
      return made;
    },
    drop: async () => {
      await Promise.all(pools.filter((each) => !each.ended).map((each) => each.end()));
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

function testPool(url: string, connectionsMax: number): Pool {
  return createPool({ url, applicationName: 'bourse-test', connectionsMax });
}
