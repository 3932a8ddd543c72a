// What the torture kills and stalls, by the names of the manifests.

export const CHILDREN = [
  'engine-daemon',
  'orders',
  'settlement',
  'market-data',
  'ledger',
  'fees',
] as const;
export type ChildName = (typeof CHILDREN)[number];

/** The emulator stands for the platform: gateway, sources, restarts. */
export type ProcessName = ChildName | 'emulator';
export const PROCESSES: readonly ProcessName[] = [...CHILDREN, 'emulator'];

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** False when there was nothing left to send the signal to. */
export function signal(pid: number | null, name: NodeJS.Signals): boolean {
  if (pid === null || pid <= 0) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
