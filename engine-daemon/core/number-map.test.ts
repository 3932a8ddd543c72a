// Against the built-in map, on numbers that are dense, sparse, huge, and of equal low bits.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberMap } from './number-map.ts';

const key = fc.oneof(
  fc.integer({ min: 1, max: 50 }),
  fc.integer({ min: 1, max: 40 }).map((times) => times * 2 ** 32),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 0, max: 9 }).map((below) => Number.MAX_SAFE_INTEGER - below),
);
const step = fc.record({ key, doesSet: fc.boolean() });

describe('a map of numbers', () => {
  it('has what a map has, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ours = new NumberMap<number>();
        const theirs = new Map<number, number>();
        for (const [at, { key, doesSet }] of steps.entries()) {
          if (doesSet) {
            ours.set(key, at);
            theirs.set(key, at);
          } else {
            ours.delete(key);
            theirs.delete(key);
          }
          expect(ours.size).toBe(theirs.size);
        }
        for (const { key } of steps) expect(ours.get(key)).toBe(theirs.get(key));
        expect(ours.values().sort()).toEqual([...theirs.values()].sort());
      }),
    );
  });

  it('grows, and gives back every key', () => {
    const map = new NumberMap<string>();
    for (let key = 1; key <= 100_000; key += 1) map.set(key * 3, String(key));
    expect(map.size).toBe(100_000);
    for (let key = 1; key <= 100_000; key += 2) map.delete(key * 3);
    expect(map.size).toBe(50_000);
    const wrong = Array.from({ length: 100_000 }, (_, at) => at + 1).filter(
      (key) => map.get(key * 3) !== (key % 2 === 1 ? undefined : String(key)),
    );
    expect(wrong).toEqual([]);
    expect(map.get(1)).toBeUndefined();
  });
});
