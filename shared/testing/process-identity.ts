// Tells one process from another that was given its number later.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's words; null where that cannot be told. */
  readonly started: string | null;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, started: findStart(pid) };
}

/** True while the very process runs, whoever owns it. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, but another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return started === null || findStart(pid) === started;
}

/** Reads a file with an identity as JSON; null when there is none. */
export function findIdentity(file: string): ProcessIdentity | null {
  try {
    return parseIdentity(readFileSync(file, 'utf8'));
  } catch {
    return null; // it was given back a moment ago
  }
}

/** Null for anything else than an identity, such as one whose writer was killed half-way. */
export function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity>;
    if (typeof value.pid !== 'number') return null;
    return { pid: value.pid, started: value.started ?? null };
  } catch {
    return null;
  }
}

function findStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie runs no more; it only waits to be counted.
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
  } catch {
    const answer = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return answer.status === 0 ? answer.stdout.trim() : null;
  }
}
