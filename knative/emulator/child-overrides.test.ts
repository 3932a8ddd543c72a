// Nothing without the variable; with it, only what the file has for that child, read each time.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childOverrides } from './child-overrides.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-overrides-'));
  file = join(dir, 'overrides.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('what a child is told beside its manifest', () => {
  it('is refused when it is not variables of children', () => {
    writeFileSync(file, '{"orders": {"A": 1}}');
    expect(() => childOverrides('orders', file)).toThrow();
    writeFileSync(file, '{"orders":');
    expect(() => childOverrides('orders', file)).toThrow();
  });

  it('is nothing without a file', () => {
    expect(childOverrides('orders', undefined)).toEqual({});
    expect(childOverrides('orders', file)).toEqual({});
  });

  it('is what the file has for it at this moment', () => {
    writeFileSync(file, '{"orders": {"A": "1"}}');
    expect(childOverrides('orders', file)).toEqual({ A: '1' });
    expect(childOverrides('fees', file)).toEqual({});
    writeFileSync(file, '{"orders": {"A": "2"}}');
    expect(childOverrides('orders', file)).toEqual({ A: '2' });
  });
});
