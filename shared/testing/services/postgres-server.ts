// The embedded Postgres as a server that can be killed and started again.
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../embedded-postgres.ts';
import { findFreePort } from '../free-port.ts';
import { createBackingServer, type BackingServer, type RunningServer } from './backing-server.ts';
import { guardAgainstOrphan } from './orphan-guard.ts';

export interface PostgresServer extends BackingServer {
  /** For the superuser `postgres` and the database `postgres`. */
  readonly url: string;
}

export interface PostgresOptions {
  readonly dir: string;
  /** Of postgresql.conf, such as `{ max_connections: '200' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Started and ready. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dir, settings = {} } = options;
  const port = await findFreePort();
  let url = '';
  const server = createBackingServer({
    name: 'postgres',
    engine: 'process',
    port,
    launch: async () => {
      const run = await startEmbeddedPostgres({ dir, port, settings });
      url = run.url;
      return watched(run);
    },
  });
  await server.start();
  return Object.assign(server, { url });
}

function watched(run: EmbeddedPostgres): RunningServer {
  // SIGINT is its fast shutdown: sessions are ended, everything is on disk.
  const callOffGuard = guardAgainstOrphan(run.pid, 'SIGINT');
  const exited = run.exited.then(callOffGuard);
  return {
    pid: () => run.pid,
    exited,
    signal: (signal) => {
      process.kill(run.pid, signal);
      return Promise.resolve();
    },
    stop: () => run.stop(),
  };
}
