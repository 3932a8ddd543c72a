// The whole engine on the embedded event log with a real, durable Postgres: commands a second from
// log to log at several groupings, what a snapshot costs, and how fast a killed engine is back.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool } from '../../shared/db/pool.ts';
import { startEmbeddedPostgres } from '../../shared/testing/embedded-postgres.ts';
import { measureRecoveryCurve } from './engine-log/recovery-curve.ts';
import { measureRecovery } from './engine-log/recovery.ts';
import { openRig, type Rig } from './engine-log/rig.ts';
import { measureThroughput } from './engine-log/throughput.ts';

/** Commands that one accept batch packs into a record, and how many are sent. */
const GROUPINGS = [
  { commandsPerRecord: 1, commands: 10_000 },
  { commandsPerRecord: 10, commands: 50_000 },
  { commandsPerRecord: 100, commands: 100_000 },
] as const;
const RESTING_ORDERS = 100_000;
const TAIL_COMMANDS = 10_000;
/** An engine takes a snapshot every 10,000 commands: longer tails are those of a flood. */
const CURVE = {
  restingOrders: [1_000, 10_000, 100_000, 300_000],
  tailCommands: [0, 10_000, 50_000],
  commandsPerRecord: 20,
} as const;

export async function run(): Promise<unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
  chmodSync(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir });
  let rig: Rig | null = null;
  try {
    const pool = createPool({ url: postgres.url, applicationName: 'bench', connectionsMax: 2 });
    await migrate(pool, await readMigrations());
    await pool.end();
    rig = await openRig(postgres.url, join(dir, 'snapshots'));
    // The first engine pays for compilation, so that the figures do not.
    await measureThroughput(rig, { commandsPerRecord: 10, commands: 20_000 });
    const throughput = [];
    for (const grouping of GROUPINGS) throughput.push(await measureThroughput(rig, grouping));
    const recovery = await measureRecovery(rig, RESTING_ORDERS, TAIL_COMMANDS);
    const recoveryCurve = await measureRecoveryCurve(rig, dir, CURVE);
    return { ours: { throughput, recovery, recoveryCurve } };
  } finally {
    await rig?.close();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
