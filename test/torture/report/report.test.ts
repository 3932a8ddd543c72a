// A run that did not do what it should have done must not pass.
import { describe, expect, it } from 'vitest';
import { Violations } from '../check/violations.ts';
import { Recoveries } from './recoveries.ts';
import { FaultCounts, outcomeOf } from './report.ts';

describe('the outcome', () => {
  it('is not covering when a kind of fault never happened, even if it was tried', () => {
    const faults = new FaultCounts();
    faults.note('kill orders', true);
    faults.note('disk full', false);
    const notCovered = faults.missing(['kill orders', 'disk full', 'clock skew']);
    expect(notCovered).toEqual(['clock skew', 'disk full']);
    expect(outcomeOf({ violations: [], notCovered })).toBe('NOT COVERING');
    expect(outcomeOf({ violations: [], notCovered: [] })).toBe('PASSED');
  });

  it('knows the rarest of a kind, one that never happened included', () => {
    const faults = new FaultCounts();
    expect(faults.least('crash point ')).toBe(0);
    for (const label of ['crash point a', 'crash point a', 'crash point b', 'kill a']) {
      faults.note(label, true);
    }
    expect(faults.least('crash point ')).toBe(1);
    faults.note('crash point c', false);
    expect(faults.least('crash point ')).toBe(0);
  });

  it('is a violation before anything else, and keeps the first row and the count', () => {
    const violations = new Violations();
    violations.add('L1', 'not zero', { asset: 'USD' });
    violations.add('L1', 'not zero', { asset: 'BTC' });
    expect(violations.list()).toEqual([
      { invariant: 'L1', problem: 'not zero', row: { asset: 'USD' }, count: 2 },
    ]);
    expect(outcomeOf({ violations: violations.list(), notCovered: ['x'] })).toBe('VIOLATED');
  });

  it('counts recoveries that never came apart from the times of those that did', () => {
    const recoveries = new Recoveries();
    for (const ms of [30, 10, 20]) recoveries.note('engine', ms);
    recoveries.note('engine', null);
    expect(recoveries.figures('engine')).toEqual({
      count: 3,
      p50Ms: 20,
      p99Ms: 30,
      worstMs: 30,
      missing: 1,
    });
  });
});
