// The code that runs: two bundles, rebuilt when a file of theirs changes.
import { affectedFunctions, bundledFiles } from './import-graph.ts';
import { Bundler, type Bundle } from './bundle.ts';

export const FUNCTIONS_ENTRY = 'functions/main.ts';
export const ENGINE_ENTRY = 'engine-daemon/main.ts';

export interface CodeChange {
  /** Bundle to run, and which functions it changes; null when the change is none of theirs. */
  readonly functions: {
    readonly script: string;
    readonly names: ReadonlySet<string> | 'all';
  } | null;
  readonly engine: { readonly script: string } | null;
}

export class Code {
  readonly #functions: Bundler;
  readonly #engine: Bundler;
  #functionsBundle: Bundle;
  #engineBundle: Bundle;
  /** Changes since the last build that worked: a fix must not forget what broke before it. */
  #pending = new Set<string>();

  private constructor(functions: Bundler, engine: Bundler, bundles: readonly [Bundle, Bundle]) {
    this.#functions = functions;
    this.#engine = engine;
    [this.#functionsBundle, this.#engineBundle] = bundles;
  }

  static async open(root: string, outDir: string): Promise<Code> {
    const [functions, engine] = await Promise.all([
      Bundler.open(root, FUNCTIONS_ENTRY, 'functions', outDir),
      Bundler.open(root, ENGINE_ENTRY, 'engine-daemon', outDir),
    ]);
    return new Code(functions, engine, await Promise.all([functions.build(), engine.build()]));
  }

  get functionsScript(): string {
    return this.#functionsBundle.script;
  }

  get engineScript(): string {
    return this.#engineBundle.script;
  }

  /** Rebuilds what the files belong to. Throws BuildFailure and keeps everything as it was. */
  async rebuild(files: ReadonlySet<string>): Promise<CodeChange> {
    for (const file of files) this.#pending.add(file);
    const pending = this.#pending;
    const before = this.#functionsBundle.metafile;
    // A file that is new to a bundle is found by building: an unresolved import has no input yet.
    const [functions, engine] = await Promise.all([this.#functions.build(), this.#engine.build()]);
    this.#pending = new Set();
    const engineTouched = touches(this.#engineBundle, pending) || touches(engine, pending);
    const names = union(
      affectedFunctions(before, FUNCTIONS_ENTRY, pending),
      affectedFunctions(functions.metafile, FUNCTIONS_ENTRY, pending),
    );
    this.#functionsBundle = functions;
    this.#engineBundle = engine;
    return {
      functions: names === 'all' || names.size > 0 ? { script: functions.script, names } : null,
      engine: engineTouched ? { script: engine.script } : null,
    };
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#functions.dispose(), this.#engine.dispose()]);
  }
}

function touches(bundle: Bundle, files: ReadonlySet<string>): boolean {
  const bundled = bundledFiles(bundle.metafile);
  return [...files].some((file) => bundled.has(file));
}

function union(
  one: ReadonlySet<string> | 'all',
  other: ReadonlySet<string> | 'all',
): ReadonlySet<string> | 'all' {
  if (one === 'all' || other === 'all') return 'all';
  return new Set([...one, ...other]);
}
