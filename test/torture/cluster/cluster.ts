// The exchange under torture, as the nemeses see it: processes by name, Postgres behind a proxy,
// a folder for snapshots. Everything is real and everything can be killed.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../shared/testing/free-port.ts';
import { pause, waitUntil } from '../pause.ts';
import { FaultProxy } from '../proxy/fault-proxy.ts';
import type { LinkServer } from '../proxy/links.ts';
import { nameOfPostgresClient } from '../proxy/postgres-link.ts';
import { Beside, type BesideName } from './beside.ts';
import { EmulatorProcess, type ChildPids } from './emulator-process.ts';
import { Overrides } from './overrides.ts';
import { PostgresServer } from './postgres-server.ts';
import { isAlive, signal, type ProcessName } from './processes.ts';
import { SnapshotDisk } from './snapshot-disk.ts';

const START_ATTEMPTS_MAX = 20;
const START_PAUSE_MS = 500;
const ORPHANS_END_MS = 15_000;
const STOP_TIMEOUT_MS = 30_000;
/** Snapshots often, so that recovery meets young, old and damaged ones. */
const ENGINE_VARIABLES = {
  ENGINE_SNAPSHOT_EVERY_COMMANDS: '300',
  ENGINE_SNAPSHOT_EVERY_MS: '3000',
  ENGINE_TICK_MS: '200',
};

export class Cluster {
  readonly dataDir: string;
  readonly emulator: EmulatorProcess;
  readonly postgres: PostgresServer;
  readonly proxy: FaultProxy;
  readonly overrides: Overrides;
  readonly disk: SnapshotDisk;
  readonly beside: Beside;

  private constructor(parts: {
    dataDir: string;
    emulator: EmulatorProcess;
    postgres: PostgresServer;
    proxy: FaultProxy;
    overrides: Overrides;
    beside: Beside;
  }) {
    this.dataDir = parts.dataDir;
    this.emulator = parts.emulator;
    this.postgres = parts.postgres;
    this.proxy = parts.proxy;
    this.overrides = parts.overrides;
    this.beside = parts.beside;
    this.disk = new SnapshotDisk(this.snapshotsDir);
  }

  /** Starts all of it on free ports, with its data and logs below `dir`. */
  static async open(
    dir: string,
    topology: { readonly beside: readonly BesideName[]; readonly shards: number },
  ): Promise<Cluster> {
    mkdirSync(dir, { recursive: true });
    // As root the database runs under another account, which must be able to enter.
    chmodSync(dir, 0o755);
    const dataDir = join(dir, 'data');
    mkdirSync(dataDir, { recursive: true });
    const postgres = await PostgresServer.open(join(dir, 'postgres'));
    const proxy = await FaultProxy.open({
      targetPort: postgres.port,
      nameOf: nameOfPostgresClient,
    });
    const overrides = new Overrides(join(dir, 'overrides.json'), {
      'engine-daemon': ENGINE_VARIABLES,
    });
    const beside = await Beside.open(topology.beside, dir);
    const emulator = new EmulatorProcess({
      port: await findFreePort(3),
      dataDir,
      databaseUrl: postgres.urlThrough(proxy.port),
      overridesFile: overrides.file,
      logFile: join(dir, 'emulator.log'),
      flags: [...beside.flags, '--shards', String(topology.shards)],
    });
    const cluster = new Cluster({ dataDir, emulator, postgres, proxy, overrides, beside });
    cluster.disk.prepare();
    await emulator.start();
    return cluster;
  }

  /** What stands between this server and all of the exchange; null where it is not there. */
  proxyOf(server: LinkServer): FaultProxy | null {
    return server === 'postgres' ? this.proxy : this.beside.kafkaProxy;
  }

  /** Of database and log, for a command of an operator: through the proxies, as all others. */
  get addresses(): Readonly<Record<string, string>> {
    const databaseUrl = this.postgres.urlThrough(this.proxy.port);
    const kafkaProxy = this.beside.kafkaProxy;
    const busUrl = kafkaProxy === null ? databaseUrl : `kafka://127.0.0.1:${kafkaProxy.port}`;
    return { DATABASE_URL: databaseUrl, BUS_URL: busUrl };
  }

  get snapshotsDir(): string {
    return join(this.dataDir, 'snapshots');
  }

  /** Null when it is not running, or when nobody can say at the moment. */
  async findPid(name: ProcessName): Promise<number | null> {
    if (name === 'emulator') return this.emulator.pid;
    const pids = await this.#findPids();
    return pids === null ? null : pidIn(pids, name);
  }

  /** Answers how many of them were there to be killed. */
  async kill(names: readonly ProcessName[]): Promise<number> {
    const children = await this.#findPids();
    const pids = names.map((name) => {
      if (name === 'emulator') return this.emulator.pid;
      return children === null ? null : pidIn(children, name);
    });
    // All found first: the emulator that is killed could not tell of its children.
    return pids.filter((pid) => signal(pid, 'SIGKILL')).length;
  }

  /** Every process at the same moment, as when the power goes. Answers how many. */
  async killEverything(): Promise<number> {
    const found = await this.#findPids();
    const children = found === null ? [] : pidsIn(found);
    const pids = [this.emulator.pid, ...children];
    const killed = pids.filter((pid) => signal(pid, 'SIGKILL')).length;
    const killedBeside = await this.beside.killAll();
    await this.postgres.crashAll();
    await this.emulator.ended();
    await waitUntil(() => !children.some(isAlive), ORPHANS_END_MS);
    return killed + killedBeside + 1;
  }

  /** What `killEverything` has left: nothing. */
  async startEverything(): Promise<void> {
    await Promise.all([this.postgres.start(), this.beside.startAll()]);
    await this.ensureEmulator();
  }

  /** Brings the emulator up when it is down; a start that fails is tried again. */
  async ensureEmulator(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      if (this.emulator.pid !== null) return;
      try {
        await this.emulator.start(variables);
        return;
      } catch (error) {
        if (failures >= START_ATTEMPTS_MAX) throw error;
        signal(this.emulator.pid, 'SIGKILL');
        await this.emulator.ended();
        await pause(START_PAUSE_MS);
      }
    }
  }

  /** Waits for every process to be ready; false when it takes longer. */
  waitReady(timeoutMs: number): Promise<boolean> {
    return waitUntil(() => this.emulator.isReady(), timeoutMs);
  }

  /** In order, if that works within a time; whatever is left then is killed. */
  async close(): Promise<void> {
    await Promise.race([this.emulator.stop(), pause(STOP_TIMEOUT_MS)]);
    if (this.emulator.pid !== null) await this.killEverything();
    await this.proxy.close();
    await this.postgres.stop();
    await this.beside.stop();
    this.disk.remove();
  }

  async #findPids(): Promise<ChildPids | null> {
    try {
      return await this.emulator.pids();
    } catch {
      return null; // it is down
    }
  }
}

function pidIn({ engines, services }: ChildPids, name: ProcessName): number | null {
  return (name === 'engine-daemon' ? engines[0] : services[name]) ?? null;
}

function pidsIn({ engines, services }: ChildPids): number[] {
  return [...engines, ...Object.values(services)].filter((pid) => pid !== null);
}
