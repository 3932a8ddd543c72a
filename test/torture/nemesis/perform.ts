// Brings one fault about, and ends it where it has an end. What a fault breaks for good (processes,
// Postgres) is started again here; children are started again by the emulator, as by a platform.
import type { Fault } from '../schedule/fault.ts';
import { signal } from '../cluster/processes.ts';
import { pause, waitUntil } from '../pause.ts';
import { crashAtPoint } from './crash-points.ts';
import { moveMarket } from './market-move.ts';
import { RECOVERY_TIMEOUT_MS, type Deed, type Scene } from './scene.ts';
import { skewVariables } from './skewed-clock.ts';
import { runTwin } from './twin-engine.ts';

type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

const SNAPSHOT_TIMEOUT_MS = 15_000;

export async function perform(fault: Fault, scene: Scene): Promise<Deed> {
  switch (fault.kind) {
    case 'kill':
      return kill(fault, scene);
    case 'kill-everything':
      return killEverything(fault, scene);
    case 'pause':
      return stall(fault, scene);
    case 'postgres-crash':
      return crashPostgres(fault, scene);
    case 'beside':
      return hurtBeside(fault, scene);
    case 'network':
      return hurtLink(fault, scene);
    case 'clock-skew':
      return skewClock(fault, scene);
    case 'twin-engine':
      return runTwin(fault, scene);
    case 'disk-full':
      return fillDisk(fault, scene);
    case 'snapshot-damage':
      return damageSnapshot(fault, scene);
    case 'market-move':
      return moveMarket(fault, scene);
    case 'crash-point':
      return crashAtPoint(fault, scene);
  }
}

async function kill({ targets }: FaultOf<'kill'>, scene: Scene): Promise<Deed> {
  const { cluster } = scene;
  const [only] = targets;
  let kills = 0;
  // A single one may have ended by itself just now, and be on its way back.
  await waitUntil(async () => {
    kills = await cluster.kill(targets);
    return kills > 0 || targets.length > 1;
  }, RECOVERY_TIMEOUT_MS);
  if (targets.includes('emulator')) {
    await cluster.emulator.ended();
    // At once: its orphans may still be alive, and two engines on one shard must do no harm.
    await cluster.ensureEmulator();
  }
  const isEngineAlone = targets.length === 1 && only === 'engine-daemon';
  if (kills > 0 && isEngineAlone) await measureEngine(scene);
  return { happened: kills > 0, kills };
}

async function measureEngine({ probe, recoveries }: Scene): Promise<void> {
  const startedMs = performance.now();
  const answered = await probe.untilAnswered(RECOVERY_TIMEOUT_MS);
  recoveries.note('engine', answered !== null ? performance.now() - startedMs : null);
}

async function killEverything(fault: FaultOf<'kill-everything'>, scene: Scene): Promise<Deed> {
  const { cluster, recoveries } = scene;
  const kills = await cluster.killEverything();
  await pause(fault.downMs);
  const startedMs = performance.now();
  await cluster.startEverything();
  recoveries.note('start', performance.now() - startedMs);
  const isDrained = await drainBacklog(scene);
  recoveries.note('system', isDrained ? performance.now() - startedMs : null);
  return { happened: kills > 0, kills };
}

/** What was in the log when everything ran again must be handled and committed. */
async function drainBacklog({ cluster }: Scene): Promise<boolean> {
  let ends: ReadonlyMap<string, number> | null = null;
  return waitUntil(async () => {
    const sources = await cluster.emulator.sources();
    const key = (each: { source: string; topic: string; partition: number }): string =>
      `${each.source} ${each.topic} ${each.partition}`;
    ends ??= new Map(sources.map((each) => [key(each), each.next]));
    return sources.every((each) => (each.committed ?? 0) >= (ends?.get(key(each)) ?? 0));
  }, RECOVERY_TIMEOUT_MS);
}

