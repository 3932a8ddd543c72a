// When questions to the cluster are let through again.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBrokerBreaker, isAway, type BrokerBreaker } from './broker-breaker.ts';

const FAILURES = 5;
const PROBE_AFTER_MS = 1_000;
const CLOCK_SET_BACK_MS = 600_000;

afterEach(() => vi.useRealTimers());

async function openedBreaker(): Promise<BrokerBreaker> {
  const breaker = createBrokerBreaker();
  for (let times = 0; times < FAILURES; times += 1) {
    await expect(breaker.execute(fail)).rejects.toThrow('no broker');
  }
  return breaker;
}

const fail = (): Promise<never> => Promise.reject(new Error('no broker'));
const answer = (): Promise<string> => Promise.resolve('here');

describe('the breaker of the cluster', () => {
  it('lets one question through a second after it has opened, not before', async () => {
    vi.useFakeTimers();
    const breaker = await openedBreaker();
    vi.advanceTimersByTime(PROBE_AFTER_MS - 1);
    await expect(breaker.execute(answer)).rejects.toSatisfy(isAway);
    vi.advanceTimersByTime(1);
    await expect(breaker.execute(fail)).rejects.toThrow('no broker');
    await expect(breaker.execute(answer)).rejects.toSatisfy(isAway);
    vi.advanceTimersByTime(PROBE_AFTER_MS);
    await expect(breaker.execute(answer)).resolves.toBe('here');
    await expect(breaker.execute(answer)).resolves.toBe('here');
  });

  it('is not kept open by a wall clock that is set back', async () => {
    vi.useFakeTimers();
    const breaker = await openedBreaker();
    vi.setSystemTime(Date.now() - CLOCK_SET_BACK_MS);
    vi.advanceTimersByTime(PROBE_AFTER_MS);
    await expect(breaker.execute(answer)).resolves.toBe('here');
  });
});
