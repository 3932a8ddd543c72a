// A mutant: a small patch that breaks one promise on purpose, and the tests that must notice.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** What it breaks, in a sentence. */
  readonly breaks: string;
  /** Test files or folders, cheapest first; one of them must fail. */
  readonly catchers: readonly string[];
}

export const PATCHES_DIR = join(import.meta.dirname, 'patches');

/** Reads every patch, in the order of their names. Throws on one that does not say its purpose. */
export function readMutants(dir: string = PATCHES_DIR): Mutant[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.patch'))
    .sort()
    .map((name) => parseMutant(name.slice(0, -'.patch'.length), join(dir, name)));
}

/** The lines before the diff: `# breaks: <sentence>`, then one `# caught by: <path>` a catcher. */
function parseMutant(name: string, file: string): Mutant {
  const head = readFileSync(file, 'utf8').split('\n');
  const values = (key: string): string[] =>
    head.flatMap((line) => (line.startsWith(`# ${key}: `) ? [line.slice(key.length + 4)] : []));
  const [breaks] = values('breaks');
  const catchers = values('caught by');
  if (breaks === undefined || catchers.length === 0) {
    throw new Error(`${file} must begin with "# breaks: ..." and "# caught by: <test file>"`);
  }
  return { name, file, breaks, catchers };
}
