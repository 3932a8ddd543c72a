// A disk with a page cache: what was not synced may be lost or torn when the machine fails, and
// what lies there may rot. Only the calls that the engine makes are there.
import { ENGINE_FILES } from './engine-files.ts';
import type { Faults } from './faults.ts';
import type { World } from './world.ts';

interface File {
  content: Buffer;
  /** What the platter holds; null when the name itself was never synced. */
  durable: Buffer | null;
}

class DiskError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export class Disk {
  readonly #world: World;
  readonly #faults: Faults;
  /** By path, as the running programs see it. */
  readonly #files = new Map<string, File>();
  /** Renames and removals that are not yet durable: how to undo them, oldest first. */
  #undo: (() => void)[] = [];
  /** Tells the judge that a file has got its final name. */
  onRenamed: (path: string, content: Buffer) => void = () => undefined;

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
  }

  /** Snapshot files of a folder, oldest first. */
  snapshots(dir: string): string[] {
    const names = [...this.#files.keys()].filter(
      (path) => path.startsWith(`${dir}/`) && ENGINE_FILES.snapshot.test(path),
    );
    return names.sort();
  }

  content(path: string): Buffer | null {
    return this.#files.get(path)?.content ?? null;
  }

  /** Changes what is on the platter, as rot does, without anybody being told. */
  damage(path: string, change: (content: Buffer) => Buffer): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    file.content = change(Buffer.from(file.content));
    file.durable = file.content;
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  /** The machine fails: what was not synced is lost, whole or in part. */
  failMachine(): void {
    const { random } = this.#world;
    // Undone from the last on, and none survives one before it: folders are written in order.
    const lost = random.between(0, this.#undo.length);
    for (const undo of this.#undo.slice(this.#undo.length - lost).reverse()) undo();
    this.#undo = [];
    for (const [path, file] of [...this.#files]) {
      if (file.durable !== null && file.durable.equals(file.content)) continue;
      const kept = file.durable ?? Buffer.alloc(0);
      const torn = file.content.subarray(0, random.between(0, file.content.length));
      if (file.durable === null && random.chance(0.5)) {
        this.#files.delete(path);
      } else {
        file.content = Buffer.from(random.chance(0.5) ? torn : kept);
        file.durable = file.content;
      }
    }
  }

  readdir(dir: string): string[] {
    const names = [...this.#files.keys()].filter((path) => path.startsWith(`${dir}/`));
    return names.map((path) => path.slice(dir.length + 1)).sort();
  }

  read(path: string): Buffer {
    const file = this.#files.get(path);
    if (file === undefined) throw new DiskError('ENOENT', `no such file: ${path}`);
    return Buffer.from(file.content);
  }

  truncate(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) this.#files.set(path, { content: Buffer.alloc(0), durable: null });
    else file.content = Buffer.alloc(0);
  }

  write(path: string, content: Buffer): void {
    if (this.#faults.strikes('disk full')) {
      throw new DiskError('ENOSPC', `no space left for ${path}`);
    }
    const file = this.#files.get(path);
    if (file === undefined) throw new DiskError('ENOENT', `no such file: ${path}`);
    file.content = Buffer.from(content);
  }

  sync(path: string): void {
    const file = this.#files.get(path);
    if (file !== undefined) file.durable = file.content;
  }

  syncDir(): void {
    this.#undo = [];
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw new DiskError('ENOENT', `no such file: ${from}`);
    const before = this.#files.get(to);
    this.#files.delete(from);
    this.#files.set(to, file);
    this.#undo.push(() => {
      if (before === undefined) this.#files.delete(to);
      else this.#files.set(to, before);
      this.#files.set(from, file);
    });
    this.onRenamed(to, file.content);
  }

  unlink(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#undo.push(() => this.#files.set(path, file));
  }
}
