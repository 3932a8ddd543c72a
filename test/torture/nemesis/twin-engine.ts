// A second engine on the shard of the first, with the same rights and no snapshots: what a partition
// of the platform can bring about. Both write; nothing may be settled twice or differently.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signal } from '../cluster/processes.ts';
import { pause, waitUntil } from '../pause.ts';
import type { Fault } from '../schedule/fault.ts';
import type { Deed, Scene } from './scene.ts';

const READY_TIMEOUT_MS = 30_000;
/** Both run side by side for so long after the first has come back. */
const OVERLAP_MS = 1_000;

let twins = 0;

export async function runTwin(
  fault: Extract<Fault, { kind: 'twin-engine' }>,
  scene: Scene,
): Promise<Deed> {
  const { cluster } = scene;
  await waitUntil(async () => (await cluster.findPid('engine-daemon')) !== null, READY_TIMEOUT_MS);
  const first = await cluster.findPid('engine-daemon');
  if (first === null || process.platform !== 'linux') {
    return { happened: false, kills: 0, note: 'a twin is made from /proc of the first engine' };
  }
  const twin = launchTwin(first, scene.dir);
  if (twin === null) return { happened: false, kills: 0 };
  // Stalled, the first becomes a zombie: alive, but out of date when it goes on.
  if (fault.stallsFirst) signal(first, 'SIGSTOP');
  let isReady = false;
  twin.on('message', (message) => {
    isReady ||= typeof message === 'object' && 'kind' in message && message.kind === 'ready';
  });
  await waitUntil(() => isReady || twin.exitCode !== null, READY_TIMEOUT_MS);
  await pause(fault.forMs);
  const isThere = twin.exitCode === null && twin.signalCode === null;
  if (fault.stallsFirst) {
    signal(first, 'SIGCONT');
    await pause(OVERLAP_MS);
  }
  twin.kill('SIGKILL');
  return { happened: isReady && isThere, kills: 1 };
}

/** From the memory of the first: its program, its variables, its rights. */
function launchTwin(first: number, dir: string): ChildProcess | null {
  twins += 1;
  const own = join(dir, `twin-${twins}`);
  mkdirSync(own, { recursive: true });
  const log = openSync(join(own, 'engine.log'), 'a');
  try {
    const [program = '', ...args] = readFields(first, 'cmdline');
    const variables = readFields(first, 'environ').map((field): [string, string] => {
      const at = field.indexOf('=');
      return [field.slice(0, at), field.slice(at + 1)];
    });
    return spawn(program, args, {
      env: { ...Object.fromEntries(variables), ENGINE_SNAPSHOT_DIR: own, PORT: '0' },
      stdio: ['ignore', log, log, 'ipc'],
    });
  } catch {
    return null; // the first has ended a moment ago
  } finally {
    closeSync(log);
  }
}

function readFields(pid: number, file: 'cmdline' | 'environ'): string[] {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').filter(Boolean);
}
