// Nice values from the CPU requests of the real manifests, and of broken ones.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isKnativeService } from '../../manifests/kinds.ts';
import { editedBase, type Edit } from '../../testing/base-manifests.ts';
import { beNice, nicenessOf } from './niceness.ts';

function nicenessIn(edits: readonly Edit[]): Readonly<Record<string, number>> {
  const services = editedBase(edits).filter(isKnativeService);
  return Object.fromEntries(services.map((each) => [each.name, nicenessOf(each, services)]));
}

describe('the nice value of a service', () => {
  it('is 0 for those on the way of an order, and a share of CPU for others', () => {
    const found = nicenessIn([]);
    expect(found).toMatchObject({ orders: 0, settlement: 0, 'market-data': 3, auth: 7 });
    // 1.25 to the 7th is 4.8: a fifth of the CPU, as 100m beside 500m.
    expect(found['notifications']).toBe(10);
  });

  it('is 0 where nothing is asked for, and never more than there is', () => {
    expect(nicenessIn([{ file: 'auth.yaml', from: 'cpu: 100m', to: 'cpu: lots' }])['auth']).toBe(0);
    expect(nicenessIn([{ file: 'auth.yaml', from: 'cpu: 100m', to: 'cpu: 1m' }])['auth']).toBe(19);
    const whole = nicenessIn([{ file: 'orders.yaml', from: 'cpu: 500m', to: "cpu: '1'" }]);
    expect(whole).toMatchObject({ orders: 0, settlement: 3, auth: 10 });
  });
});

describe('a process that steps back', () => {
  it('does so beside other sessions too, where the system groups processes by session', () => {
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1e3)'], {
      detached: true,
      stdio: 'ignore',
    });
    try {
      const pid = child.pid ?? 0;
      beNice(pid, 7);
      expect(getPriority(pid)).toBe(7);
      const file = `/proc/${pid}/autogroup`;
      const group = existsSync(file) ? readFileSync(file, 'utf8') : 'nice 7';
      expect(group).toMatch(/nice 7\s*$/);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
