// The program as a person runs it: exit codes, output, and how it finds its database.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool } from '../../shared/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import {
  embeddedPostgresDir,
  startEmbeddedPostgres,
} from '../../shared/testing/embedded-postgres.ts';

/** A fresh cluster, a migration and three runs of the program. */
const TIMEOUT_MS = 120_000;

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function audit(...args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/audit/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code, out, err }));
  });
}

describe('on a database given by URL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('ends with 2 when the database is not there', async () => {
    const { code, out, err } = await audit('--url', 'postgres://nobody@127.0.0.1:1/none');
    expect(err).toContain('cannot audit the given server');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('prints a line an invariant and ends with 0 when all hold', async () => {
    const { code, out, err } = await audit('--url', database.url);
    expect(out.split('\n').filter((line) => line !== '' && !line.endsWith(' ok'))).toEqual([]);
    expect(out).toMatch(/^L1 ok\nL2 ok\nL3 ok\nL4 ok\nL6 ok\nL8 ok\nM1 ok\n/);
    expect(err).toContain('command log: 0 records');
    expect(code).toBe(0);
  });

  test('names the offending row as JSON and ends with 1 when one is violated', async () => {
    await database.pool.query('ALTER TABLE ledger.entries DISABLE TRIGGER entries_zero_sum');
    const { code, out } = await audit('--url', database.url, '--json', '--final');
    expect(code).toBe(1);
    const report = JSON.parse(out) as { readonly invariants: readonly object[] };
    expect(report).toMatchObject({ ok: false });
    expect(report.invariants).toContainEqual(
      expect.objectContaining({ invariant: 'A5', ok: true }),
    );
    const broken = { invariant: 'L6', ok: false, count: 1 };
    expect(report.invariants).toContainEqual(expect.objectContaining(broken));
  });
});

test(
  'finds a running and a stopped exchange by its data folder',
  { timeout: TIMEOUT_MS },
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bourse-audit-'));
    // The server may run under another account than ours (root may not run it).
    chmodSync(dataDir, 0o755);
    const dir = join(dataDir, 'postgres');
    try {
      const server = await startEmbeddedPostgres({ dir, settings: { fsync: 'off' } });
      try {
        await makeExchange(server.url);
        const running = await audit('--data-dir', dataDir);
        expect(running.err).toContain('auditing the running server');
        expect(running.code).toBe(0);
      } finally {
        await server.stop();
      }
      const stopped = await audit('--data-dir', dataDir, '--final');
      expect(stopped.err).toContain('auditing the stopped exchange');
      expect(stopped.code).toBe(0);
      const pidFile = join(embeddedPostgresDir(dir), 'cluster', 'postmaster.pid');
      expect(existsSync(pidFile)).toBe(false);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);

async function makeExchange(serverUrl: string): Promise<void> {
  const options = { applicationName: 'bourse-tests', connectionsMax: 2 };
  const server = createPool({ ...options, url: serverUrl });
  await server.query('CREATE DATABASE bourse');
  await server.end();
  const url = new URL(serverUrl);
  url.pathname = '/bourse';
  const pool = createPool({ ...options, url: url.toString() });
  await migrate(pool, await readMigrations());
  await pool.end();
}
