// `npm run bench -- <name>`: runs one benchmark and prints one JSON document last. Every file
// beside this one is a benchmark that exports `run`; their parts live in folders.
import { readdirSync } from 'node:fs';
import { cpus, platform, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

/** `args` is what follows the name on the command line. */
type Run = (args: readonly string[]) => Promise<unknown>;

const USAGE = `usage: npm run bench -- <name> [options of the benchmark, see -- <name> --help]
       npm run bench -- --list`;

async function main(): Promise<number> {
  const all = process.argv.slice(2);
  const at = all.findIndex((arg) => !arg.startsWith('-'));
  const own = at < 0 ? all : all.slice(0, at);
  const { values } = parseArgs({
    args: own,
    options: { list: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.list === true) {
    console.log(benchmarkNames().join('\n'));
    return 0;
  }
  const [name, ...args] = at < 0 ? [] : all.slice(at);
  if (values.help === true || name === undefined) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  if (!benchmarkNames().includes(name)) {
    console.error(`no benchmark "${name}"; there are: ${benchmarkNames().join(', ')}`);
    return 2;
  }
  const run = await loadBenchmark(name);
  const result = await run(args);
  console.log(JSON.stringify({ name, machine: describeMachine(), ...Object(result) }, null, 2));
  return 0;
}

function benchmarkNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => /^[a-z0-9-]+\.ts$/.test(file) && file !== 'main.ts')
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

async function loadBenchmark(name: string): Promise<Run> {
  const module: unknown = await import(`./${name}.ts`);
  if (typeof module === 'object' && module !== null && 'run' in module) {
    const { run } = module;
    if (typeof run === 'function')
      return (args) => Promise.resolve(Reflect.apply(run, undefined, [args]));
  }
  throw new TypeError(`${name}.ts exports no run()`);
}

function describeMachine(): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()}`,
    node: process.version,
  };
}

process.exitCode = await main();
