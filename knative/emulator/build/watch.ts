// Tells which source files changed, gathered over a moment: editors save in several steps.
import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

const GATHER_MS = 40;

export interface Watching {
  close(): void;
}

/** Watches folders of the repository; paths are relative to it. */
export function watchSources(
  root: string,
  folders: readonly string[],
  onChange: (files: ReadonlySet<string>) => void,
): Watching {
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    const files = changed;
    changed = new Set();
    timer = null;
    onChange(files);
  };
  const watchers: FSWatcher[] = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_event, file) => {
      if (file === null || !/\.(ts|yaml|json)$/.test(file)) return;
      changed.add(`${folder}/${file.replaceAll('\\', '/')}`);
      timer ??= setTimeout(flush, GATHER_MS);
    }),
  );
  return {
    close: () => {
      for (const each of watchers) each.close();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
