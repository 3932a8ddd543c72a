// Level 3: a process dies at one named place, once. The order to die is in its environment, so it
// is started anew with it; a mark on disk says that it was carried out.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildName } from '../cluster/processes.ts';
import { waitUntil } from '../pause.ts';
import type { Fault } from '../schedule/fault.ts';
import type { Deed, Scene } from './scene.ts';

const START_TIMEOUT_MS = 30_000;
/** From ready to the place. Some are passed only at a start: then another start is needed. */
const HIT_TIMEOUT_MS = 6_000;
const EMULATOR_HIT_TIMEOUT_MS = 30_000;
const STARTS_MAX = 8;
const END_TIMEOUT_MS = 2_000;

type CrashPointFault = Extract<Fault, { kind: 'crash-point' }>;

interface Order {
  /** There once it was carried out. */
  readonly mark: string;
  readonly variables: Readonly<Record<string, string>>;
}

let orders = 0;

export async function crashAtPoint(fault: CrashPointFault, scene: Scene): Promise<Deed> {
  orders += 1;
  // A mark of its own: an order that stays in an environment can never be carried out twice.
  const mark = join(scene.dir, `crash-point-${orders}`);
  const variables = {
    CRASH_POINT: fault.point,
    CRASH_POINT_HIT: String(fault.hit),
    CRASH_POINT_FILE: mark,
  };
  const { target } = fault;
  if (target === 'emulator') return crashEmulator({ mark, variables }, scene);
  return crashChild(target, { mark, variables }, scene);
}

async function crashEmulator({ mark, variables }: Order, { cluster }: Scene): Promise<Deed> {
  const kills = await cluster.kill(['emulator']);
  await cluster.emulator.ended();
  await cluster.ensureEmulator(variables);
  const happened = await waitUntil(() => existsSync(mark), EMULATOR_HIT_TIMEOUT_MS);
  // Where it died while it was starting, it has been started again and runs.
  await waitUntil(() => cluster.emulator.pid === null, happened ? END_TIMEOUT_MS : 0);
  await cluster.ensureEmulator();
  return { happened, kills: kills + (happened ? 1 : 0) };
}

async function crashChild(
  target: ChildName,
  { mark, variables }: Order,
  { cluster }: Scene,
): Promise<Deed> {
  cluster.overrides.set(target, variables);
  const isHit = (): boolean => existsSync(mark);
  let kills = 0;
  for (let starts = 0; starts < STARTS_MAX && !isHit(); starts += 1) {
    await waitUntil(
      async () => isHit() || (await cluster.findPid(target)) !== null,
      START_TIMEOUT_MS,
    );
    const before = await cluster.findPid(target);
    if (!isHit()) kills += await cluster.kill([target]);
    await waitUntil(async () => {
      if (isHit()) return true;
      const pid = await cluster.findPid(target);
      return pid !== null && pid !== before;
    }, START_TIMEOUT_MS);
    await waitUntil(isHit, HIT_TIMEOUT_MS);
  }
  cluster.overrides.clear(target);
  return { happened: isHit(), kills: kills + (isHit() ? 1 : 0) };
}