async function stall(fault: FaultOf<'pause'>, { cluster }: Scene): Promise<Deed> {
  const pid = await cluster.findPid(fault.target);
  if (!signal(pid, 'SIGSTOP')) return { happened: false, kills: 0 };
  await pause(fault.forMs);
  return { happened: signal(pid, 'SIGCONT'), kills: 0 };
}

async function crashPostgres(fault: FaultOf<'postgres-crash'>, scene: Scene): Promise<Deed> {
  const { postgres } = scene.cluster;
  await postgres.crash(fault.how);
  await pause(fault.downMs);
  await postgres.start();
  return { happened: true, kills: fault.how === 'SIGKILL' ? 1 : 0 };
}

async function hurtBeside(fault: FaultOf<'beside'>, { cluster }: Scene): Promise<Deed> {
  if (fault.how === 'flush') return { happened: await cluster.beside.flushRedis(), kills: 0 };
  const happened = await cluster.beside.kill(fault.name);
  await pause(fault.downMs);
  await cluster.beside.startAll();
  return { happened, kills: happened ? 1 : 0 };
}

async function hurtLink(fault: FaultOf<'network'>, { cluster }: Scene): Promise<Deed> {
  const { link, direction, toxic, forMs } = fault;
  const proxy = cluster.proxyOf(link.server);
  if (proxy === null) return { happened: false, kills: 0, note: `no ${link.server} here` };
  // A link that carries nothing cannot be hurt.
  const isUsed = await waitUntil(() => proxy.count(link.client) > 0, RECOVERY_TIMEOUT_MS);
  proxy.add(link.client, direction, toxic);
  await pause(forMs);
  proxy.remove(link.client, direction);
  return { happened: isUsed, kills: 0 };
}

async function skewClock(fault: FaultOf<'clock-skew'>, { cluster }: Scene): Promise<Deed> {
  const { target, skewSeconds, forMs } = fault;
  const isThere = (): Promise<boolean> =>
    waitUntil(async () => (await cluster.findPid(target)) !== null, RECOVERY_TIMEOUT_MS);
  cluster.overrides.set(target, skewVariables(skewSeconds));
  await isThere();
  const before = await cluster.findPid(target);
  let kills = await cluster.kill([target]);
  const isSkewed = await waitUntil(async () => {
    const pid = await cluster.findPid(target);
    return pid !== null && pid !== before;
  }, RECOVERY_TIMEOUT_MS);
  await pause(forMs);
  cluster.overrides.clear(target);
  await isThere();
  // Back to the right time: a jump in the other direction.
  kills += await cluster.kill([target]);
  return { happened: isSkewed, kills };
}

async function fillDisk(fault: FaultOf<'disk-full'>, { cluster }: Scene): Promise<Deed> {
  const { disk } = cluster;
  if (disk.obstacle !== null) return { happened: false, kills: 0, note: disk.obstacle };
  const isFull = disk.fill();
  const kills = fault.killsEngine ? await cluster.kill(['engine-daemon']) : 0;
  await pause(fault.forMs);
  disk.free();
  return { happened: isFull, kills };
}

/** The engine is stopped first: a newer snapshot would hide the damaged one. */
async function damageSnapshot(fault: FaultOf<'snapshot-damage'>, scene: Scene): Promise<Deed> {
  const { cluster } = scene;
  const damaged: { readonly pid: number; readonly name: string }[] = [];
  await waitUntil(async () => {
    const pid = await cluster.findPid('engine-daemon');
    if (pid === null || !signal(pid, 'SIGSTOP')) return false;
    const name = cluster.disk.damage(fault.how, fault.place);
    if (name === null) signal(pid, 'SIGCONT');
    else damaged.push({ pid, name });
    return name !== null;
  }, SNAPSHOT_TIMEOUT_MS);
  const [first] = damaged;
  if (first === undefined || !signal(first.pid, 'SIGKILL')) return { happened: false, kills: 0 };
  await measureEngine(scene);
  return { happened: true, kills: 1, note: first.name };
}
