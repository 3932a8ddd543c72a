// Which files the tidy test reads, and what it needs to know of each.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** The file that a relative import means; null for packages. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

/** Files git knows or would add; a folder without git falls back to nothing and the test fails. */
export function listFiles(): string[] {
  const output = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  const paths = output.split('\0').filter((path) => path !== '');
  return [...new Set(paths)].filter((path) => existsSync(join(ROOT, path))).sort();
}

export function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, lines: text.split('\n'), imports: readImports(path, text) };
}

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Static and dynamic imports, and re-exports. */
export function readImports(path: string, source: string): Import[] {
  // What stands in a template is text that the program writes, not its own code.
  const text = source.replace(/`[^`]*`/g, '``');
  const statics = [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[2] ?? '',
    typeOnly: match[1] !== undefined,
  }));
  const dynamics = [...text.matchAll(DYNAMIC_IMPORT)].map((match) => ({
    specifier: match[1] ?? '',
    typeOnly: false,
  }));
  return [...statics, ...dynamics].map((each) => ({
    ...each,
    target: each.specifier.startsWith('.')
      ? normalize(join(dirname(path), each.specifier)).replaceAll('\\', '/')
      : null,
  }));
}
