// The Postgres of a torture: real and durable, crashed on purpose, started again on its port.
import { spawnSync } from 'node:child_process';
import { startEmbeddedPostgres } from '../../../shared/testing/embedded-postgres.ts';
import { findFreePort } from '../../../shared/testing/free-port.ts';
import { pause } from '../pause.ts';
import { signal } from './processes.ts';

/** Durable as in production: what a commit has promised must be there after SIGKILL. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '200',
  shared_buffers: '128MB',
} as const;

const RESTART_PAUSE_MS = 100;
const RESTARTS_MAX = 100;

type Server = Awaited<ReturnType<typeof startEmbeddedPostgres>>;

export class PostgresServer {
  readonly #dir: string;
  readonly port: number;
  #server: Server | null = null;

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.port = port;
  }

  static async open(dir: string): Promise<PostgresServer> {
    const server = new PostgresServer(dir, await findFreePort());
    await server.start();
    return server;
  }

  /** Superuser connection string, past every proxy. */
  get url(): string {
    const url = new URL(this.#server?.url ?? '');
    url.pathname = '/bourse';
    return url.toString();
  }

  get pid(): number | null {
    return this.#server?.pid ?? null;
  }

  /** The same server through another port: that of a proxy. */
  urlThrough(port: number): string {
    const url = new URL(this.url);
    url.port = String(port);
    return url.toString();
  }

  /** After a crash the old backends may hold the memory for a moment: repeats until they let go. */
  async start(): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        const { port } = this;
        this.#server = await startEmbeddedPostgres({ dir: this.#dir, port, settings: SETTINGS });
        return;
      } catch (error) {
        if (failures >= RESTARTS_MAX) throw error;
        await pause(RESTART_PAUSE_MS);
      }
    }
  }

  /** SIGKILL of the postmaster, or the immediate shutdown (SIGQUIT); resolves when it is gone. */
  async crash(how: 'SIGKILL' | 'SIGQUIT'): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    signal(server.pid, how);
    await server.exited;
  }

  /** Every process of it at once, backends included: as when the machine stops. */
  async crashAll(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    const listed = spawnSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], {
      encoding: 'utf8',
    });
    signal(server.pid, 'SIGKILL');
    for (const pid of listed.stdout.split('\n')) signal(Number(pid), 'SIGKILL');
    await server.exited;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}
