// Holds the house rules: who may import whom, purity, size, words. Each rule is first shown to
// bite.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../shared/domain/rejection.ts';
import * as rules from './rules.ts';
import { listFiles, readImports, readSource, ROOT, type SourceFile } from './source-files.ts';

const paths = listFiles();
const isGenerated = (path: string): boolean => path.startsWith('shared/client/generated/');
const sources = paths.filter((path) => path.endsWith('.ts') && !isGenerated(path)).map(readSource);

function sample(path: string, text: string): SourceFile {
  return { path, text, lines: text.split('\n'), imports: readImports(path, text) };
}

/** Shown to bite: a file that breaks the rule. */
const offences: [keyof typeof rules, string, string][] = [
  ['keepsToItsUnit', 'shared/a/b.ts', `import { x } from '../../functions/orders/handler.ts';`],
  ['keepsToItsUnit', 'functions/orders/a.ts', `import { x } from '../fees/decide.ts';`],
  ['keepsToItsUnit', 'engine-daemon/a.ts', `import { x } from '../functions/fees/decide.ts';`],
  ['staysPure', 'engine-daemon/core/a.ts', `import { x } from 'node:fs';`],
  ['staysPure', 'functions/fees/decide.ts', `const at = Date.now();`],
  ['staysPure', 'shared/money/a.ts', `const price = parseFloat('1');`],
  ['staysPure', 'functions/orders/decide/a.ts', `import { x } from '../store/read.ts';`],
  ['keepsThingsInTheirPlace', 'functions/fees/handler.ts', `import pg from 'pg';`],
  ['keepsThingsInTheirPlace', 'shared/http/a.ts', `const url = process.env['X'];`],
  ['keepsThingsInTheirPlace', 'functions/fees/handler.ts', `import { Redis } from 'ioredis';`],
  ['takesPoliciesFromTheTable', 'functions/fees/handler.ts', `  policy: open(),`],
  ['importsPlainly', 'shared/a/b.ts', `import { x } from './c.js';`],
  ['importsPlainly', 'shared/a/b.ts', `export default 1;`],
  ['isShort', 'shared/a/b.ts', `// job\n${'x'.repeat(101)}\n`],
  ['isShort', 'shared/a/b.ts', `// job\n${'\n'.repeat(400)}`],
  ['isShort', 'shared/a/b.ts', `export const a = 1;\n`],
  ['isNamedWell', 'shared/a/utils.ts', `// job`],
  ['isNamedWell', 'shared/a/camelCase.ts', `// job`],
  ['speaksOurWords', 'shared/a/b.ts', ['// TO', 'DO later'].join('')],
];

describe('the rules bite', () => {
  it.each(offences)('%s complains about %s', (name, path, text) => {
    const rule = rules[name];
    if (typeof rule !== 'function') throw new Error(`${name} is no rule`);
    expect(rule(sample(path, text))).not.toEqual([]);
  });
});

describe('the code', () => {
  it('is there', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it.each([
    ['keeps units apart', rules.keepsToItsUnit],
    ['keeps pure files pure', rules.staysPure],
    ['keeps packages and the environment in their place', rules.keepsThingsInTheirPlace],
    ['take the policies of routes from the table', rules.takesPoliciesFromTheTable],
    ['imports plainly', rules.importsPlainly],
    ['is short', rules.isShort],
    ['is named well', rules.isNamedWell],
  ] as const)('%s', (_name, rule) => {
    expect(sources.flatMap((file) => rule(file))).toEqual([]);
  });

  it('speaks one language and has no unfinished work', () => {
    const others = sources.filter((file) => !file.path.startsWith('test/tidy/'));
    expect(others.flatMap(rules.speaksOurWords)).toEqual([]);
  });

  it('imports only files that exist, without cycles', () => {
    const known = new Map(sources.map((file) => [file.path, file]));
    const missing = sources.flatMap((file) =>
      file.imports
        .filter(({ target }) => target?.endsWith('.ts') === true && !isGenerated(target))
        .filter(({ target }) => target !== null && !known.has(target))
        .map((each) => `${file.path} -> ${each.specifier}`),
    );
    expect(missing).toEqual([]);
    expect(findCycle(known)).toBeNull();
  });

  it('names no path of a machine and no registry', () => {
    const offending = paths
      .filter((path) => !/^LICENSE$|\.(png|gz)$/.test(path))
      .flatMap((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8');
        const pattern = /\/(home|root|work)\/[a-z]|"resolved": "https?:/;
        return path.startsWith('test/tidy/') || !pattern.test(text) ? [] : [path];
      });
    expect(offending).toEqual([]);
  });
});

describe('error codes', () => {
  it('put the subject first, in upper snake case', () => {
    for (const code of Object.keys(ERROR_CODES)) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/);
  });

  it('mean one thing each', () => {
    const meanings = Object.values(ERROR_CODES).map((facts) => facts.meaning);
    expect(new Set(meanings).size).toBe(meanings.length);
  });

  it('are all used somewhere', () => {
    const text = sources
      .filter((file) => file.path !== 'shared/domain/rejection.ts')
      .map((file) => file.text)
      .join('\n');
    const unused = Object.keys(ERROR_CODES).filter((code) => !text.includes(code));
    expect(unused).toEqual([]);
  });
});

/** A path of run-time imports that comes back to its beginning, or null. */
function findCycle(files: ReadonlyMap<string, SourceFile>): string[] | null {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const each of files.get(path)?.imports ?? []) {
      if (each.typeOnly || each.target === null) continue;
      const cycle = visit(each.target, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of files.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
