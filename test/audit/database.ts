// Connects to the database of an exchange, running or stopped, and reads it in one snapshot.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import {
  embeddedPostgresDir,
  startEmbeddedPostgres,
} from '../../shared/testing/embedded-postgres.ts';
import type { AuditOptions } from './options.ts';

const DATABASE = 'bourse';
const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const CONNECT_TIMEOUT_MS = 10_000;
/** Rows fetched from a cursor at once. */
const ROWS_PER_FETCH = 2_000;

/** The database cannot be reached or is not an exchange's. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

export interface AuditedDatabase {
  readonly client: pg.Client;
  /** Says how the database was reached. */
  readonly source: string;
  /** Gives the present snapshot up for one of this moment. */
  renewSnapshot(): Promise<void>;
  close(): Promise<void>;
}

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 beyond 2^53: ${text}`);
  return value;
});
types.setTypeParser(pg.types.builtins.NUMERIC, (text) => BigInt(text));

/** A connection that reads amounts as bigint and counts as safe integers. */
export function makeClient(url: string): pg.Client {
  return new pg.Client({
    connectionString: url,
    application_name: 'bourse-audit',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types,
  });
}

/** Connects and begins the one read-only transaction that everything is read in. */
export async function openDatabase(options: AuditOptions): Promise<AuditedDatabase> {
  if (options.url !== null) return begin(options.url, 'the given server', () => Promise.resolve());
  const running = findRunning(options.dataDir);
  if (running !== null) return begin(running, 'the running server', () => Promise.resolve());
  return startStopped(options.dataDir);
}

async function begin(
  url: string,
  source: string,
  stop: () => Promise<void>,
): Promise<AuditedDatabase> {
  const client = makeClient(url);
  try {
    await client.connect();
    await client.query(BEGIN);
    // The first statement takes the snapshot.
    const found = await client.query<{ present: boolean }>(
      `SELECT to_regclass('log.records') IS NOT NULL
         AND to_regclass('ledger.entries') IS NOT NULL AS present`,
    );
    if (found.rows[0]?.present !== true) throw new Error('it holds no exchange');
  } catch (error) {
    await client.end().catch(() => undefined);
    await stop();
    const problem = error instanceof Error ? error.message : String(error);
    throw new DatabaseError(`cannot audit ${source}: ${problem}`, { cause: error });
  }
  const close = async (): Promise<void> => {
    await client.end();
    await stop();
  };
  const renewSnapshot = async (): Promise<void> => {
    await client.query('ROLLBACK');
    await client.query(BEGIN);
    await client.query('SELECT 1');
  };
  return { client, source, renewSnapshot, close };
}

/** Connection string of the server that works on the data folder now, if one does. */
function findRunning(dataDir: string): string | null {
  const announced = readIfThere(join(dataDir, 'postgres.json'));
  const dir = clusterDir(dataDir);
  const running = dir === null ? null : readIfThere(join(dir, 'cluster', 'postmaster.pid'));
  if (running === null) return null;
  const [pid, , , port] = running.split('\n');
  if (!isAlive(Number(pid))) return null;
  if (announced !== null) {
    const { url } = JSON.parse(announced) as { readonly url: string };
    return url;
  }
  // Nobody announced it, as when the emulator was killed: its own files say enough.
  const password = readIfThere(join(dir ?? dataDir, 'password'))?.trim() ?? '';
  return `postgres://postgres:${password}@127.0.0.1:${port ?? ''}/${DATABASE}`;
}

async function startStopped(dataDir: string): Promise<AuditedDatabase> {
  if (clusterDir(dataDir) === null) {
    throw new DatabaseError(`${dataDir} holds no exchange: give --url or --data-dir`);
  }
  const server = await startEmbeddedPostgres({ dir: join(dataDir, 'postgres') });
  const url = new URL(server.url);
  url.pathname = `/${DATABASE}`;
  return begin(url.toString(), 'the stopped exchange', () => server.stop());
}

/** Where the cluster of the data folder really is; null when there is none. */
function clusterDir(dataDir: string): string | null {
  const dir = join(dataDir, 'postgres');
  if (!existsSync(dir)) return null;
  const real = embeddedPostgresDir(dir);
  return existsSync(join(real, 'cluster', 'PG_VERSION')) ? real : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

let cursors = 0;

/** The rows of a query, a portion at a time, from the transaction's snapshot. */
export async function* readRows<Row extends object>(
  client: pg.Client,
  sql: string,
  parameters: readonly unknown[] = [],
): AsyncGenerator<Row> {
  cursors += 1;
  const cursor = `audit_${cursors}`;
  await client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`, [...parameters]);
  for (;;) {
    const { rows } = await client.query<Row>(`FETCH ${ROWS_PER_FETCH} FROM ${cursor}`);
    yield* rows;
    if (rows.length < ROWS_PER_FETCH) break;
  }
  await client.query(`CLOSE ${cursor}`);
}

/** All rows of a query that answers few. */
export async function readAll<Row extends object>(
  client: pg.Client,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await client.query<Row>(sql, [...parameters]);
  return result.rows;
}
