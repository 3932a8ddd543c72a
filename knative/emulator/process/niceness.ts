// How far a process steps back where CPU is short. In the cluster the requests of the manifests
// become shares of it; here they become nice values, so that a hundred passwords to hash hold up an
// order no more than there.
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { textAt, type FieldPath, type ManifestDocument } from '../../manifests/document.ts';

const REQUEST: FieldPath = [
  ...['spec', 'template', 'spec', 'containers', 0],
  ...['resources', 'requests', 'cpu'],
];
/** What Linux gives one nice value more than the next. */
const SHARE_PER_STEP = 1.25;
const NICE_MAX = 19;
const GROUP_TRIES = 100;
const GROUP_AGAIN_MS = 110;

/** 0 for the service that asks for most, more for others; 0 where a manifest asks for nothing. */
export function nicenessOf(
  service: ManifestDocument,
  services: readonly ManifestDocument[],
): number {
  const own = millisOf(service);
  if (own === null) return 0;
  const most = Math.max(...services.map((each) => millisOf(each) ?? 0));
  return Math.min(NICE_MAX, Math.round(Math.log(most / own) / Math.log(SHARE_PER_STEP)));
}

/**
 * Right after the start: what a process has of threads by then keeps its own value, and what it
 * makes later inherits that of the first. Each child leads a session of its own, and where Linux
 * groups processes by session (autogroup, sched(7)) a nice value counts within the group alone: the
 * group has one of its own.
 */
export function beNice(pid: number | undefined, niceness: number): void {
  if (pid === undefined || niceness === 0) return;
  try {
    setPriority(pid, niceness);
  } catch {
    return; // it is gone already, which its start will tell
  }
  niceGroup(`/proc/${pid}/autogroup`, niceness, GROUP_TRIES);
}

function niceGroup(file: string, niceness: number, triesLeft: number): void {
  try {
    writeFileSync(file, String(niceness), { flag: 'r+' });
  } catch (error) {
    // Without root one group of the whole machine may be changed each tenth of a second.
    const isTooOften = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
    // Otherwise the system knows no such groups, or the process is gone.
    if (!isTooOften || triesLeft <= 1) return;
    setTimeout(() => niceGroup(file, niceness, triesLeft - 1), GROUP_AGAIN_MS).unref();
  }
}

function millisOf(document: ManifestDocument): number | null {
  const [, number, unit] = /^([0-9.]+)(m?)$/.exec(textAt(document.body, REQUEST) ?? '') ?? [];
  if (number === undefined || Number(number) === 0) return null;
  return Number(number) * (unit === 'm' ? 1 : 1_000);
}
