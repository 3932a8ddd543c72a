// The seed is all that a schedule depends on, and every round covers everything.
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS } from '../../../shared/config/crash-point.ts';
import { TOXIC_KINDS } from '../proxy/toxics.ts';
import { labelOf } from './fault.ts';
import { expectedLabels, LONG_PROFILE, Schedule, scheduleHash } from './schedule.ts';
import { SHORT_PROFILE } from './schedule.ts';

describe('a schedule', () => {
  it('is another one for another seed or profile', () => {
    const hashes = [
      scheduleHash(1, LONG_PROFILE),
      scheduleHash(2, LONG_PROFILE),
      scheduleHash(1, SHORT_PROFILE),
    ];
    expect(new Set(hashes).size).toBe(3);
  });

  it('is the same one for the same seed, round after round', () => {
    const [one, other] = [new Schedule(7, LONG_PROFILE), new Schedule(7, LONG_PROFILE)];
    for (let round = 0; round < 5; round += 1) expect(other.nextRound()).toEqual(one.nextRound());
    expect(scheduleHash(7, LONG_PROFILE)).toBe(scheduleHash(7, LONG_PROFILE));
  });

  it('holds every kind of fault in each round', () => {
    const schedule = new Schedule(3, SHORT_PROFILE);
    const expected = expectedLabels(SHORT_PROFILE);
    for (let round = 0; round < 5; round += 1) {
      const labels = new Set(schedule.nextRound().map((step) => labelOf(step.fault)));
      expect([...expected].filter((label) => !labels.has(label))).toEqual([]);
    }
    for (const kind of TOXIC_KINDS) expect(expected).toContain(`network ${kind}`);
    for (const [point, targets] of Object.entries(CRASH_POINTS)) {
      for (const target of targets) expect(expected).toContain(`crash point ${point} in ${target}`);
    }
    expect(expectedLabels(SHORT_PROFILE, ['redis'])).toContain('redis FLUSHALL');
    expect(expectedLabels(SHORT_PROFILE, ['kafka'])).toContain('kafka SIGKILL');
    expect(expected).toContain('kill everything');
    expect(expected).toContain('kill some');
  });

  it('kills at least sixty processes in a short round', () => {
    const kills = new Schedule(1, SHORT_PROFILE).nextRound().map(({ fault }) => {
      if (fault.kind === 'kill') return fault.targets.length;
      // One to give the order, one where it is carried out.
      return fault.kind === 'crash-point' ? 2 : 0;
    });
    expect(kills.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(60);
  });
});
