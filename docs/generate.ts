// `npm run generate` writes what can be derived; `--check` only tells which file is out of date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { functions } from '../functions/main.ts';
import { buildPages, type Page } from './generator/pages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const pages = await buildPages(functions.map((each) => each.facts));
const stale = pages.filter((page) => read(page) !== page.text);

if (process.argv.includes('--check')) {
  for (const page of stale) console.error(`${page.path} is out of date: run npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const page of stale) write(page);
  console.log(stale.length === 0 ? 'nothing to do' : stale.map((page) => page.path).join('\n'));
}

function read(page: Page): string | null {
  try {
    return readFileSync(join(ROOT, page.path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function write(page: Page): void {
  const file = join(ROOT, page.path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page.text);
}
