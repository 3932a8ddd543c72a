// The whole engine on a durable log, the embedded one or Kafka: commands a second from log to log
// at several groupings, what a snapshot costs, and how fast a killed engine is back.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool } from '../../shared/db/pool.ts';
import { startEmbeddedPostgres } from '../../shared/testing/embedded-postgres.ts';
import { bundleEngine } from './engine-log/engine-process.ts';
import { measureRecoveryCurve } from './engine-log/recovery-curve.ts';
import { measureRecovery } from './engine-log/recovery.ts';
import { openRig, type Rig } from './engine-log/rig.ts';
import { measureThroughput } from './engine-log/throughput.ts';
import { Beside } from './servers/beside.ts';

const HELP = `npm run bench -- engine-log [options]

  --with kafka                     on Kafka, which it starts itself (default: the embedded log)
  --only throughput|recovery       this part alone`;

/** Commands that one accept batch packs into a record, and how many are sent. */
const GROUPINGS = [
  { commandsPerRecord: 1, commands: 20_000 },
  { commandsPerRecord: 10, commands: 100_000 },
  { commandsPerRecord: 100, commands: 300_000 },
] as const;
const RESTING_ORDERS = 100_000;
const TAIL_COMMANDS = 10_000;
/** An engine takes a snapshot every 10,000 commands: longer tails are those of a flood. */
const CURVE = {
  restingOrders: [1_000, 10_000, 100_000, 300_000],
  tailCommands: [0, 10_000, 50_000],
  commandsPerRecord: 20,
} as const;

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      with: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const dir = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
  chmodSync(dir, 0o755);
  const beside = await Beside.start(values.with);
  const postgres = await startEmbeddedPostgres({ dir });
  let rig: Rig | null = null;
  try {
    const pool = createPool({ url: postgres.url, applicationName: 'bench', connectionsMax: 2 });
    await migrate(pool, await readMigrations());
    await pool.end();
    const urls = { busUrl: beside.kafkaUrl ?? postgres.url, databaseUrl: postgres.url };
    rig = await openRig(urls, join(dir, 'snapshots'));
    const script = await bundleEngine(dir);
    const ours: Record<string, unknown> = { log: beside.kafkaUrl === null ? 'embedded' : 'kafka' };
    if (values.only !== 'recovery') {
      const throughput = [];
      for (const each of GROUPINGS) throughput.push(await measureThroughput(rig, script, each));
      ours['throughput'] = throughput;
    }
    if (values.only !== 'throughput') {
      ours['recovery'] = await measureRecovery(rig, RESTING_ORDERS, TAIL_COMMANDS);
      ours['recoveryCurve'] = await measureRecoveryCurve(rig, script, CURVE);
    }
    return { ours };
  } finally {
    await rig?.close();
    await postgres.stop();
    await beside.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
