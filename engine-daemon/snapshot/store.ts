// Snapshots of one shard on disk: written whole or not at all, the newest few kept.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crashPoint } from '../../shared/config/crash-point.ts';
import { decodeSnapshotFile, type Snapshot, type SnapshotFault } from './format.ts';

const SUFFIX = '.snapshot';
/** Enough for every safe integer, so that names sort as their offsets do. */
const OFFSET_DIGITS = 16;

export interface StoredSnapshot {
  readonly file: string;
  /** Offset in the name; the one in the header counts. */
  readonly inputOffset: number;
}

export class SnapshotStore {
  readonly dir: string;
  readonly #shard: number;
  readonly #snapshotsKept: number;

  constructor(options: {
    readonly dir: string;
    readonly shard: number;
    readonly snapshotsKept: number;
  }) {
    this.dir = options.dir;
    this.#shard = options.shard;
    this.#snapshotsKept = options.snapshotsKept;
  }

  /** Makes the folder and removes what a crash left half written. */
  async prepare(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    for (const name of await readdir(this.dir)) {
      if (name.startsWith(this.#prefix()) && name.endsWith('.partial')) {
        await rm(join(this.dir, name), { force: true });
      }
    }
  }

  /** Newest first. */
  async list(): Promise<StoredSnapshot[]> {
    const pattern = new RegExp(`^${this.#prefix()}([0-9]{${OFFSET_DIGITS}})\\${SUFFIX}$`);
    const found: StoredSnapshot[] = [];
    for (const name of await readdir(this.dir)) {
      const digits = pattern.exec(name)?.[1];
      if (digits === undefined) continue;
      found.push({ file: join(this.dir, name), inputOffset: Number(digits) });
    }
    return found.sort((left, right) => right.inputOffset - left.inputOffset);
  }

  async read(stored: StoredSnapshot): Promise<Snapshot | SnapshotFault> {
    return decodeSnapshotFile(await readFile(stored.file));
  }

  /**
   * Writes atomically: the name appears only once every byte is on the disk, and the rename itself
   * is made durable by syncing the folder. Then drops all but the newest. Answers the file.
   */
  async write(inputOffset: number, bytes: Buffer): Promise<string> {
    const name = `${this.#prefix()}${inputOffset.toString().padStart(OFFSET_DIGITS, '0')}${SUFFIX}`;
    const file = join(this.dir, name);
    crashPoint('engine.snapshot.before');
    await writeDurably(this.dir, file, bytes);
    crashPoint('engine.snapshot.kept');
    for (const old of (await this.list()).slice(this.#snapshotsKept)) {
      await rm(old.file, { force: true });
    }
    return file;
  }

  #prefix(): string {
    return `shard-${this.#shard}-`;
  }
}

/** Replaces `file`, a file of `dir`: a crash leaves the old content or the new, never half. */
export async function writeDurably(
  dir: string,
  file: string,
  bytes: Buffer | string,
): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  crashPoint('file.written');
  await rename(partial, file);
  crashPoint('file.renamed');
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
