// Faults put in on purpose are counted, and clear away.
import { describe, expect, it } from 'vitest';
import { faultSchema, FaultPlan } from './faults.ts';

describe('the fault plan', () => {
  it.each([
    [{ target: 'orders', kind: 'melt' }],
    [{ target: 'orders', kind: 'error', status: 200 }],
    [{ target: 'orders', kind: 'delay', delayMs: -1 }],
    [{ target: 'orders', kind: 'delay', other: 1 }],
  ])('refuses %j', (fault) => {
    expect(faultSchema.safeParse(fault).success).toBe(false);
  });

  it('gives a fault as often as it was asked for, to its target and kind alone', () => {
    const plan = new FaultPlan();
    plan.add(faultSchema.parse({ target: 'orders', kind: 'error', count: 2 }));
    expect(plan.take('fees', ['error'])).toBeNull();
    expect(plan.take('orders', ['delay'])).toBeNull();
    expect(plan.take('orders', ['error'])?.status).toBe(503);
    expect(plan.list()).toMatchObject([{ left: 1 }]);
    expect(plan.take('orders', ['error'])).not.toBeNull();
    expect(plan.take('orders', ['error'])).toBeNull();
  });

  it('ends with clear', () => {
    const plan = new FaultPlan();
    plan.add(faultSchema.parse({ target: 'orders', kind: 'crash' }));
    plan.clear();
    expect(plan.take('orders', ['crash'])).toBeNull();
  });
});
