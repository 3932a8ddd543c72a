// Which functions a changed file belongs to, from the bundle's own record of imports.
import type { Metafile } from 'esbuild';

const FUNCTION_FILE = /^functions\/([a-z][a-z0-9-]*)\//;

/** All files of the bundle, relative to the repository. */
export function bundledFiles(metafile: Metafile): ReadonlySet<string> {
  return new Set(Object.keys(metafile.inputs));
}

/**
 * Names of the functions whose code a change of these files can alter. What the entry reaches
 * without passing through a function's folder belongs to all of them.
 */
export function affectedFunctions(
  metafile: Metafile,
  entry: string,
  changed: ReadonlySet<string>,
): ReadonlySet<string> | 'all' {
  const isFunctionFile = (file: string): boolean => FUNCTION_FILE.test(file);
  const shared = reach(metafile, [entry], (file) => !isFunctionFile(file));
  if ([...changed].some((file) => shared.has(file))) return 'all';
  const starts = new Map<string, string[]>();
  for (const file of Object.keys(metafile.inputs)) {
    const name = FUNCTION_FILE.exec(file)?.[1];
    if (name !== undefined) starts.set(name, [...(starts.get(name) ?? []), file]);
  }
  const affected = new Set<string>();
  for (const [name, files] of starts) {
    const reached = reach(metafile, files, () => true);
    if ([...changed].some((file) => reached.has(file))) affected.add(name);
  }
  return affected;
}

function reach(
  metafile: Metafile,
  starts: readonly string[],
  goesOn: (file: string) => boolean,
): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...starts];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const imported of metafile.inputs[file]?.imports ?? []) {
      if (imported.external !== true && goesOn(imported.path)) open.push(imported.path);
    }
  }
  return seen;
}
