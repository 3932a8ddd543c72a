// Postgres: the embedded server, or the same binaries in a container.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../embedded-postgres.ts';
import { findFreePort } from '../free-port.ts';
import { createBackingServer, type BackingServer } from './backing-server.ts';
import type { Engine, RunningServer } from './backing-server.ts';
import { getImage } from './container/images.ts';
import { launchContainer } from './container/launched-container.ts';
import { guardAgainstOrphan } from './orphan-guard.ts';
import { probe } from './probe.ts';

export interface PostgresServer extends BackingServer {
  /** For the superuser `postgres` and the database `postgres`. */
  readonly url: string;
}

export interface PostgresOptions {
  readonly dir: string;
  /** Default: process. */
  readonly engine?: Engine;
  /** Of postgresql.conf, such as `{ max_connections: '200' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Hears of what takes long: a download, an image. */
  readonly onNotice?: (text: string) => void;
}

/** Started and ready. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dir, engine = 'process', settings = {}, onNotice = () => undefined } = options;
  const port = await findFreePort();
  let url = '';
  let launch: () => Promise<RunningServer>;
  if (engine === 'container') {
    const image = await getImage({ name: 'postgres', onNotice });
    url = `postgres://postgres:${readOrMakePassword(dir)}@127.0.0.1:${port}/postgres`;
    launch = () => launchInContainer(image, port, dir, settings);
  } else {
    launch = async () => {
      const run = await startEmbeddedPostgres({ dir, port, settings });
      url = run.url;
      return watched(run);
    };
  }
  const server = createBackingServer({ name: 'postgres', engine, port, launch });
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
    stop: async () => {
      process.kill(run.pid, 'SIGCONT');
      await run.stop();
    },
  };
}

function launchInContainer(
  image: string,
  port: number,
  dir: string,
  settings: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return launchContainer({
    title: 'Postgres',
    image,
    args: ['-p', String(port), ...flags],
    dir,
    ports: [port],
    logFile: join(dir, 'postgres.log'),
    asCaller: true,
    isReady: () => isPostgresReady(port),
  });
}

const PROTOCOL_3 = 0x0003_0000;

/** It asks for a password once it serves; before that, it answers with an error. */
export function isPostgresReady(port: number): Promise<boolean> {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return probe(port, Buffer.concat([head, parameters]), (bytes) => bytes[0] === 'R'.charCodeAt(0));
}

function readOrMakePassword(dir: string): string {
  const file = join(dir, 'password');
  mkdirSync(dir, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}
