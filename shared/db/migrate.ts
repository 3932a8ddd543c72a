// Applies the numbered SQL files in order, each in a transaction of its own, each exactly once.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TerminalError } from '../domain/failure.ts';
import { withTransaction, type Pool } from './pool.ts';

const MIGRATIONS_DIR = fileURLToPath(new URL('./migrations/', import.meta.url));
const FILE_PATTERN = /^([0-9]{4})_[a-z0-9_]+\.sql$/;

/** Two migrators at once would race: the second waits for this advisory lock. */
const LOCK_KEY = 7_105_001;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Reads the migrations in order. Throws on a name that is no migration or a number used twice. */
export async function readMigrations(dir: string = MIGRATIONS_DIR): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
  const numbers = new Set<string>();
  const migrations: Migration[] = [];
  for (const name of names) {
    const number = FILE_PATTERN.exec(name)?.[1];
    if (number === undefined) throw new TerminalError(`not a migration name: ${name}`);
    if (numbers.has(number)) throw new TerminalError(`migration number ${number} is used twice`);
    numbers.add(number);
    const sql = await readFile(`${dir}/${name}`, 'utf8');
    migrations.push({ name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
  }
  return migrations;
}

/**
 * Brings the database up to date and answers the names that were applied. The connection must be
 * the owner of the database and may create roles. Throws TerminalError when a migration that was
 * applied before has changed since: history is append-only.
 */
export async function migrate(
  pool: Pool,
  migrations: readonly Migration[],
  onApplied: (name: string) => void = () => undefined,
): Promise<string[]> {
  const lock = await pool.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    try {
      return await applyPending(pool, migrations, onApplied);
    } finally {
      await lock.query('SELECT pg_advisory_unlock($1)', [LOCK_KEY]);
    }
  } finally {
    lock.release();
  }
}

async function applyPending(
  pool: Pool,
  migrations: readonly Migration[],
  onApplied: (name: string) => void,
): Promise<string[]> {
  await pool.query(`CREATE TABLE IF NOT EXISTS public.migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  const known = await pool.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM public.migrations',
  );
  const checksums = new Map(known.rows.map((row) => [row.name, row.checksum]));
  const applied: string[] = [];
  for (const migration of migrations) {
    const before = checksums.get(migration.name);
    if (before === migration.checksum) continue;
    if (before !== undefined) {
      throw new TerminalError(`${migration.name} was changed after it had been applied`);
    }
    await withTransaction(pool, async (tx) => {
      await tx.query(migration.sql);
      await tx.query('INSERT INTO public.migrations (name, checksum) VALUES ($1, $2)', [
        migration.name,
        migration.checksum,
      ]);
    });
    onApplied(migration.name);
    applied.push(migration.name);
  }
  return applied;
}
