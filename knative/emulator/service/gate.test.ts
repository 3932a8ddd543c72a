// containerConcurrency and the queue before it.
import { describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';

describe('the gate', () => {
  it('turns away whoever comes after ten times the limit', () => {
    const gate = new Gate(1);
    expect(gate.enter()).toBe(true);
    for (let n = 0; n < 10; n += 1) expect(gate.enter()).toBeInstanceOf(Promise);
    expect(gate.enter()).toBe(false);
    expect(gate).toMatchObject({ active: 1, waiting: 10 });
  });

  it('hands a place to the first in the queue, never above the limit', async () => {
    const gate = new Gate(2);
    void gate.enter();
    void gate.enter();
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (n) => {
      await gate.enter();
      order.push(n);
      expect(gate.active).toBeLessThanOrEqual(2);
      gate.leave();
    });
    gate.leave();
    gate.leave();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
    expect(gate).toMatchObject({ active: 0, waiting: 0 });
  });

  it('has no limit at 0', () => {
    const gate = new Gate(0);
    for (let n = 0; n < 5000; n += 1) expect(gate.enter()).toBe(true);
  });
});
