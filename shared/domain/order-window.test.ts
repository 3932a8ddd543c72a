// Which window an order is counted in: of its own time, unless another has been there later.
import { describe, expect, it } from 'vitest';
import { ORDER_WINDOW_MS, orderWindowAt } from './order-window.ts';

const START_MS = Date.parse('2026-03-31T12:00:00Z');

describe('the window of now', () => {
  it.each([
    ['begins at 0 for who has none', START_MS, null, 0],
    ['begins at 0 when the last one is over', START_MS, START_MS - ORDER_WINDOW_MS, 0],
    ['is the stored one from its first millisecond', START_MS, START_MS, 5],
    ['is the stored one to its last millisecond', START_MS + ORDER_WINDOW_MS - 1, START_MS, 5],
  ])('%s', (_name, nowMs, storedMs, orders) => {
    const stored = storedMs === null ? null : { startMs: storedMs, orders: 5 };
    expect(orderWindowAt(nowMs, stored)).toEqual({ startMs: START_MS, orders });
  });

  it('is the next one where another instance has begun it', () => {
    const next = { startMs: START_MS + ORDER_WINDOW_MS, orders: 5 };
    expect(orderWindowAt(START_MS + ORDER_WINDOW_MS - 1, next)).toEqual(next);
  });

  it('is none that is further ahead: the clock has been set back', () => {
    const ahead = { startMs: START_MS + 2 * ORDER_WINDOW_MS, orders: 5 };
    expect(orderWindowAt(START_MS + 1, ahead)).toEqual({ startMs: START_MS, orders: 0 });
  });
});
