// The catalog of crash points and the code agree, and a point does nothing unless it is asked to.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS, MOVE_CRASH_POINTS } from '../../shared/config/crash-point.ts';
import { listFiles, readSource } from '../tidy/source-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Passes two points, twice, in a process of its own. */
function pass(environment: Readonly<Record<string, string>>): ReturnType<typeof spawnSync> {
  const code = `
    import { crashPoint } from './shared/config/crash-point.ts';
    for (const round of [1, 2]) {
      crashPoint('settlement.recorded');
      crashPoint('settlement.before-commit');
      process.stdout.write(String(round));
    }`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', code];
  return spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
}

describe('crash points', () => {
  it('are called where the catalog says, each in exactly one place', () => {
    const called = listFiles()
      .filter((path) => /^(shared|functions|engine-daemon|knative)\/.*\.ts$/.test(path))
      .flatMap((path) => [...readSource(path).text.matchAll(/\bcrashPoint\('([^']+)'\)/g)])
      .map((match) => match[1] ?? '');
    const named = Object.keys({ ...CRASH_POINTS, ...MOVE_CRASH_POINTS });
    expect(called.sort()).toEqual(named.sort());
  });

  it('do nothing in a process that was not told to die', () => {
    expect(pass({})).toMatchObject({ status: 0, stdout: '12' });
  });

  it('kill at the named place, on the pass that was asked for, once for ever', () => {
    const dir = mkdtempSync(join(tmpdir(), 'bourse-crash-'));
    try {
      const order = {
        CRASH_POINT: 'settlement.before-commit',
        CRASH_POINT_HIT: '2',
        CRASH_POINT_FILE: join(dir, 'mark'),
      };
      expect(pass(order)).toMatchObject({ signal: 'SIGKILL', stdout: '1' });
      expect(existsSync(order.CRASH_POINT_FILE)).toBe(true);
      expect(pass(order)).toMatchObject({ status: 0, stdout: '12' });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
