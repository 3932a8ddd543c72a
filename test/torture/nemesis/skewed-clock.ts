// Gives one process another time of day: by libfaketime where it is installed (then everything in
// the process sees it), otherwise by what Node itself calls the time.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARY_DIR = '/usr/lib';
const LIBRARY = join('faketime', 'libfaketime.so.1');

/** Environment of a process whose clock is wrong by so much. */
export function skewVariables(seconds: number): Record<string, string> {
  const library = findLibrary();
  if (library === null) return { NODE_OPTIONS: `--import=${shimUrl(seconds * 1_000)}` };
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    // Timers go by the monotonic clock, which nobody sets.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}

/** For the report: how the clock is skewed on this machine. */
export function skewMethod(): string {
  return findLibrary() === null
    ? 'Date of Node (install libfaketime to skew the whole process)'
    : 'libfaketime';
}

function findLibrary(): string | null {
  if (process.platform !== 'linux' || !existsSync(LIBRARY_DIR)) return null;
  const folders = readdirSync(LIBRARY_DIR).filter((name) => name.endsWith('-linux-gnu'));
  const found = folders.map((name) => join(LIBRARY_DIR, name, LIBRARY)).find(existsSync);
  return found ?? null;
}

function shimUrl(skewMs: number): string {
  const code = [
    'const Real=Date;const now=Real.now;',
    `const skewed=()=>now()+(${skewMs});`,
    'globalThis.Date=class extends Real{',
    'constructor(...a){if(a.length===0)super(skewed());else super(...a);}',
    'static now(){return skewed();}};',
  ].join('');
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
