// The delivery rules of KafkaSource, traps included.
import { describe, expect, it } from 'vitest';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { backoffMs, judgeStatus, readDeliveryPolicy } from '../kafka-source/delivery-policy.ts';

describe('the delivery policy', () => {
  it('[defaults.absent] retries ten times with 300 ms when delivery is absent', () => {
    expect(readDeliveryPolicy(undefined)).toEqual({
      retryMax: 10,
      backoffPolicy: 'exponential',
      backoffDelayMs: 300,
      timeoutMs: 600_000,
      deadLetter: null,
    });
  });

  it('[trap.no-retry] never retries when delivery is there without retry', () => {
    const deadLetterSink = { ref: { kind: 'KafkaSink', name: 'dead-letters' } };
    expect(readDeliveryPolicy({ deadLetterSink }).retryMax).toBe(0);
    expect(readDeliveryPolicy({ backoffPolicy: 'linear', backoffDelay: 'PT1S' }).retryMax).toBe(0);
    expect(readDeliveryPolicy({}).retryMax).toBe(0);
  });

  it('[trap.no-backoff] waits from 200 ms when only retry is there', () => {
    expect(readDeliveryPolicy({ retry: 3 })).toMatchObject({
      retryMax: 3,
      backoffPolicy: 'exponential',
      backoffDelayMs: 200,
    });
  });

  it.each([
    ['PT30S', 30_000],
    ['PT0S', 600_000],
    ['nonsense', 600_000],
    [undefined, 600_000],
  ])('[timeout.value] reads the timeout %s as %d ms', (timeout, timeoutMs) => {
    const delivery = timeout === undefined ? { retry: 1 } : { retry: 1, timeout };
    expect(readDeliveryPolicy(delivery).timeoutMs).toBe(timeoutMs);
  });

  it('[backoff.exponential] doubles the delay, counted from the first retry, without a cap', () => {
    const exponential = readDeliveryPolicy({ retry: 10, backoffDelay: 'PT0.3S' });
    expect([1, 2, 3, 10].map((n) => backoffMs(exponential, n))).toEqual([600, 1200, 2400, 307_200]);
  });

  it('[backoff.linear] adds the delay, counted from the first retry', () => {
    const linear = readDeliveryPolicy({ retry: 3, backoffPolicy: 'linear', backoffDelay: 'PT2S' });
    expect([1, 2, 3].map((n) => backoffMs(linear, n))).toEqual([2000, 4000, 6000]);
  });

  it('[defaults.sum] waits 613.8 s in all when everything is left to the defaults', () => {
    const policy = readDeliveryPolicy(undefined);
    const waits = Array.from({ length: policy.retryMax }, (_, n) => backoffMs(policy, n + 1));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(613_800);
  });

  it.each([
    [200, 'delivered'],
    [202, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [300, 'refused'],
    [301, 'refused'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'retry'],
    [408, 'retry'],
    [409, 'retry'],
    [413, 'refused'],
    [422, 'refused'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
    [599, 'retry'],
  ])('[codes] takes %d as %s', (status, verdict) => {
    expect(judgeStatus(status)).toBe(verdict);
  });
});

describe('the sources of our manifests', () => {
  const HOUR_MS = 3_600_000;
  /** The dispatcher's `max.poll.interval.ms`, in a Java int, is for twice so many deliveries. */
  const POLL_RECORDS_MAX = 50;
  const { sources } = readTopology(loadManifests(BASE_DIR));

  it.each(sources.map((source) => [source.name, source] as const))(
    'of %s outlast an hour without Postgres, soon at first and soon after it is back',
    (_name, source) => {
      const policy = readDeliveryPolicy(source.delivery);
      const waits = Array.from({ length: policy.retryMax }, (_, n) => backoffMs(policy, n + 1));
      const waitMs = waits.reduce((sum, wait) => sum + wait, 0);
      expect(waitMs).toBeGreaterThan(HOUR_MS);
      expect(waits[0]).toBeLessThanOrEqual(500);
      expect(waits.at(-1)).toBeLessThanOrEqual(60_000);
      const longestMs = waitMs + (policy.retryMax + 1) * policy.timeoutMs;
      expect(2 * POLL_RECORDS_MAX * longestMs).toBeLessThan(2 ** 31);
    },
  );
});
