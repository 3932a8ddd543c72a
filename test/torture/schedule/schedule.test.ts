// The seed is all that a schedule depends on, and every round covers everything.
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS } from '../../../shared/config/crash-point.ts';
import { linksOf } from '../proxy/links.ts';
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
    for (const kind of TOXIC_KINDS) expect(expected).toContain(`network postgres ${kind}`);
    for (const [point, targets] of Object.entries(CRASH_POINTS)) {
      for (const target of targets) expect(expected).toContain(`crash point ${point} in ${target}`);
    }
    expect(expectedLabels(SHORT_PROFILE, { beside: ['redis'], shards: 1 })).toContain(
      'redis FLUSHALL',
    );
    const withKafka = expectedLabels(SHORT_PROFILE, { beside: ['kafka'], shards: 2 });
    expect(withKafka).toContain('kafka SIGKILL');
    for (const how of ['', ', its command killed', ', an engine killed']) {
      expect(withKafka).toContain(`market move${how}`);
      expect(expected).not.toContain(`market move${how}`);
    }
    for (const kind of TOXIC_KINDS) expect(withKafka).toContain(`network kafka ${kind}`);
    expect(expected).toContain('kill everything');
    expect(expected).toContain('kill some');
  });

  it('hurts the links that the topology has, all of them, and no others', () => {
    for (const beside of [[], ['redis'], ['kafka', 'redis']] as const) {
      const schedule = new Schedule(5, SHORT_PROFILE, { beside, shards: 1 });
      const hurt = new Set<string>();
      for (let round = 0; round < 20; round += 1) {
        for (const { fault } of schedule.nextRound()) {
          if (fault.kind === 'network') hurt.add(`${fault.link.server} ${fault.link.client}`);
        }
      }
      const there = [...linksOf(beside).values()].flat();
      expect([...hurt].sort()).toEqual(there.map((l) => `${l.server} ${l.client}`).sort());
      // The embedded log's user exists, but has no connection when the log is Kafka.
      expect(hurt.has('postgres bourse_bus')).toBe(!there.some((l) => l.server === 'kafka'));
    }
  });

  it('kills two hundred processes and everything ten times in three long rounds', () => {
    const schedule = new Schedule(1, LONG_PROFILE, { beside: ['kafka', 'redis'], shards: 2 });
    const faults = [1, 2, 3].flatMap(() => schedule.nextRound().map(({ fault }) => fault));
    const everything = faults.filter(({ kind }) => kind === 'kill-everything').length;
    const single = faults.map((fault) => (fault.kind === 'kill' ? fault.targets.length : 0));
    expect(everything).toBeGreaterThanOrEqual(10);
    // All of them: the children and the emulator, Postgres, Kafka and Redis.
    const kills = single.reduce((sum, each) => sum + each, 0) + everything * 10;
    expect(kills).toBeGreaterThanOrEqual(200);
    for (const point of Object.keys(CRASH_POINTS)) {
      const hits = faults.filter((each) => each.kind === 'crash-point' && each.point === point);
      expect(hits.length, point).toBeGreaterThanOrEqual(3);
    }
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
