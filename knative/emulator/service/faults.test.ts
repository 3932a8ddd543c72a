// Faults put in on purpose are counted, and clear away.
import { describe, expect, it } from 'vitest';
import { faultSchema, FaultPlan, whyNotPutIn } from './faults.ts';

describe('the fault plan', () => {
  it.each([
    [{ target: 'orders', kind: 'melt' }],
    [{ target: 'orders', kind: 'error', status: 200 }],
    [{ target: 'orders', kind: 'delay', delayMs: -1 }],
    [{ target: 'orders', kind: 'delay', other: 1 }],
    [{ target: 'orders', kind: 'delay', status: 503 }],
    [{ target: 'orders', kind: 'error', delayMs: 5 }],
    [{ target: 'orders', kind: 'drop', when: 'later' }],
    [{ target: 'orders', kind: 'crash', count: 0 }],
    [{ target: 'orders', kind: 'crash', share: 2 }],
    [{ kind: 'crash' }],
    [null],
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

  it('forgets one fault alone', () => {
    const plan = new FaultPlan();
    const first = plan.add(faultSchema.parse({ target: 'orders', kind: 'crash' }));
    plan.add(faultSchema.parse({ target: 'orders', kind: 'delay' }));
    expect(plan.remove(first?.id ?? '')).toBe(true);
    expect(plan.remove(first?.id ?? '')).toBe(false);
    expect(plan.list()).toMatchObject([{ fault: { kind: 'delay' } }]);
  });

  it('is bounded', () => {
    const plan = new FaultPlan();
    const fault = faultSchema.parse({ target: 'orders', kind: 'crash' });
    for (let n = 0; n < 1_000; n += 1) expect(plan.add(fault)).not.toBeNull();
    expect(plan.add(fault)).toBeNull();
  });

  const targets = {
    functions: ['orders', 'fees'],
    sources: [
      { name: 'orders', ordering: 'unordered' },
      { name: 'strict', ordering: 'ordered' },
    ],
  };

  it.each([
    [{ target: 'nobody', kind: 'delay' }, 'no target nobody: one of orders, fees, strict'],
    [{ target: 'fees', kind: 'duplicate' }, 'duplicate is for sources'],
    [{ target: 'fees', kind: 'reorder' }, 'reorder is for sources'],
    [{ target: 'strict', kind: 'reorder' }, 'ordered source'],
  ])('is not put in: %j', (fault, why) => {
    expect(whyNotPutIn(faultSchema.parse(fault), targets)).toContain(why);
  });

  it('is put in where it can be', () => {
    const fault = faultSchema.parse({ target: 'orders', kind: 'reorder' });
    expect(whyNotPutIn(fault, targets)).toBeNull();
  });
});
