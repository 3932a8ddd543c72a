// containerConcurrency and the queue before it.
import { describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';

const never = (): AbortSignal => new AbortController().signal;

describe('the gate', () => {
  it('turns away whoever comes after ten times the limit', () => {
    const gate = new Gate(1);
    expect(gate.enter(never())).toBe(true);
    for (let n = 0; n < 10; n += 1) expect(gate.enter(never())).toBeInstanceOf(Promise);
    expect(gate.enter(never())).toBe(false);
    expect(gate).toMatchObject({ active: 1, waiting: 10 });
  });

  it('hands a place to the first in the queue, never above the limit', async () => {
    const gate = new Gate(2);
    void gate.enter(never());
    void gate.enter(never());
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (n) => {
      await gate.enter(never());
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

  it('forgets whoever stops waiting', async () => {
    const gate = new Gate(1);
    void gate.enter(never());
    const impatient = new AbortController();
    const entered = gate.enter(impatient.signal);
    const second = gate.enter(never());
    impatient.abort();
    expect(await entered).toBe(false);
    gate.leave();
    expect(await second).toBe(true);
    expect(gate).toMatchObject({ active: 1, waiting: 0 });
  });

  it('has no limit at 0', () => {
    const gate = new Gate(0);
    for (let n = 0; n < 5000; n += 1) expect(gate.enter(never())).toBe(true);
  });
});
