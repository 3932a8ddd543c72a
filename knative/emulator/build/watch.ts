// Tells which source files changed, gathered over a moment: editors save in steps. Each folder
// is watched by itself: Node's own recursive watch polls files on Linux, seconds apart.
import { existsSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

const GATHER_MS = 40;
const SOURCE_FILE = /\.(ts|yaml|json)$/;

export interface Watching {
  close(): void;
}

/** Watches folders of the repository; paths are relative to it. */
export function watchSources(
  root: string,
  folders: readonly string[],
  onChange: (files: ReadonlySet<string>) => void,
): Watching {
  const watchers = new Map<string, FSWatcher>();
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    const files = changed;
    changed = new Set();
    timer = null;
    onChange(files);
  };
  const add = (folder: string): void => {
    if (watchers.has(folder) || !existsSync(join(root, folder))) return;
    const watcher = watch(join(root, folder), (_event, file) => {
      if (file === null) return;
      const path = `${folder}/${file}`;
      if (SOURCE_FILE.test(file)) {
        changed.add(path);
        timer ??= setTimeout(flush, GATHER_MS);
      } else if (isFolder(root, folder, file)) add(path);
    });
    // A folder that was removed takes its watcher with it.
    watcher.on('error', () => watchers.delete(folder));
    watchers.set(folder, watcher);
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.isDirectory()) add(`${folder}/${entry.name}`);
    }
  };
  folders.forEach(add);
  return {
    close: () => {
      for (const each of watchers.values()) each.close();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function isFolder(root: string, folder: string, name: string): boolean {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true }).some(
      (entry) => entry.name === name && entry.isDirectory(),
    );
  } catch {
    return false; // removed while we looked
  }
}
