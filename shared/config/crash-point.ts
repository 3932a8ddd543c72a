// Named places where a process can be told to die, one at each side of every durable effect. The
// torture enumerates them; in any other process a call compares a boolean and returns.
import { closeSync, openSync, writeSync } from 'node:fs';
import { findVariable } from './environment.ts';

/** Each name, and the processes that pass it. `test/torture` kills each of them there. */
export const CRASH_POINTS = {
  'transaction.commit-sent': ['orders', 'settlement'],
  'orders.accept.before-commit': ['orders'],
  'orders.accept.after-commit': ['orders'],
  'orders.accept.before-answer': ['orders'],
  'orders.project.before-commit': ['orders'],
  'orders.project.after-commit': ['orders'],
  'outbox.publish.before': ['orders'],
  'outbox.publish.after': ['orders'],
  'outbox.delete.after': ['orders'],
  'outbox.sweep.after-publish': ['orders'],
  'settlement.before-commit': ['settlement'],
  'settlement.after-commit': ['settlement'],
  'market-data.apply.before': ['market-data'],
  'market-data.apply.after': ['market-data'],
  'log.append.before': ['orders', 'engine-daemon'],
  'log.append.after': ['orders', 'engine-daemon'],
  'engine.batch.applied': ['engine-daemon'],
  'engine.batch.published': ['engine-daemon'],
  'engine.tick.published': ['engine-daemon'],
  'engine.lease.before': ['engine-daemon'],
  'engine.lease.taken': ['engine-daemon'],
  'engine.replay.finished': ['engine-daemon'],
  'engine.snapshot.before': ['engine-daemon'],
  'file.written': ['engine-daemon'],
  'file.renamed': ['engine-daemon'],
  'engine.snapshot.kept': ['engine-daemon'],
  'source.delivered': ['emulator'],
  'source.commit.before': ['emulator'],
  'source.commit.after': ['emulator'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Passed while a market moves to another shard: `test/e2e/market-move` kills each process there. */
export const MOVE_CRASH_POINTS = {
  'move.close.before-commit': ['markets'],
  'move.close.after-commit': ['markets'],
  'move.hand-over.before-commit': ['markets'],
  'move.hand-over.after-commit': ['markets'],
  'move.open.before-commit': ['markets'],
  'move.open.after-commit': ['markets'],
  'engine.hand-over.before-publish': ['engine-daemon'],
  'engine.hand-over.after-publish': ['engine-daemon'],
  'engine.take-over.arrived': ['engine-daemon'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type CrashPoint = keyof typeof CRASH_POINTS;
export type MoveCrashPoint = keyof typeof MOVE_CRASH_POINTS;

const armed = findVariable('CRASH_POINT');
const isArmed = armed !== undefined;
/** The n-th passing kills. */
let passesLeft = Number(findVariable('CRASH_POINT_HIT') ?? '1');

/** Dies here, as if the power went, when `CRASH_POINT` names this place; otherwise does nothing. */
export function crashPoint(name: CrashPoint | MoveCrashPoint): void {
  if (isArmed && name === armed) pass(name);
}

function pass(name: string): void {
  passesLeft -= 1;
  if (passesLeft > 0 || !claim(name)) return;
  process.kill(process.pid, 'SIGKILL');
}

/** Once for ever: the file says that it was done, and a process that is started again goes on. */
function claim(name: string): boolean {
  const file = findVariable('CRASH_POINT_FILE');
  if (file === undefined) return true;
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, `${name} ${process.pid}\n`);
    closeSync(handle);
    return true;
  } catch {
    return false; // it is there: another process was killed for this order
  }
}
