// Trying again until the outcome is known, on a clock of the test's own.
import { describe, expect, it } from 'vitest';
import { OutcomeUnknownError, retryUntilKnown, type Attempt, type RetryClock } from './retry.ts';

const PATIENCE_MS = 10_000;

function clockOf(waits: number[]): RetryClock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    wait: (ms) => {
      waits.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
}

async function run(
  attempts: readonly Attempt<string>[],
): Promise<{ answer: string; waits: number[] }> {
  const waits: number[] = [];
  const answer = await retryUntilKnown<string>(
    (number) => Promise.resolve(attempts[number - 1] ?? { again: 'still away' }),
    PATIENCE_MS,
    clockOf(waits),
  );
  return { answer, waits };
}

describe('a request whose outcome stays unknown', () => {
  it('is given up, with the last reason and its cause, when patience ends', async () => {
    const cause = new Error('refused');
    const waits: number[] = [];
    const failing = retryUntilKnown<string>(
      () => Promise.resolve({ again: 'ECONNREFUSED', cause }),
      PATIENCE_MS,
      clockOf(waits),
    );
    await expect(failing).rejects.toThrow(OutcomeUnknownError);
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED') as string,
      cause,
    });
    const waitedMs = waits.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThan(PATIENCE_MS);
    expect(waitedMs).toBeLessThan(PATIENCE_MS + 2_000);
  });

  it('is not hidden when an attempt breaks rather than fails', async () => {
    const broken = retryUntilKnown<string>(
      () => Promise.reject(new TypeError('a bug')),
      PATIENCE_MS,
    );
    await expect(broken).rejects.toThrow('a bug');
  });
});

describe('a request whose outcome is unknown at first', () => {
  it('is tried again, ever slower, up to a second apart', async () => {
    const lost = Array.from({ length: 7 }, () => ({ again: 'lost' }));
    const { answer, waits } = await run([...lost, { done: 'known' }]);
    expect(answer).toBe('known');
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
  });

  it('waits as long as the exchange asks for', async () => {
    const { waits } = await run([{ again: '503', afterMs: 3_000 }, { done: 'known' }]);
    expect(waits).toEqual([3_000]);
  });

  it('is not waited for when the first answer tells', async () => {
    expect(await run([{ done: 'known' }])).toEqual({ answer: 'known', waits: [] });
  });
});
