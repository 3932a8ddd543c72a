// Node.js as a simulated process meets it: its timers, clocks, files and random ids come from the
// world. The code under test is the real one and knows nothing of it; what it imports from Node.js
// is replaced below it, for as long as a simulation runs and for code of simulated processes only.
import crypto from 'node:crypto';
import { setMaxListeners } from 'node:events';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Disk } from './disk.ts';
import { DISK_ROOT } from './engine-files.ts';
import type { SimulatedProcess } from './process.ts';
import { SimulationError, type World } from './world.ts';

/** What a timer function answers; Node.js code calls these methods on it. */
class SimulatedTimer {
  isCancelled = false;

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.isCancelled = true;
  }
}

type Callback = (...args: unknown[]) => void;

const DISK_LATENCY_MS = 0.05;

let world: World | null = null;
let disks: (path: string) => Disk | null = () => null;

/** The process whose code calls, or null when the caller is outside the simulation. */
function caller(): SimulatedProcess | null {
  if (world === null || !world.isRunning) return null;
  if (world.current === null) throw new SimulationError('a timer or file outside any process');
  return world.current;
}

function startTimer(run: Callback, delayMs: number, args: unknown[], repeats: boolean) {
  const process = caller();
  const here = world;
  if (process === null || here === null) return null;
  const timer = new SimulatedTimer();
  // As in Node.js, no timer is shorter than a millisecond.
  const period = delayMs >= 1 ? delayMs : 1;
  const fire = (): void => {
    if (timer.isCancelled) return;
    if (repeats) here.schedule(period, process, 'timer', fire);
    run(...args);
  };
  here.schedule(period, process, 'timer', fire);
  return timer;
}

function startImmediate(run: Callback, args: unknown[]) {
  const process = caller();
  if (process === null || world === null) return null;
  const timer = new SimulatedTimer();
  world.schedule(0, process, 'immediate', () => {
    if (!timer.isCancelled) run(...args);
  });
  return timer;
}

function cancel(timer: unknown, real: (timer: never) => void): void {
  if (timer instanceof SimulatedTimer) timer.isCancelled = true;
  else real(timer as never);
}

function sleep<Value>(
  delayMs = 1,
  value?: Value,
  options?: { readonly signal?: AbortSignal },
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const signal = options?.signal;
    const abort = (): void => {
      clearTimeout(timer);
      reject(new DOMException('The operation was aborted', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    }, delayMs);
    if (signal?.aborted === true) abort();
    else if (signal !== undefined) {
      setMaxListeners(0, signal);
      signal.addEventListener('abort', abort, { once: true });
    }
  });
}

/** A file operation takes a moment, and the process may be dead before it is done. */
async function onDisk<Result>(operate: () => Result): Promise<Result> {
  const process = caller();
  if (process === null || world === null) throw new SimulationError('no process uses the disk');
  await world.wait(DISK_LATENCY_MS, process, 'disk');
  const result = operate();
  await world.wait(DISK_LATENCY_MS, process, 'disk');
  return result;
}

function openFile(disk: Disk, path: string, flags: string) {
  const isFolder = flags === 'r';
  return onDisk(() => {
    if (!isFolder) disk.truncate(path);
    return {
      writeFile: (content: Buffer | string) =>
        onDisk(() => disk.write(path, Buffer.from(content as string))),
      sync: () => onDisk(() => (isFolder ? disk.syncDir() : disk.sync(path))),
      close: () => onDisk(() => undefined),
    };
  });
}

/** Replaces a function of a module or object until `restore`. */
type Replacement = readonly [target: object, name: string, make: (real: never) => unknown];

const hex = (digits: number): string =>
  (world?.random.next() ?? 0).toString(16).padStart(8, '0').slice(0, digits);

