// Dead-man deadlines by themselves: the same as if all of them were looked at each time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadmen, type Deadline } from './deadmen.ts';

const step = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    user: fc.integer({ min: 1, max: 9 }),
    ms: fc.nat(40),
  }),
  fc.record({ kind: fc.constant('remove' as const), user: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('due' as const), ms: fc.nat(3) }),
);

describe('dead-man deadlines', () => {
  it('come due as a list of all of them would say', () => {
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 400 }), (steps) => {
        const deadmen = new Deadmen();
        const model = new Map<number, number>();
        let nowMs = 0;
        for (const made of steps) {
          if (made.kind === 'set') {
            deadmen.set(made.user, nowMs + 1 + made.ms);
            model.set(made.user, nowMs + 1 + made.ms);
          } else if (made.kind === 'remove') {
            deadmen.remove(made.user);
            model.delete(made.user);
          } else {
            nowMs += made.ms;
            const due = [...model].filter(([, ms]) => ms <= nowMs);
            due.sort(([userA, a], [userB, b]) => a - b || userA - userB);
            expect(deadmen.takeDue(nowMs)).toEqual(due);
            for (const [user] of due) model.delete(user);
          }
          const all: Deadline[] = [...model].sort(([a], [b]) => a - b);
          expect(deadmen.all()).toEqual(all);
          expect(deadmen.size).toBe(model.size);
          expect(deadmen.earliestMs).toBeLessThanOrEqual(Math.min(...model.values(), Infinity));
          if (model.size === 0) expect(deadmen.earliestMs).toBe(Infinity);
        }
      }),
      { numRuns: 200 },
    );
  });
});
