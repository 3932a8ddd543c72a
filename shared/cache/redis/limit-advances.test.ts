import { describe, expect, it } from 'vitest';
import type { LimitReading, LimitWindow } from '../limiter.ts';
import { LimitAdvances, type Count } from './limit-advances.ts';

const WINDOW: LimitWindow = { name: 'order', points: 1_200, seconds: 10, bans: true };
/** A fortieth. */
const ADVANCE = 30;
const START_MS = 1_000_000;

let nowMs = START_MS;

function count(points: number, key = 'u:7', window = WINDOW): Count {
  return { key, window, points };
}

function reading(consumed: number, more: Partial<LimitReading> = {}): LimitReading {
  return { consumed, resetsInMs: 10_000, bannedForMs: 0, ...more };
}

/** One that has heard from Redis that so much was used. */
function knowing(consumed: number, window = WINDOW): LimitAdvances {
  nowMs = START_MS;
  const advances = new LimitAdvances(() => nowMs);
  advances.learn(count(1, 'u:7', window), reading(consumed));
  return advances;
}

/** Grants one point at a time until it does not; how many. */
function grantAll(advances: LimitAdvances, window = WINDOW): number {
  for (let granted = 0; ; granted += 1) {
    if (advances.grant(count(1, 'u:7', window)) === null) return granted;
  }
}

describe('what must be asked for', () => {
  it('all of a subject that Redis has never answered for', () => {
    expect(knowing(1).grant(count(1, 'u:8'))).toBeNull();
  });

  it('more than a fortieth of the allowance, at once or one by one', () => {
    expect(knowing(1).grant(count(ADVANCE + 1))).toBeNull();
    expect(knowing(1).grant(count(ADVANCE))).not.toBeNull();
    expect(grantAll(knowing(1))).toBe(ADVANCE);
  });

  it('what is beyond half of the allowance', () => {
    expect(grantAll(knowing(600))).toBe(0);
    expect(grantAll(knowing(590))).toBe(10);
  });

  it('anything of an allowance of few points', () => {
    const window = { ...WINDOW, points: 39 };
    expect(grantAll(knowing(1, window), window)).toBe(0);
  });

  it('the next window', () => {
    const advances = knowing(1);
    nowMs += 9_999;
    expect(advances.grant(count(1))).not.toBeNull();
    nowMs += 1;
    expect(advances.grant(count(1))).toBeNull();
    nowMs -= 1;
    expect(advances.grant(count(1))).toBeNull();
  });

  it('anything, once Redis has answered that the subject is banned', () => {
    const advances = knowing(1);
    advances.learn(count(1), reading(0, { bannedForMs: 120_000 }));
    expect(advances.grant(count(1))).toBeNull();
  });

  it('more, while Redis has not answered to what it was told', () => {
    const advances = knowing(1);
    expect(grantAll(advances)).toBe(ADVANCE);
    const [owed] = advances.takeOwed(10);
    expect(grantAll(advances)).toBe(0);
    // Somebody else's answer counts nothing of it.
    advances.learn(count(1), reading(2));
    expect(grantAll(advances)).toBe(0);
    if (owed !== undefined) advances.learnOwed(owed, reading(2 + ADVANCE));
    expect(grantAll(advances)).toBe(ADVANCE);
  });
});

describe('what is granted', () => {
  it('reads as if it were counted, and is owed once', () => {
    const advances = knowing(100);
    nowMs += 1_000;
    expect(advances.grant(count(3))).toEqual(reading(103, { resetsInMs: 9_000 }));
    expect(advances.grant(count(2))).toEqual(reading(105, { resetsInMs: 9_000 }));
    expect(advances.isOwing).toBe(true);
    expect(advances.takeOwed(10)).toMatchObject([{ key: 'u:7', points: 5, window: WINDOW }]);
    expect(advances.isOwing).toBe(false);
    expect(advances.takeOwed(10)).toEqual([]);
  });

  it('goes on from what others have used meanwhile', () => {
    const advances = knowing(100);
    advances.grant(count(5));
    const [owed] = advances.takeOwed(10);
    advances.grant(count(1));
    if (owed !== undefined) advances.learnOwed(owed, reading(400));
    expect(advances.grant(count(1))?.consumed).toBe(402);
  });

  it('is owed in parts when it is of many', () => {
    const advances = new LimitAdvances(() => nowMs);
    const keys = ['u:1', 'u:2', 'u:3'];
    for (const key of keys) {
      advances.learn(count(1, key), reading(1));
      advances.grant(count(1, key));
    }
    expect(advances.takeOwed(2).map(({ key }) => key)).toEqual(['u:1', 'u:2']);
    expect(advances.takeOwed(2).map(({ key }) => key)).toEqual(['u:3']);
  });

  it('belongs to its own window', () => {
    const advances = knowing(100);
    advances.grant(count(5));
    const [owed] = advances.takeOwed(10);
    nowMs += 10_000;
    expect(advances.grant(count(1))).toBeNull();
    advances.learn(count(1), reading(1));
    advances.grant(count(2));
    if (owed !== undefined) advances.learnOwed(owed, reading(6));
    expect(grantAll(advances)).toBe(ADVANCE - 2);
  });
});
