// `npm run new:function NAME`: folder, manifest, test and entries of a new function, such that
// `npm run check` passes at once. All is looked at before anything is written.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import {
  addToKustomization,
  addToPolicies,
  addToTable,
} from '../shared/function/template/edits.ts';
import { manifestText } from '../shared/function/template/manifest.ts';
import { findNameFault } from '../shared/function/template/name.ts';
import { sourceFiles } from '../shared/function/template/sources.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TABLE = 'functions/main.ts';
const POLICIES = 'shared/policy/policies.ts';
const KUSTOMIZATION = 'knative/base/kustomization.yaml';

const name = process.argv[2];
const fault = name === undefined ? 'give a name: npm run new:function NAME' : findFault(name);
if (name === undefined || fault !== null) {
  console.error(fault);
  process.exitCode = 1;
} else {
  await create(name);
}

function findFault(wanted: string): string | null {
  const malformed = findNameFault(wanted);
  if (malformed !== null) return `"${wanted}": ${malformed}`;
  for (const path of [`functions/${wanted}`, `knative/base/${wanted}.yaml`]) {
    if (existsSync(join(ROOT, path))) return `"${wanted}" is taken: ${path} exists`;
  }
  return null;
}

async function create(wanted: string): Promise<void> {
  const files = new Map<string, string>([
    ...sourceFiles(wanted).map(({ path, text }): [string, string] => [
      `functions/${wanted}/${path}`,
      text,
    ]),
    [`knative/base/${wanted}.yaml`, manifestText(wanted)],
    [TABLE, addToTable(readFileSync(join(ROOT, TABLE), 'utf8'), wanted)],
    [POLICIES, addToPolicies(readFileSync(join(ROOT, POLICIES), 'utf8'), wanted)],
    [KUSTOMIZATION, addToKustomization(readFileSync(join(ROOT, KUSTOMIZATION), 'utf8'), wanted)],
  ]);
  for (const [path, text] of files) await write(path, text);
  generate();
  console.log([...files.keys()].join('\n'));
  console.log(`\nNext: npx vitest run functions/${wanted}`);
}

/** A longer name breaks lines elsewhere, so the formatter has the last word. */
async function write(path: string, text: string): Promise<void> {
  const file = join(ROOT, path);
  const options = await resolveConfig(file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await format(text, { ...options, filepath: file }));
}

/** In a process of its own: this one has not imported the new function. */
function generate(): void {
  const command = ['--import', 'tsx', join(ROOT, 'docs/generate.ts')];
  const { status } = spawnSync(process.execPath, command, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('the pages in docs/ could not be generated');
}
