// A connection of KafkaJS without waiting requests sets no timer; with some, it goes on by itself.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { restEmptyQueues } from './request-queue.ts';

beforeEach(() => {
  restEmptyQueues();
  restEmptyQueues();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function createQueue(): RequestQueue {
  return new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'localhost:9092',
    logger: { debug: () => undefined },
  });
}

describe('the request queue of a connection', () => {
  it('sets no timer while nothing waits', () => {
    createQueue().checkPendingRequests();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waited for the end of a throttling, and rests again', () => {
    const queue = createQueue();
    const sent: number[] = [];
    queue.maybeThrottle(50);
    for (const correlationId of [1, 2]) {
      queue.push({
        entry: { correlationId },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      });
    }
    expect(queue.pending).toHaveLength(2);
    vi.advanceTimersByTime(49);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
