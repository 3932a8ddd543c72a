// The folder that holds all of one emulator: database, keys, snapshots, bundles. A lock keeps a
// second emulator out; the lock of one that was killed is taken over.
import { join, resolve } from 'node:path';
import { takeLock } from '../../../shared/testing/file-lock.ts';

export interface DataDir {
  readonly path: string;
  /** Holds `cluster/` and `password`. */
  readonly postgresDir: string;
  /** Tells other programs where the database is: `{url, port, pid}`. */
  readonly postgresFile: string;
  /** Tells them where the emulator is: `{ownUrl, publicUrl}`. */
  readonly emulatorFile: string;
  /** Holds a ring of sealing keys for each purpose. */
  readonly sealingDir: string;
  /** Holds the key that signs anchors of the audit log, and the anchors. */
  readonly auditDir: string;
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
    emulatorFile: join(root, 'emulator.json'),
    sealingDir: join(root, 'sealing'),
    auditDir: join(root, 'audit'),
    snapshotsDir: join(root, 'snapshots'),
    buildDir: join(root, 'build'),
  };
}

/** Takes the folder; answers how to give it back. Throws DataDirInUse, naming the other's pid. */
export function lockDataDir(dir: DataDir): () => void {
  const lock = takeLock(join(dir.path, 'emulator.lock'));
  if (lock.isTaken) return lock.release;
  throw new DataDirInUse(
    `${dir.path} is in use by the emulator with pid ${lock.holderPid}: stop it, or give another ` +
      'folder with --data-dir (and another --port)',
  );
}
