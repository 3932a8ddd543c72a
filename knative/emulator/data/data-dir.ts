// The folder that holds all of one emulator: database, keys, snapshots, bundles. A lock keeps a
// second emulator out; the lock of one that was killed is taken over.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface DataDir {
  readonly path: string;
  /** Holds `cluster/` and `password`. */
  readonly postgresDir: string;
  /** Tells other programs where the database is: `{url, port, pid}`. */
  readonly postgresFile: string;
  readonly issuerKeyFile: string;
  readonly snapshotsDir: string;
  readonly buildDir: string;
}

/** Another emulator works on this folder. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
}

export function dataDir(path: string): DataDir {
  const root = resolve(path);
  return {
    path: root,
    postgresDir: join(root, 'postgres'),
    postgresFile: join(root, 'postgres.json'),
    issuerKeyFile: join(root, 'issuer-key.json'),
    snapshotsDir: join(root, 'snapshots'),
    buildDir: join(root, 'build'),
  };
}

/** Takes the folder; answers how to give it back. Throws DataDirInUse, naming the other's pid. */
export function lockDataDir(dir: DataDir): () => void {
  mkdirSync(dir.path, { recursive: true });
  const file = join(dir.path, 'emulator.lock');
  const own = JSON.stringify({ pid: process.pid, started: processStart(process.pid) });
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!isExistsError(error)) throw error;
    }
    const holder = readHolder(file);
    if (holder !== null && isAlive(holder)) {
      throw new DataDirInUse(
        `${dir.path} is in use by the emulator with pid ${holder.pid}: stop it, or give another ` +
          'folder with --data-dir (and another --port)',
      );
    }
    rmSync(file, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  readonly started: string | null;
}

function readHolder(file: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null; // it was given back a moment ago
  }
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    return typeof value.pid === 'number'
      ? { pid: value.pid, started: value.started ?? null }
      : null;
  } catch {
    return null; // its writer was killed half-way
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return holder.started === processStart(process.pid);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, but another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  // The number may have been given to another process since.
  return holder.started === null || processStart(holder.pid) === holder.started;
}

/** When a process began, in the kernel's words; null where /proc does not tell. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isExistsError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
