// What each process of the exchange burns, read from /proc: which stage is the bottleneck.
import { readFileSync, readdirSync } from 'node:fs';

/** Ticks of /proc/<pid>/stat are 10 ms on every Linux that Node runs on. */
const TICK_MS = 10;

/** CPU milliseconds so far, children included; null where there is no /proc. */
export function cpuOfTree(pid: number): number | null {
  const own = cpuOf(pid);
  if (own === null) return null;
  return childrenOf(pid).reduce((sum, child) => sum + (cpuOfTree(child) ?? 0), own);
}

/** CPU milliseconds of one process so far; null when it is gone or there is no /proc. */
export function cpuOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) =>
        readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
      )
      .map(Number);
  } catch {
    return [];
  }
}
