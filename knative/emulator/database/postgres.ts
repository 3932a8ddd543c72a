// The database of the emulator: a given one, or the embedded server, kept running.
import { rmSync, writeFileSync } from 'node:fs';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../shared/testing/embedded-postgres.ts';
import type { DataDir } from '../data/data-dir.ts';
import { RestartBackoff } from '../process/restart.ts';

export const DATABASE_NAME = 'bourse';

/** Durable as in production; sized for a developer's machine. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  // Lets a benchmark ask when an entry became durable, instead of when its statement ran.
  track_commit_timestamp: 'on',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  // An autovacuum takes half a core for half a second otherwise, and orders wait for it.
  autovacuum_vacuum_cost_delay: '10ms',
  checkpoint_timeout: '15min',
} as const;

export interface RunningDatabase {
  /** Superuser connection string of the exchange's own database. */
  readonly url: string;
  /** Null for a server that is not ours. */
  readonly pid: () => number | null;
  stop(): Promise<void>;
}

export interface PostgresNotices {
  readonly onLog: (line: string) => void;
  readonly onNotice: (level: 'warn' | 'error', message: string, error?: unknown) => void;
}

/** A server that somebody else runs: used as it is. */
export function givenDatabase(url: string): RunningDatabase {
  return { url, pid: () => null, stop: () => Promise.resolve() };
}

/** Starts the server of the data folder, and again whenever it ends while we need it. */
export async function startPostgres(
  dir: DataDir,
  notices: PostgresNotices,
): Promise<RunningDatabase> {
  let stopping = false;
  let server = await startEmbeddedPostgres(serverOptions(dir, 0, notices));
  const { port } = server;
  const url = databaseUrl(server.url);
  const announce = (): void => {
    const about = { url, port, pid: server.pid };
    writeFileSync(dir.postgresFile, `${JSON.stringify(about)}\n`, { mode: 0o600 });
  };
  const backoff = new RestartBackoff();
  const keepRunning = async (): Promise<void> => {
    let startedAtMs = Date.now();
    for (;;) {
      await server.exited;
      if (stopping) return;
      notices.onNotice('error', 'Postgres ended: starting it again');
      const next = await restart(dir, port, notices, () =>
        backoff.nextMs(Date.now() - startedAtMs),
      );
      startedAtMs = Date.now();
      server = next;
      announce();
      notices.onNotice('warn', `Postgres runs again, pid ${next.pid}`);
      if (isStopping()) await next.stop();
    }
  };
  const isStopping = (): boolean => stopping;
  announce();
  const kept = keepRunning();
  return {
    url,
    pid: () => server.pid,
    stop: async () => {
      stopping = true;
      await server.stop();
      await kept;
      rmSync(dir.postgresFile, { force: true });
    },
  };
}

async function restart(
  dir: DataDir,
  port: number,
  notices: PostgresNotices,
  nextWaitMs: () => number,
): Promise<EmbeddedPostgres> {
  for (;;) {
    await new Promise((done) => setTimeout(done, nextWaitMs()));
    try {
      return await startEmbeddedPostgres(serverOptions(dir, port, notices));
    } catch (error) {
      notices.onNotice('error', 'Postgres does not start', error);
    }
  }
}

function serverOptions(
  dir: DataDir,
  port: number,
  notices: PostgresNotices,
): Parameters<typeof startEmbeddedPostgres>[0] {
  return { dir: dir.postgresDir, port, settings: SETTINGS, onLog: notices.onLog };
}

function databaseUrl(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${DATABASE_NAME}`;
  return url.toString();
}
