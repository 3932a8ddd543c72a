// The folder of the engine's snapshots, on a small disk of its own where the system lets us make
// one: then it can be filled up. Also damages snapshots, as failing disks do.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DISK_SIZE = '24m';
const FILLER = 'filler';
const FILL_CHUNK_BYTES = 65_536;

export class SnapshotDisk {
  readonly #dir: string;
  #mounted = false;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Mounts a tmpfs where that is allowed. */
  prepare(): void {
    mkdirSync(this.#dir, { recursive: true });
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
    const args = ['-t', 'tmpfs', '-o', `size=${DISK_SIZE},mode=755`, 'tmpfs', this.#dir];
    this.#mounted = spawnSync('mount', args).status === 0;
  }

  /** Why the disk cannot be filled here; null when it can. */
  get obstacle(): string | null {
    if (this.#mounted) return null;
    return 'a small disk for the snapshots needs root and mount(8) for a tmpfs';
  }

  /** Not one byte is free afterwards. Answers false when it is not a disk of its own. */
  fill(): boolean {
    if (!this.#mounted) return false;
    const file = join(this.#dir, FILLER);
    const chunk = Buffer.alloc(FILL_CHUNK_BYTES, 1);
    try {
      for (;;) writeFileSync(file, chunk, { flag: 'a' });
    } catch {
      return statfsSync(this.#dir).bavail === 0;
    }
  }

  free(): void {
    rmSync(join(this.#dir, FILLER), { force: true });
  }

  /**
   * Of shard 0: flips a bit of the newest snapshot, or cuts its end off. Answers its name, null for
   * none.
   */
  damage(how: 'flip' | 'cut', place: number): string | null {
    if (!existsSync(this.#dir)) return null;
    const newest = readdirSync(this.#dir)
      .filter((name) => name.startsWith('shard-0-') && name.endsWith('.snapshot'))
      .sort()
      .at(-1);
    if (newest === undefined) return null;
    const file = join(this.#dir, newest);
    const bytes = readFileSync(file);
    if (bytes.length === 0) return null;
    const at = Math.floor(place * bytes.length);
    if (how === 'cut') {
      truncateSync(file, at);
    } else {
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      writeFileSync(file, bytes);
    }
    return newest;
  }

  remove(): void {
    this.free();
    if (this.#mounted) spawnSync('umount', ['-l', this.#dir]);
    this.#mounted = false;
  }
}
