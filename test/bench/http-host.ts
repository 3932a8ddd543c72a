// What hosting costs: our host beside bare node:http and the plain functions framework, the same
// order and schema through each, in one run. The machine is shared with the generator, so requests
// per second of the server's own CPU time are the figure to compare.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parseStrictJson } from '../../shared/http/strict-json.ts';
import { runLoad } from './http/load.ts';
import { ORDER_TEXT } from './http/order-body.ts';

const SERVERS = fileURLToPath(new URL('./http/', import.meta.url));
/** Bundled packages written for CommonJS still call `require`. */
const REQUIRE = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;
const CONNECTIONS = 16;
const WARM_UP_MS = 2_000;
const MEASURE_MS = 5_000;
const PARSES = 200_000;
const MICROS_PER_SECOND = 1e6;

interface Measured {
  readonly requestsPerSecond: number;
  readonly requestsPerCpuSecond: number;
  readonly cpuMicrosPerRequest: number;
}

export async function run(): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
  try {
    await bundle(folder);
    const bare = await measure(join(folder, 'bare.mjs'));
    const framework = await measure(join(folder, 'framework.mjs'));
    const ours = await measure(join(folder, 'host.mjs'));
    return compare(bare, framework, ours);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As production runs them: one bundled file each, no loader in between. */
async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: ['bare', 'framework', 'host'].map((name) => join(SERVERS, `${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: REQUIRE },
  });
}

function compare(bare: Measured, framework: Measured, ours: Measured): unknown {
  return {
    ours: { ...ours, ...measureJson() },
    peer: { name: 'functions-framework 5.0.5', ...framework },
    bareNodeHttp: bare,
    ratio: round(ours.requestsPerCpuSecond / framework.requestsPerCpuSecond),
    ratioToBareNodeHttp: round(ours.requestsPerCpuSecond / bare.requestsPerCpuSecond),
  };
}

async function measure(server: string): Promise<Measured> {
  const child = fork(server, [], { execArgv: [] });
  try {
    const port = await ask(child, 'port', null);
    await runLoad(port, CONNECTIONS, WARM_UP_MS);
    const cpuBefore = await ask(child, 'cpuMicros', 'cpu');
    const startedAt = performance.now();
    const requests = await runLoad(port, CONNECTIONS, MEASURE_MS);
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpuMicros = (await ask(child, 'cpuMicros', 'cpu')) - cpuBefore;
    return {
      requestsPerSecond: Math.round(requests / seconds),
      requestsPerCpuSecond: Math.round((requests * MICROS_PER_SECOND) / cpuMicros),
      cpuMicrosPerRequest: round(cpuMicros / requests),
    };
  } finally {
    child.disconnect();
  }
}

/** Sends a question, if there is one, and answers the number of the next message. */
async function ask(child: ChildProcess, field: string, question: string | null): Promise<number> {
  const answer = once(child, 'message');
  if (question !== null) child.send(question);
  const [message] = (await answer) as [Readonly<Record<string, number>>];
  const value = message[field];
  if (value === undefined) throw new Error(`the server did not tell ${field}`);
  return value;
}

/** Our strict reading of an order beside JSON.parse, which takes doubled fields and prototypes. */
function measureJson(): Record<string, number> {
  const bytes = Buffer.from(ORDER_TEXT);
  return {
    bodyBytes: bytes.length,
    strictJsonMicros: microsOf(() => parseStrictJson(bytes)),
    jsonParseMicros: microsOf(() => JSON.parse(bytes.toString('utf8')) as unknown),
  };
}

function microsOf(parse: () => unknown): number {
  for (let warm = 0; warm < PARSES / 10; warm += 1) parse();
  const startedAt = performance.now();
  for (let done = 0; done < PARSES; done += 1) parse();
  return round(((performance.now() - startedAt) * 1_000) / PARSES);
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
