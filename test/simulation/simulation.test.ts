// A thousand small worlds, each with faults of its own: nothing may be lost, doubled or made up in
// any of them.
import { describe, expect, it } from 'vitest';
import { readKeptSeeds } from './kept-seeds.ts';
import { runSeed } from './run-seed.ts';
import { replayCommand, Session } from './session.ts';

const SEEDS = 1_000;
/** Seeds in one test, so that a slow machine is told from one that hangs. */
const SEEDS_PER_TEST = 125;
const TEST_TIMEOUT_MS = 600_000;

describe('the exchange in a simulated world', { timeout: TEST_TIMEOUT_MS }, () => {
  const session = new Session();

  it.each(readKeptSeeds())('holds for seed $seed: $reason', async ({ seed }) => {
    const { violation } = await runSeed({ seed });
    expect(violation, replayCommand({ seed })).toBeNull();
  });

  it('does the same again for the same seed, and something else for another', async () => {
    const [first, again, other] = [await runSeed({ seed: 7 }), await runSeed({ seed: 7 })].concat(
      await runSeed({ seed: 8 }),
    );
    expect(first?.traceHash).toBe(again?.traceHash);
    expect(first?.counts).toEqual(again?.counts);
    expect(first?.traceHash).not.toBe(other?.traceHash);
  });

  const parts = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, at) => at * SEEDS_PER_TEST + 1);
  it.each(parts)('keeps every invariant from seed %i on', async (from) => {
    for (let seed = from; seed < from + SEEDS_PER_TEST; seed += 1) {
      const { violation } = await session.run({ seed });
      expect(violation, replayCommand({ seed })).toBeNull();
    }
  });

  it('has seen every kind of fault, and every type of order with every outcome', () => {
    expect(session.totals.seeds).toBe(SEEDS);
    expect(session.missing()).toEqual([]);
  });
});
