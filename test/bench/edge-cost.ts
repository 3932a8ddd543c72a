// What the edge costs an order: CPU time of the server per request without a check, with the token
// check and the policy, and with allowances counted in memory and in Redis on top, in one run. The
// machine is shared with the generator, so CPU time is the figure, and rounds alternate.
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { Redis } from 'ioredis';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool } from '../../shared/db/pool.ts';
import { userId } from '../../shared/domain/ids.ts';
import {
  makeKey,
  signToken,
  startIssuer,
  TEST_AUDIENCE,
  TEST_ISSUER,
} from '../../shared/function/testing/token-issuer.ts';
import { startEmbeddedPostgres } from '../../shared/testing/embedded-postgres.ts';
import { startRedis } from '../../shared/testing/services/redis-server.ts';
import { median } from './engine-log/median.ts';
import { runLoad } from './http/load.ts';

const SERVER = fileURLToPath(new URL('./http/edge-host.ts', import.meta.url));
const REQUIRE = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;
const CONNECTIONS = 16;
const WARM_UP_MS = 1_500;
const MEASURE_MS = 3_000;
const ROUNDS = 3;
/** What an order may cost for token, policy and allowance, in the same rounds. */
const BUDGET_MICROS = 150;

const USAGE = `usage: npm run bench -- edge-cost [--redis]
  --redis  count in a Redis of its own, too (redis-server must be installed)`;

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: { redis: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  if (values.help === true) return { usage: USAGE };
  const folder = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
  chmodSync(folder, 0o755);
  const key = await makeKey('bench');
  const issuer = await startIssuer([key.publicJwk]);
  const redis = values.redis ? await startRedis({ dir: join(folder, 'redis') }) : null;
  const postgres = await startEmbeddedPostgres({ dir: join(folder, 'postgres') });
  try {
    await prepareDatabase(postgres.url);
    const script = await bundle(folder);
    const tokens = await Promise.all(
      Array.from({ length: CONNECTIONS }, async (_, at) => {
        const token = await signToken(key, { claims: { sub: userId(at + 1) } });
        return `authorization: Bearer ${token}\r\n`;
      }),
    );
    const auth = {
      AUTH_JWKS_URL: issuer.jwksUrl,
      AUTH_ISSUER: TEST_ISSUER,
      AUTH_AUDIENCE: TEST_AUDIENCE,
      // Revocations and API keys: asked for beside the requests, as in production.
      DATABASE_URL: postgres.url,
      SEALING_KEYS_DIR: writeRing(folder),
    };
    const known = { ...auth, BENCH_PRIVATE: 'yes' };
    const limited = { ...known, RATE_LIMIT_FACTOR: '1000000' };
    const cases: Case[] = [
      { name: 'noChecks', environment: { RATE_LIMITS: 'off' }, headers: [''] },
      { name: 'tokenAndPolicy', environment: { ...known, RATE_LIMITS: 'off' }, headers: tokens },
      { name: 'andMemoryLimits', environment: limited, headers: tokens },
    ];
    if (redis !== null) {
      const environment = { ...limited, CACHE_URL: redis.url };
      cases.push({ name: 'andRedisLimits', environment, headers: tokens });
    }
    const measured = await measureAll(script, cases);
    if (redis !== null) await assertCounted(redis.url);
    return summarize(measured);
  } finally {
    await Promise.all([redis?.stop(), postgres.stop(), issuer.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepareDatabase(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'bench', connectionsMax: 2 });
  try {
    await migrate(pool, await readMigrations());
  } finally {
    await pool.end();
  }
}

function writeRing(folder: string): string {
  const keys = { bench: randomBytes(32).toString('base64') };
  writeFileSync(join(folder, 'api-keys.json'), JSON.stringify({ current: 'bench', keys }));
  return folder;
}

/** A Redis that was away would make the figure that of counting in memory. */
async function assertCounted(url: string): Promise<void> {
  const client = new Redis(url);
  const keys = await client.keys('limits:*:order:*');
  await client.quit();
  if (keys.length !== CONNECTIONS) throw new Error(`Redis has counted ${keys.length} users`);
}

interface Case {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly headers: readonly string[];
}

async function bundle(folder: string): Promise<string> {
  await build({
    entryPoints: [SERVER],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: REQUIRE },
  });
  return join(folder, 'edge-host.mjs');
}

/** CPU microseconds a request of each case, one figure a round. */
async function measureAll(
  script: string,
  cases: readonly Case[],
): Promise<ReadonlyMap<string, number[]>> {
  const servers = cases.map((each) => ({
    ...each,
    child: fork(script, [], {
      execArgv: [],
      env: { ...each.environment },
      stdio: ['ignore', 2, 2, 'ipc'],
    }),
    micros: [] as number[],
  }));
  try {
    const ports = await Promise.all(servers.map(({ child }) => ask(child, 'port', null)));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [at, { child, headers, micros }] of servers.entries()) {
        const port = ports[at] ?? 0;
        if (round === 0) await runLoad(port, CONNECTIONS, WARM_UP_MS, headers);
        const before = await ask(child, 'cpuMicros', 'cpu');
        const requests = await runLoad(port, CONNECTIONS, MEASURE_MS, headers);
        micros.push(((await ask(child, 'cpuMicros', 'cpu')) - before) / requests);
      }
    }
    return new Map(servers.map(({ name, micros }) => [name, micros]));
  } finally {
    for (const { child } of servers) child.disconnect();
  }
}

/** Sends a question, if there is one, and answers the number of the next message. */
async function ask(child: ChildProcess, field: string, question: string | null): Promise<number> {
  const ended = new AbortController();
  const end = (): void => ended.abort(new Error('the server has ended'));
  child.once('exit', end);
  try {
    const answer = once(child, 'message', { signal: ended.signal });
    if (question !== null) child.send(question);
    const [message] = (await answer) as [Readonly<Record<string, number>>];
    return numberAt(message, field);
  } finally {
    child.off('exit', end);
  }
}

function numberAt(message: Readonly<Record<string, number>>, field: string): number {
  const value = message[field];
  if (value === undefined) throw new Error(`the server did not tell ${field}`);
  return value;
}

function summarize(measured: ReadonlyMap<string, number[]>): unknown {
  const floor = median(measured.get('noChecks') ?? []);
  const cases = [...measured].map(([name, micros]) => [
    name,
    {
      cpuMicrosPerRequest: round(median(micros)),
      moreThanNoChecks: round(median(micros) - floor),
      rounds: micros.map(round),
    },
  ]);
  const most = Math.max(...[...measured.values()].map(median)) - floor;
  return {
    cases: Object.fromEntries(cases) as unknown,
    budgetMicros: BUDGET_MICROS,
    isWithinBudget: most <= BUDGET_MICROS,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
