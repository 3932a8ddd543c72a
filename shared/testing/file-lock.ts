// A lock file that names the process that holds it. The lock of one that was killed is taken over.
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findIdentity, identify, isRunning } from './process-identity.ts';

export type LockAnswer =
  | { readonly isTaken: true; readonly release: () => void }
  | { readonly isTaken: false; readonly holderPid: number };

/** Takes the lock, or names the running process that has it. */
export function takeLock(file: string): LockAnswer {
  mkdirSync(dirname(file), { recursive: true });
  const own = JSON.stringify(identify(process.pid));
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return { isTaken: true, release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const holder = findIdentity(file);
    if (holder !== null && isRunning(holder)) return { isTaken: false, holderPid: holder.pid };
    dropStale(file);
  }
}

/** Moved aside and looked at again: another process may have taken it over in this moment. */
function dropStale(file: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    const holder = findIdentity(aside);
    if (holder !== null && isRunning(holder)) linkSync(aside, file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  }
  rmSync(aside, { force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
