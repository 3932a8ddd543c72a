import { SourceMap } from 'node:module';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { thinSourceMap } from './source-map.ts';

const OURS = ['first', 'second'].map(
  (name) => `export function ${name}() {\n  return '${name}';\n}\n`,
);
const LIBRARY = "export function library() {\n  return 'library';\n}\n";

/** Ours, a library, and ours again, as a bundle of one file. */
async function bundle() {
  const files: Readonly<Record<string, string>> = {
    './first.ts': OURS[0] ?? '',
    './node_modules/library/index.js': LIBRARY,
    './second.ts': OURS[1] ?? '',
  };
  const built = await build({
    stdin: {
      contents: Object.keys(files)
        .map((path) => `export * from '${path}';`)
        .join('\n'),
    },
    bundle: true,
    write: false,
    format: 'esm',
    outdir: '/out',
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [
      {
        name: 'in-memory',
        setup: (plugins) => {
          plugins.onResolve({ filter: /^\.\// }, ({ path }) => ({ path: `/out/${path.slice(2)}` }));
          plugins.onLoad({ filter: /./ }, ({ path }) => {
            const contents = files[path.replace('/out/', './')];
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  const textOf = (end: string): string =>
    built.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return { code: textOf('.js').split('\n'), map: textOf('.js.map') };
}

function placeOf(map: string, code: readonly string[], text: string): unknown {
  const line = code.findIndex((each) => each.includes(text));
  const entry = new SourceMap(
    JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0],
  ).findEntry(line, code[line]?.indexOf(text) ?? 0);
  return 'originalSource' in entry ? [entry.originalSource, entry.originalLine] : null;
}

describe('a source map made thin', () => {
  it('tells file and line of our code on both sides of a library, and none of the library', async () => {
    const { code, map } = await bundle();
    expect(placeOf(map, code, '"library"')).toEqual(['node_modules/library/index.js', 1]);
    const thin = thinSourceMap(map);
    expect(placeOf(thin, code, '"first"')).toEqual(['first.ts', 1]);
    expect(placeOf(thin, code, '"second"')).toEqual(['second.ts', 1]);
    expect(placeOf(thin, code, 'function second')).toEqual(['second.ts', 0]);
    const library = placeOf(thin, code, '"library"');
    expect(library === null || (library as unknown[])[0] === undefined).toBe(true);
    expect((JSON.parse(thin) as { sources: unknown }).sources).toEqual(['first.ts', 'second.ts']);
  });

  it('refuses what is no map', () => {
    expect(() => thinSourceMap('not JSON')).toThrow(SyntaxError);
  });
});
