// The life of a signing key, to the millisecond.
import { describe, expect, it } from 'vitest';
import {
  findSigningKey,
  planRotation,
  PUBLISHED_AFTER_MS,
  PUBLISHED_AHEAD_MS,
  stateOf,
  type KeyTimes,
} from './decide.ts';

const NOW = Date.parse('2026-03-31T12:00:00Z');

function key(kid: string, times: Partial<KeyTimes> = {}): KeyTimes {
  return {
    kid,
    publishedAtMs: NOW - PUBLISHED_AHEAD_MS,
    signsFromMs: null,
    signsUntilMs: null,
    withdrawnAtMs: null,
    ...times,
  };
}

const SIGNING = key('signing', { signsFromMs: NOW - 1_000 });
const STANDBY = key('standby');

describe('a rotation is refused', () => {
  it('when there is no key that signs, or none that stands by', () => {
    expect(planRotation([], NOW, false)).toBe('there are no keys to rotate yet');
    expect(planRotation([SIGNING], NOW, false)).toBe('there are no keys to rotate yet');
    expect(planRotation([STANDBY], NOW, false)).toBe('there are no keys to rotate yet');
  });

  it('while another is under way', () => {
    const keys = [
      { ...SIGNING, signsUntilMs: NOW + 1 },
      key('next', { signsFromMs: NOW + 1 }),
      STANDBY,
    ];
    expect(planRotation(keys, NOW, false)).toContain('a rotation is under way');
    expect(planRotation(keys, NOW + 1, false)).toMatchObject({ from: 'next', to: 'standby' });
  });
});

describe('a rotation', () => {
  it('is at once when the next key has been published long enough', () => {
    const rotation = { from: 'signing', to: 'standby', atMs: NOW, withdraw: false };
    expect(planRotation([SIGNING, STANDBY], NOW, false)).toEqual(rotation);
  });

  it('waits until it has', () => {
    const young = { ...STANDBY, publishedAtMs: NOW - 1 };
    const atMs = NOW - 1 + PUBLISHED_AHEAD_MS;
    expect(planRotation([SIGNING, young], NOW, false)).toMatchObject({ to: 'standby', atMs });
  });

  it('never waits when the key that signs has leaked, nor for one under way', () => {
    const young = { ...STANDBY, publishedAtMs: NOW - 1 };
    expect(planRotation([SIGNING, young], NOW, true)).toMatchObject({ atMs: NOW, withdraw: true });
    const keys = [{ ...SIGNING, signsUntilMs: NOW + 9 }, key('next', { signsFromMs: NOW + 9 })];
    const rotation = { from: 'signing', to: 'next', atMs: NOW };
    expect(planRotation([...keys, STANDBY], NOW, true)).toMatchObject(rotation);
  });
});

describe('a key', () => {
  it('is published, signs, is retired and gone', () => {
    const whole = key('k', { signsFromMs: NOW, signsUntilMs: NOW + 10 });
    const end = NOW + 10 + PUBLISHED_AFTER_MS;
    expect(stateOf(STANDBY, NOW)).toBe('published');
    expect(stateOf(whole, NOW - 1)).toBe('published');
    expect(stateOf(whole, NOW)).toBe('signing');
    expect(stateOf(whole, NOW + 9)).toBe('signing');
    expect(stateOf(whole, NOW + 10)).toBe('retired');
    expect(stateOf(whole, end - 1)).toBe('retired');
    expect(stateOf(whole, end)).toBe('gone');
    expect(stateOf({ ...whole, withdrawnAtMs: NOW + 10 }, NOW + 10)).toBe('gone');
  });

  it('signs alone: the old one until, the new one from', () => {
    const keys = [
      key('old', { signsFromMs: NOW - 10, signsUntilMs: NOW }),
      key('new', { signsFromMs: NOW }),
      STANDBY,
    ];
    expect(findSigningKey(keys, NOW - 1)?.kid).toBe('old');
    expect(findSigningKey(keys, NOW)?.kid).toBe('new');
    expect(findSigningKey([STANDBY], NOW)).toBeNull();
  });

  it('that is the first signs for an instance whose clock is behind, too', () => {
    expect(findSigningKey([key('first', { signsFromMs: NOW + 1 })], NOW)?.kid).toBe('first');
  });
});
