// Which functions a changed file restarts.
import type { Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { affectedFunctions } from './import-graph.ts';

function metafile(imports: Readonly<Record<string, readonly string[]>>): Metafile {
  const inputs = Object.fromEntries(
    Object.entries(imports).map(([file, paths]) => [
      file,
      { bytes: 1, imports: paths.map((path) => ({ path, kind: 'import-statement' as const })) },
    ]),
  );
  return { inputs, outputs: {} };
}

const META = metafile({
  'functions/main.ts': [
    'functions/orders/handler.ts',
    'functions/fees/handler.ts',
    'shared/host.ts',
  ],
  'functions/orders/handler.ts': ['functions/orders/decide.ts', 'shared/bus.ts'],
  'functions/orders/decide.ts': [],
  'functions/fees/handler.ts': ['shared/fee.ts'],
  'shared/host.ts': ['shared/http.ts'],
  'shared/http.ts': [],
  'shared/bus.ts': [],
  'shared/fee.ts': [],
});

describe('the import graph', () => {
  it.each([
    ['functions/orders/decide.ts', ['orders']],
    ['shared/bus.ts', ['orders']],
    ['shared/fee.ts', ['fees']],
    ['shared/unrelated.ts', []],
  ])('%s changes %j', (file, names) => {
    expect(affectedFunctions(META, 'functions/main.ts', new Set([file]))).toEqual(new Set(names));
  });

  it.each(['functions/main.ts', 'shared/http.ts'])('%s changes all', (file) => {
    expect(affectedFunctions(META, 'functions/main.ts', new Set([file]))).toBe('all');
  });
});
