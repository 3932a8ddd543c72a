// `npm run new:function` in a copy of the repository: refuses what it must, and what it makes
// passes the checks at once.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  addToKustomization,
  addToPolicies,
  addToTable,
} from '../shared/function/template/edits.ts';
import { findNameFault } from '../shared/function/template/name.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NAME = 'proof-of-reserves';
const COPIED = ['functions', 'engine-daemon', 'shared', 'knative', 'docs'];
const COPIED_FILES = ['package.json', 'tsconfig.json', 'eslint.config.mjs', '.prettierrc.json'];

// It waits for a compiler and a linter, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'bourse-new-function-'));
  for (const folder of COPIED) cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  for (const file of COPIED_FILES) cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function run(...command: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: copy,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function tool(path: string, ...command: string[]) {
  return run(join(copy, 'node_modules', path), ...command);
}

function newFunction(...command: string[]) {
  return run('--import', 'tsx', 'functions/new-function.ts', ...command);
}

describe('a name is refused', () => {
  it.each([
    '',
    'Market',
    'market_data',
    '-a',
    'a-',
    'a--b',
    '1a',
    '../x',
    'utils',
    'class',
    'main',
  ])('when it is %j', (name) => {
    expect(findNameFault(name)).not.toBeNull();
  });

  it('when it is too long for a service', () => {
    expect(findNameFault('a'.repeat(41))).toContain('at most');
  });

  it('when it is taken or missing, and nothing is written', () => {
    const before = readFileSync(join(copy, 'functions/main.ts'), 'utf8');
    const taken = newFunction('settlement');
    expect(taken.status).toBe(1);
    expect(taken.output).toContain('is taken');
    expect(newFunction().output).toContain('give a name');
    expect(readFileSync(join(copy, 'functions/main.ts'), 'utf8')).toBe(before);
  });
});

describe('the lists of functions', () => {
  const table = [
    "import { definition as fees } from './fees/handler.ts';",
    "import { definition as orders } from './orders/handler.ts';",
    'export const functions = [',
    '  hostable(fees),',
    '  hostable(orders),',
    '];',
  ].join('\n');

  it('stay sorted, wherever the new one goes', () => {
    for (const name of ['admin', 'market-data', 'wallet']) {
      const keys = [...addToTable(table, name).matchAll(/ {2}hostable\((\w+)\)/g)];
      const names = keys.map((match) => match[1]);
      expect(names).toHaveLength(3);
      expect(names).toEqual([...names].sort());
    }
  });

  it('are not guessed at when they look different', () => {
    expect(() => addToTable('const functions = [];', 'wallet')).toThrow('found no line');
    expect(() => addToTable(table, 'orders')).toThrow('already');
    expect(() => addToPolicies('const POLICIES = {};', 'wallet')).toThrow('found no end');
    expect(() => addToKustomization('resources: []', 'wallet')).toThrow('found no line');
  });
});

describe('a new function', () => {
  beforeAll(() => {
    const made = newFunction(NAME);
    expect(made.output).toContain(`functions/${NAME}/handler.ts`);
    expect(made.status).toBe(0);
  });

  it('is in the table, in the manifests and in the pages', () => {
    const read = (path: string) => readFileSync(join(copy, path), 'utf8');
    expect(read('functions/main.ts')).toContain('hostable(proofOfReserves)');
    expect(read('knative/base/kustomization.yaml')).toContain(`  - ${NAME}.yaml`);
    expect(read('shared/policy/policies.ts')).toContain(`'POST /v1/${NAME}': open(),`);
    expect(read('docs/api/openapi.yaml')).toContain(`/v1/${NAME}:`);
  });

  it('is formatted, and its pages are up to date', () => {
    const files = [`functions/${NAME}`, `knative/base/${NAME}.yaml`, 'functions/main.ts'];
    files.push('shared/policy/policies.ts');
    const kustomization = 'knative/base/kustomization.yaml';
    expect(tool('prettier/bin/prettier.cjs', '--check', ...files, kustomization)).toMatchObject({
      status: 0,
    });
    expect(run('--import', 'tsx', 'docs/generate.ts', '--check')).toEqual({
      status: 0,
      output: '',
    });
  });

  it('passes types and lint', () => {
    // The flags are ours, the files only the new ones: the rest is checked by `npm run check`.
    const path = join(copy, 'tsconfig.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...config, include: [`functions/${NAME}`] }));
    expect(tool('typescript/bin/tsc', '--noEmit')).toEqual({ status: 0, output: '' });
    const lint = ['--max-warnings', '0', `functions/${NAME}`];
    expect(tool('eslint/bin/eslint.js', ...lint)).toEqual({ status: 0, output: '' });
  });

  it('passes its own test, and the linter of manifests', () => {
    writeFileSync(join(copy, 'vitest.new.config.mjs'), 'export default {};');
    const test = ['run', '--config', 'vitest.new.config.mjs', `functions/${NAME}`];
    const tested = tool('vitest/vitest.mjs', ...test);
    expect(tested.output).toContain('7 passed');
    expect(tested.status).toBe(0);
    const linted = run('--import', 'tsx', 'knative/lint/main.ts');
    expect(linted.output).not.toContain(NAME);
    expect(linted.status).toBe(0);
  });
});
