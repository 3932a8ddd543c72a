// The first hundred worlds, for whoever wants to know soon: simulation.long.test.ts runs the rest.
import { describe, expect, it } from 'vitest';
import { readKeptSeeds } from './kept-seeds.ts';
import { runSeed } from './run-seed.ts';
import { replayCommand } from './session.ts';

const SEEDS = 100;
const TEST_TIMEOUT_MS = 600_000;

describe('a hundred simulated worlds', { timeout: TEST_TIMEOUT_MS }, () => {
  it('keep every invariant', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { violation } = await runSeed({ seed });
      expect(violation, replayCommand({ seed })).toBeNull();
    }
  });

  it.each(readKeptSeeds())('hold for seed $seed: $reason', async ({ seed }) => {
    const { violation } = await runSeed({ seed });
    expect(violation, replayCommand({ seed })).toBeNull();
  });

  it('are the same again for the same seed, and others for another', async () => {
    const [first, again, other] = [
      await runSeed({ seed: 7 }),
      await runSeed({ seed: 7 }),
      await runSeed({ seed: 8 }),
    ];
    expect(first.traceHash).toBe(again.traceHash);
    expect(first.counts).toEqual(again.counts);
    expect(first.traceHash).not.toBe(other.traceHash);
  });
});
