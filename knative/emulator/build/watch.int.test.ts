// Changes are seen however an editor makes them.
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchSources, type Watching } from './watch.ts';

let root: string;
let watching: Watching;
let seen: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bourse-watch-'));
  mkdirSync(join(root, 'functions', 'fees'), { recursive: true });
  writeFileSync(join(root, 'functions', 'fees', 'handler.ts'), '1');
  seen = [];
  watching = watchSources(root, ['functions', 'not-there'], (files) => seen.push(...files));
});
afterEach(() => {
  watching.close();
  rmSync(root, { recursive: true, force: true });
});

describe('watching the sources', () => {
  it('sees a file that is written in place', async () => {
    appendFileSync(join(root, 'functions', 'fees', 'handler.ts'), '2');
    await vi.waitFor(() => expect(seen).toContain('functions/fees/handler.ts'));
  });

  it('sees a file that is replaced', async () => {
    writeFileSync(join(root, 'functions', 'fees', 'new'), '2');
    renameSync(
      join(root, 'functions', 'fees', 'new'),
      join(root, 'functions', 'fees', 'handler.ts'),
    );
    await vi.waitFor(() => expect(seen).toContain('functions/fees/handler.ts'));
  });

  it('sees a file in a new folder', async () => {
    mkdirSync(join(root, 'functions', 'risk'));
    await vi.waitFor(() => {
      writeFileSync(join(root, 'functions', 'risk', 'handler.ts'), '1');
      expect(seen).toContain('functions/risk/handler.ts');
    });
  });
});
