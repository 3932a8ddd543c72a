// Engines that take turns on a shard, and two that write at once: every trade is settled once, the
// book is the one that the orders lead to, and the audit finds nothing.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool } from '../../shared/db/pool.ts';
import { eventually, Exchange, isAlive, runProgram } from './exchange.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FLOW = ['--generate', '--seed', '11', '--limit', '500'];

interface Summary {
  readonly settled: boolean;
  readonly surprises: number;
  readonly trades: number;
  readonly books: readonly { readonly asExpected: boolean }[];
}

interface Engine {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

let exchange: Exchange;
const engines: Engine[] = [];
const folders: string[] = [];
beforeAll(async () => {
  exchange = await Exchange.create('--shards', '2');
}, 120_000);
afterAll(async () => {
  for (const { child } of engines) child.kill('SIGKILL');
  await exchange.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** An engine that the emulator knows nothing of, with a folder of its own. */
function launchEngine(environment: Readonly<Record<string, string>>): Engine {
  const folder = mkdtempSync(join(tmpdir(), 'bourse-engine-'));
  folders.push(folder);
  const child = spawn(process.execPath, ['--import', 'tsx', 'engine-daemon/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      BUS_URL: exchange.databaseUrl,
      DATABASE_URL: exchange.databaseUrl,
      ENGINE_SNAPSHOT_DIR: folder,
      PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const engine = { child, output: () => output, ended };
  engines.push(engine);
  onTestFailed(() => void process.stderr.write(output));
  return engine;
}

async function untilSaid(engine: Engine, text: string): Promise<void> {
  await eventually(
    () => Promise.resolve(engine.output()),
    (output) => output.includes(text),
  );
}

async function replay(market: string): Promise<Summary> {
  const urls = ['--url', exchange.publicUrl, '--own-url', exchange.ownUrl];
  const args = [...FLOW, '--market', market, ...urls, '--json'];
  const result = await runProgram('test/replay/main.ts', args);
  expect(result.code, result.output).toBe(0);
  return JSON.parse(result.stdout.slice(result.stdout.indexOf('{'))) as Summary;
}

async function sequenceOf(market: string): Promise<number> {
  const book = await exchange.call(null, 'GET', `/v1/markets/${market}/book?depth=1`);
  return Number(book.body['sequence'] ?? 0);
}

async function untilSequence(market: string, sequence: number): Promise<void> {
  await eventually(
    () => sequenceOf(market),
    (now) => now > sequence,
  );
}

async function enginePid(shard: number): Promise<number> {
  const pids = await eventually(
    async () => (await exchange.topology()).enginePids,
    (all) => typeof all[shard] === 'number',
  );
  return pids[shard] ?? 0;
}

async function expectCleanAudit(): Promise<void> {
  const audit = await runProgram('test/audit/main.ts', ['--data-dir', exchange.dataDir, '--final']);
  expect(audit.output).not.toContain('VIOLATED');
  expect(audit.code, audit.output).toBe(0);
}

const WELL = { settled: true, surprises: 0, books: [{ asExpected: true }] };

describe('two engines on one shard', () => {
  it('take turns when one is stopped past its lease; the other shard goes on', async () => {
    onTestFailed(() => void process.stderr.write(exchange.output));
    const standby = launchEngine({ ENGINE_SHARD: '0', ENGINE_NAME: 'standby' });
    await untilSaid(standby, 'standing by for the lease');
    const replays = Promise.all([replay('BTC-USD'), replay('ETH-USD')]);
    await untilSequence('BTC-USD', 100);
    const frozen = await enginePid(0);
    const other = await enginePid(1);
    expect(other).not.toBe(frozen);
    process.kill(frozen, 'SIGSTOP');
    // The rest of the flow is matched before the first engine may go on: by the standby alone.
    await untilSaid(standby, '"listening"');
    expect(await replays).toMatchObject([WELL, WELL]);
    process.kill(frozen, 'SIGCONT');
    await eventually(
      () => Promise.resolve(isAlive(frozen)),
      (alive) => !alive,
    );
    expect(exchange.output).toContain('another engine runs shard 0');
    standby.child.kill('SIGTERM');
    expect(await standby.ended).toBe(0);
    expect(await enginePid(1)).toBe(other);
    await expectCleanAudit();
  }, 180_000);

  it('do no harm when both write all the time', async () => {
    onTestFailed(() => void process.stderr.write(exchange.output));
    const elsewhere = await leaseDatabase();
    const zombies = ['0', '1'].map((shard) =>
      launchEngine({ ENGINE_SHARD: shard, ENGINE_NAME: 'zombie', DATABASE_URL: elsewhere }),
    );
    await Promise.all(zombies.map((zombie) => untilSaid(zombie, '"listening"')));
    expect(await replay('ETH-BTC')).toMatchObject(WELL);
    expect(await replay('SOL-USD')).toMatchObject(WELL);
    for (const zombie of zombies) {
      zombie.child.kill('SIGTERM');
      expect(await zombie.ended).toBe(0);
    }
    const { written, distinct } = await countEvents('ETH-BTC');
    // Its configuration was written before the zombies came; all since was written twice.
    expect(written).toBe(2 * distinct - 1);
    await expectCleanAudit();
  }, 180_000);
});

/** Events of a market in the log: all copies, and how many different ones there are. */
async function countEvents(market: string): Promise<{ written: number; distinct: number }> {
  const pool = createPool({ url: exchange.databaseUrl, applicationName: 'e2e', connectionsMax: 1 });
  const found = await pool.query<{ written: number; distinct: number }>(
    `SELECT count(*)::int AS written, count(DISTINCT e.event)::int AS distinct
     FROM log.records r JOIN log.topics t USING (topic_id)
     CROSS JOIN LATERAL jsonb_array_elements(
       convert_from(r.value, 'UTF8')::jsonb -> 'outputs') AS o (output)
     CROSS JOIN LATERAL jsonb_array_elements(o.output -> 'events') AS e (event)
     WHERE t.name = 'engine.executions' AND o.output ->> 'market' = $1`,
    [market],
  );
  await pool.end();
  return found.rows[0] ?? { written: 0, distinct: 0 };
}

/** Where a second engine can hold a lease of the same shard: so neither hinders the other. */
async function leaseDatabase(): Promise<string> {
  const admin = createPool({
    url: exchange.databaseUrl,
    applicationName: 'e2e',
    connectionsMax: 1,
  });
  await admin.query('CREATE DATABASE elsewhere');
  await admin.end();
  const url = new URL(exchange.databaseUrl);
  url.pathname = '/elsewhere';
  const pool = createPool({ url: url.toString(), applicationName: 'e2e', connectionsMax: 2 });
  await migrate(pool, await readMigrations());
  await pool.end();
  return url.toString();
}
