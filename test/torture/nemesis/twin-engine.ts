// A second engine on the shard of the first, under a name of its own, with the same rights and no
// snapshots. It stands by until the first is killed, and then both want the lease; or the first is
// stalled until the second has followed it, and wakes up as a zombie. Nothing may be settled twice
// or differently.
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
const STANDBY_MS = 1_500;

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
  const happened = fault.stallsFirst
    ? await makeZombie(first, twin, fault.forMs)
    : await standBy(first, twin, fault.forMs);
  const isKilled = twin.kill('SIGKILL');
  return { happened, kills: (isKilled ? 1 : 0) + (fault.stallsFirst ? 0 : 1) };
}

async function makeZombie(first: number, twin: ChildProcess, forMs: number): Promise<boolean> {
  signal(first, 'SIGSTOP');
  const messages: unknown[] = [];
  twin.on('message', (message) => messages.push(message));
  // The only thing that an engine says is that it is ready.
  await waitUntil(() => messages.length > 0 || hasEnded(twin), READY_TIMEOUT_MS);
  await pause(forMs);
  const hasFollowed = messages.length > 0 && !hasEnded(twin);
  signal(first, 'SIGCONT');
  await pause(OVERLAP_MS);
  return hasFollowed;
}

async function standBy(first: number, twin: ChildProcess, forMs: number): Promise<boolean> {
  // Long enough to have asked for the lease.
  await pause(STANDBY_MS);
  const isThere = !hasEnded(twin);
  const isKilled = signal(first, 'SIGKILL');
  await pause(forMs);
  return isThere && isKilled;
}

function hasEnded(twin: ChildProcess): boolean {
  return twin.exitCode !== null || twin.signalCode !== null;
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
      env: {
        ...Object.fromEntries(variables),
        ENGINE_NAME: `twin-${twins}`,
        ENGINE_SNAPSHOT_DIR: own,
        PORT: '0',
      },
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
