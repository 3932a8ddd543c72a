// Brings the database to where the exchange can run on it: created, migrated, roles able to log in.
import { createHmac } from 'node:crypto';
import { migrate, readMigrations } from '../../../shared/db/migrate.ts';
import { createPool, type Pool } from '../../../shared/db/pool.ts';
import {
  DATABASE_ROLES,
  setRolePassword,
  urlForRole,
  type DatabaseRole,
} from '../../../shared/db/roles.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';

const CONNECTIONS_MAX = 4;
/** Every schema that our migrations make. */
const SCHEMAS = [
  'ledger',
  'orders',
  'settlement',
  'fees',
  'market_data',
  'reference',
  'log',
  'operations',
  'risk',
  'users',
  'auth',
  'notifications',
] as const;

export interface PreparedDatabase {
  readonly admin: Pool;
  readonly urlFor: (role: DatabaseRole) => string;
  /** Names of the migrations that were applied now. */
  readonly applied: readonly string[];
}

/** `url` is the superuser's. `reset` throws all data of the exchange away first. */
export async function prepareDatabase(
  url: string,
  reset: boolean,
  onError: (error: unknown) => void,
): Promise<PreparedDatabase> {
  await createDatabase(url);
  const admin = createPool({
    url,
    applicationName: 'bourse-emulator',
    connectionsMax: CONNECTIONS_MAX,
    onError,
  });
  try {
    if (reset) await dropSchemas(admin);
    const applied = await applyMigrations(admin);
    const password = (role: DatabaseRole): string => rolePassword(url, role);
    await Promise.all(DATABASE_ROLES.map((role) => setRolePassword(admin, role, password(role))));
    return { admin, applied, urlFor: (role) => urlForRole(url, role, password(role)) };
  } catch (error) {
    await admin.end();
    throw error;
  }
}

async function applyMigrations(admin: Pool): Promise<readonly string[]> {
  try {
    return await migrate(admin, await readMigrations());
  } catch (cause) {
    if (!(cause instanceof TerminalError)) throw cause;
    throw new DatabaseOutdated(`${cause.message}: start once with --reset`, { cause });
  }
}

/** The data was made by another version of the migrations; only a reset helps. */
export class DatabaseOutdated extends Error {
  override readonly name = 'DatabaseOutdated';
}

async function createDatabase(url: string): Promise<void> {
  const own = new URL(url);
  const name = decodeURIComponent(own.pathname.slice(1));
  own.pathname = '/postgres';
  const server = createPool({
    url: own.toString(),
    applicationName: 'bourse-emulator',
    connectionsMax: 1,
  });
  try {
    const found = await server.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount !== 0) return;
    const made = await server.query<{ statement: string }>(
      `SELECT format('CREATE DATABASE %I', $1::text) AS statement`,
      [name],
    );
    await server.query(made.rows[0]?.statement ?? '');
  } finally {
    await server.end();
  }
}

async function dropSchemas(admin: Pool): Promise<void> {
  await admin.query(`DROP SCHEMA IF EXISTS ${SCHEMAS.join(', ')} CASCADE`);
  await admin.query('DROP TABLE IF EXISTS public.migrations');
}

/** Roles belong to the server: emulators that share one must come to the same passwords. */
function rolePassword(url: string, role: DatabaseRole): string {
  return createHmac('sha256', new URL(url).password).update(role).digest('hex');
}
