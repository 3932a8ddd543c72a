// How long a child that keeps ending is waited for.
import { expect, it } from 'vitest';
import { RestartBackoff } from './restart.ts';

it('waits ever longer, up to a bound, and not long again after a child that lived', () => {
  const backoff = new RestartBackoff(1_000);
  const waits = Array.from({ length: 6 }, () => backoff.nextMs(50));
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(backoff.nextMs(60_000)).toBe(100);
});
