// The support matrix of the README and the tests: no row without a test, no test without a row.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const ROW_OF_TABLE = /^\| `([a-z0-9.-]+)` +\|/gm;
const ROW_OF_TEST = /^ *(?:it\(|\]\)\(|\)\()?\s*'\[([a-z0-9.-]+)\] /gm;

const rows = found(ROW_OF_TABLE, readFileSync(join(import.meta.dirname, 'README.md'), 'utf8'));
const tested = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') || file.startsWith(join('conformance', 'suites')))
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => found(ROW_OF_TEST, readFileSync(join(ROOT, file), 'utf8')));

describe('the support matrix', () => {
  it('has a test for each row', () => {
    expect(rows.filter((row) => !tested.includes(row))).toEqual([]);
    expect(rows.length).toBeGreaterThan(30);
  });

  it('has a row for each test', () => {
    expect(tested.filter((row) => !rows.includes(row))).toEqual([]);
  });

  it('names each row once', () => {
    expect(rows).toEqual([...new Set(rows)]);
  });
});

function found(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}
