// C4: how long a sign-in waits after those that failed.
import { describe, expect, it } from 'vitest';
import { decideThrottle, type FailureCount, type FailureKind } from './decide.ts';

const NOW = Date.parse('2026-03-31T12:00:00Z');
const MINUTE = 60_000;

function count(kind: FailureKind, failures: number, agoMs = 0): FailureCount {
  return { kind, failures, lastFailedAtMs: NOW - agoMs };
}

function waitMs(counts: readonly FailureCount[], isKnownAddress = false): number {
  const throttle = decideThrottle(counts, isKnownAddress, NOW);
  return throttle.kind === 'wait' ? throttle.waitMs : 0;
}

describe('C4 a sign-in waits', () => {
  it.each([
    ['account', 4, 0],
    ['account', 5, 1_000],
    ['account', 6, 2_000],
    ['account', 9, 16_000],
    ['account', 14, 512_000],
    ['account', 15, 15 * MINUTE],
    ['account', 1_000_000, 15 * MINUTE],
    ['address', 19, 0],
    ['address', 20, 1_000],
    ['address', 22, 4_000],
    ['subnet', 99, 0],
    ['subnet', 100, 1_000],
  ] as const)('by %s after %i failures for %i ms', (kind, failures, expected) => {
    expect(waitMs([count(kind, failures)])).toBe(expected);
  });

  it('as long as what is left, to the millisecond', () => {
    expect(waitMs([count('account', 7, 3_999)])).toBe(1);
    expect(waitMs([count('account', 7, 4_000)])).toBe(0);
  });

  it('for the longest wait of those that hold', () => {
    expect(waitMs([count('account', 6), count('address', 23), count('subnet', 3)])).toBe(8_000);
  });

  it('not by account where the user has signed in before, but by address even there', () => {
    expect(waitMs([count('account', 1_000)], true)).toBe(0);
    expect(waitMs([count('account', 1_000), count('address', 21)], true)).toBe(2_000);
    expect(waitMs([count('subnet', 101)], true)).toBe(2_000);
  });
});

describe('the failures', () => {
  it('rise by this attempt, each by itself', () => {
    const counts = [count('account', 3), count('address', 0), count('subnet', 50)];
    const failures = { account: 4, address: 1, subnet: 51 };
    expect(decideThrottle(counts, false, NOW)).toEqual({ kind: 'go', failures });
  });

  it('begin anew when there was none for long', () => {
    const counts = [
      count('account', 9, 24 * 60 * MINUTE),
      count('address', 30, 15 * MINUTE),
      count('subnet', 200, 15 * MINUTE),
    ];
    const failures = { account: 1, address: 1, subnet: 1 };
    expect(decideThrottle(counts, false, NOW)).toEqual({ kind: 'go', failures });
    expect(waitMs([count('account', 15, 15 * MINUTE - 1)])).toBe(1);
    const one = decideThrottle([count('account', 15, 15 * MINUTE)], false, NOW);
    expect(one).toMatchObject({ failures: { account: 16 } });
  });
});