const REPLACEMENTS: readonly Replacement[] = [
  [
    globalThis,
    'setTimeout',
    (real: typeof setTimeout) =>
      (run: Callback, delayMs: number, ...args: unknown[]) =>
        startTimer(run, delayMs, args, false) ?? real(run, delayMs, ...args),
  ],
  [
    globalThis,
    'setInterval',
    (real: typeof setInterval) =>
      (run: Callback, delayMs: number, ...args: unknown[]) =>
        startTimer(run, delayMs, args, true) ?? real(run, delayMs, ...args),
  ],
  [
    globalThis,
    'setImmediate',
    (real: typeof setImmediate) =>
      (run: Callback, ...args: unknown[]) =>
        startImmediate(run, args) ?? real(run, ...args),
  ],
  ...(['clearTimeout', 'clearInterval', 'clearImmediate'] as const).map((name): Replacement => [
    globalThis,
    name,
    (real: typeof clearTimeout) => (timer: unknown) => cancel(timer, real),
  ]),
  [
    Date,
    'now',
    (real: typeof Date.now) => () => {
      const now = world?.isRunning === true ? world.current : null;
      return now === null || world === null ? real() : world.wallMs + now.clockSkewMs;
    },
  ],
  [
    performance,
    'now',
    (real: typeof performance.now) => () =>
      world?.isRunning === true ? world.nowMs : real.call(performance),
  ],
  [
    timersPromises,
    'setTimeout',
    (real: typeof timersPromises.setTimeout) =>
      (...args: Parameters<typeof sleep>) =>
        world?.isRunning === true ? sleep(...args) : real(args[0], args[1], args[2]),
  ],
  [
    timersPromises,
    'setImmediate',
    (real: typeof timersPromises.setImmediate) => () =>
      world?.isRunning === true ? new Promise((done) => setImmediate(done)) : real(),
  ],
  [
    crypto,
    'randomUUID',
    (real: typeof crypto.randomUUID) => () =>
      world?.isRunning === true
        ? `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(8)}${hex(4)}`
        : real(),
  ],
  fileFunction('mkdir', () => () => undefined),
  fileFunction('readdir', (disk) => (path) => disk.readdir(path)),
  fileFunction('readFile', (disk) => (path, encoding) => {
    const content = disk.read(path);
    return encoding === 'utf8' ? content.toString('utf8') : content;
  }),
  fileFunction('rename', (disk) => (from, to) => disk.rename(from, String(to))),
  fileFunction('rm', (disk) => (path) => disk.unlink(path)),
  [
    fsPromises,
    'open',
    (real: typeof fsPromises.open) => (path: string, flags: string) => {
      const disk = diskOf(path);
      return disk === null ? real(path, flags) : openFile(disk, path, flags);
    },
  ],
];

function fileFunction(
  name: 'mkdir' | 'readdir' | 'readFile' | 'rename' | 'rm',
  operate: (disk: Disk) => (path: string, argument: unknown) => unknown,
): Replacement {
  return [
    fsPromises,
    name,
    (real: (...args: unknown[]) => unknown) =>
      (...args: [string, ...unknown[]]) => {
        const disk = diskOf(args[0]);
        return disk === null ? real(...args) : onDisk(() => operate(disk)(args[0], args[1]));
      },
  ];
}

function diskOf(path: unknown): Disk | null {
  return typeof path === 'string' && path.startsWith(DISK_ROOT) ? disks(path) : null;
}

/** Runs `work` with Node.js replaced by the world; one at a time in a real process. */
export async function withHost<Result>(
  simulated: World,
  diskAt: (path: string) => Disk | null,
  work: () => Promise<Result>,
): Promise<Result> {
  if (world !== null) throw new SimulationError('one simulation at a time');
  const restores = REPLACEMENTS.map(([target, name, make]) => replace(target, name, make));
  syncBuiltinESMExports();
  world = simulated;
  disks = diskAt;
  try {
    return await work();
  } finally {
    world = null;
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  }
}

function replace(target: object, name: string, make: (real: never) => unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const real: unknown = Reflect.get(target, name);
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: true,
    value: make(real as never),
  });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}
