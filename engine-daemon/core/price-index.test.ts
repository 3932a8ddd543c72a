// The radix index of price levels against a sorted array, over the whole range of prices.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PriceIndex } from './price-index.ts';

const price = fc.oneof(
  fc.integer({ min: 1, max: 4_294_967_295 }),
  fc.integer({ min: 1, max: 600 }),
  fc.integer({ min: 4_294_966_700, max: 4_294_967_295 }),
  fc.constantFrom(255, 256, 65_535, 65_536, 16_777_215, 16_777_216, 2_147_483_647, 2_147_483_648),
);

describe('PriceIndex', () => {
  it('finds the same neighbours as a sorted array', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(price, fc.boolean()), { maxLength: 200 }), (steps) => {
        const index = new PriceIndex();
        const marked = new Set<number>();
        for (const [ticks, recycles] of steps) {
          const level = index.obtain(ticks);
          expect(index.priceOf(level)).toBe(ticks);
          if (marked.delete(ticks)) index.unmark(level);
          else index.mark(level);
          if (index.isMarked(level)) marked.add(ticks);
          expectNeighbours(index, marked, ticks);
          if (recycles) index.recycle();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the pages of a wandering price back', () => {
    const index = new PriceIndex();
    for (let ticks = 1; ticks < 4_000_000_000; ticks += 999_983) {
      const level = index.obtain(ticks);
      index.mark(level);
      index.unmark(level);
      index.recycle();
    }
    expect(index.bytes()).toBe(new PriceIndex().bytes());
  });
});

function expectNeighbours(index: PriceIndex, marked: ReadonlySet<number>, ticks: number): void {
  const sorted = [...marked].sort((a, b) => a - b);
  const above = sorted.find((other) => other > ticks) ?? 0;
  const below = sorted.filter((other) => other < ticks).at(-1) ?? 0;
  expect(priceAt(index, index.above(ticks))).toBe(above);
  expect(priceAt(index, index.below(ticks))).toBe(below);
  expect(priceAt(index, index.lowest())).toBe(sorted[0] ?? 0);
}

function priceAt(index: PriceIndex, level: number): number {
  return level === 0 ? 0 : index.priceOf(level);
}
