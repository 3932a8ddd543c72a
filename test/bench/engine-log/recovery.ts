// A snapshot of a deep book and the way back from it.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSnapshot, encodeSnapshot } from '../../../engine-daemon/core/snapshot.ts';
import { BTC_USD } from '../../../engine-daemon/testing/commands.ts';
import { digestMarkets } from '../../../engine-daemon/snapshot/state-digest.ts';
import { CommandFlow } from './flow.ts';
import { median } from './median.ts';
import { packCommands, type Rig, type RunningEngine } from './rig.ts';

const SEED = 11;
const COMMANDS_PER_RECORD = 20;
const SNAPSHOT_RUNS = 7;
const RECOVERY_RUNS = 5;

export async function measureRecovery(
  rig: Rig,
  restingOrders: number,
  tailCommands: number,
): Promise<object> {
  const shard = rig.takeShard();
  const flow = new CommandFlow(SEED);
  const prefill = [...flow.configure(), ...flow.resting(restingOrders)];
  await rig.bus.publish(packCommands(shard, BTC_USD, prefill, 500));
  const fromEmptyMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  const first = await launchTimed(rig, shard, fromEmptyMs);
  const cpu = process.cpuUsage(cpuBefore);
  const snapshot = await measureSnapshot(first);
  const stopMs = await timed(() => first.stop());
  const tail = packCommands(shard, BTC_USD, flow.mixed(tailCommands), COMMANDS_PER_RECORD);
  await rig.bus.publish(tail);
  // The first recovery has to publish what the tail leads to, the others find it in the log.
  const publishingMs: number[] = [];
  await (await launchTimed(rig, shard, publishingMs)).crash();
  const comparingMs: number[] = [];
  for (let at = 0; at < RECOVERY_RUNS; at++) {
    await (await launchTimed(rig, shard, comparingMs)).crash();
  }
  return {
    restingOrders,
    tailCommands,
    snapshot,
    gracefulStopWithSnapshotMs: Math.round(stopMs),
    replayWithoutSnapshotMs: median(fromEmptyMs),
    replayCommandsPerSecond: Math.round((prefill.length / median(fromEmptyMs)) * 1_000),
    // Beside the wall clock, because it does not grow when others use the machine.
    replayCpuMicrosPerCommand: Math.round(((cpu.user + cpu.system) / prefill.length) * 10) / 10,
    readyMsWhenOutputsAreMissing: median(publishingMs),
    readyMsWhenOutputsAreThere: median(comparingMs),
    snapshotFileBytes: newestFileBytes(rig.snapshotDir),
  };
}

async function launchTimed(rig: Rig, shard: number, times: number[]): Promise<RunningEngine> {
  const startedMs = performance.now();
  const engine = await rig.launch(shard);
  await engine.daemon.ready;
  times.push(performance.now() - startedMs);
  return engine;
}

/** Its steps: the first holds up matching, the others run beside it. */
async function measureSnapshot(engine: RunningEngine): Promise<object> {
  const encodeMs: number[] = [];
  const encodeCpuMs: number[] = [];
  const decodeMs: number[] = [];
  const hashMs: number[] = [];
  for (let at = 0; at < SNAPSHOT_RUNS; at++) {
    let startedMs = performance.now();
    const cpuBefore = process.cpuUsage();
    const payload = encodeSnapshot(engine.daemon.markets);
    const cpu = process.cpuUsage(cpuBefore);
    encodeMs.push(performance.now() - startedMs);
    encodeCpuMs.push((cpu.user + cpu.system) / 1_000);
    startedMs = performance.now();
    const copy = decodeSnapshot(payload);
    decodeMs.push(performance.now() - startedMs);
    hashMs.push(await timed(() => digestMarkets(copy)));
  }
  return {
    pauseOfMatchingMs: median(encodeMs),
    pauseOfMatchingCpuMs: median(encodeCpuMs),
    readingBackMs: median(decodeMs),
    hashingInSlicesMs: median(hashMs),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function newestFileBytes(dir: string): number {
  const names = readdirSync(dir).filter((name) => name.endsWith('.snapshot'));
  return Math.max(...names.map((name) => statSync(join(dir, name)).size));
}
