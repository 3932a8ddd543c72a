// A thousand small worlds, each with faults of its own: nothing may be lost, doubled or made up in
// any of them. few-seeds.test.ts runs the first hundred.
import { describe, expect, it } from 'vitest';
import { replayCommand, Session } from './session.ts';

const FROM = 101;
const SEEDS = 900;
/** Seeds in one test, so that a slow machine is told from one that hangs. */
const SEEDS_PER_TEST = 100;
const TEST_TIMEOUT_MS = 600_000;

describe('the exchange in simulated worlds', { timeout: TEST_TIMEOUT_MS }, () => {
  const session = new Session();
  const parts = Array.from(
    { length: SEEDS / SEEDS_PER_TEST },
    (_, at) => FROM + at * SEEDS_PER_TEST,
  );

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
