// What may be committed, against a naive twin.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from './offset-tracker.ts';

describe('the offset tracker', () => {
  it('commits nothing while the first record is open', () => {
    const tracker = new OffsetTracker();
    for (const offset of [5, 6, 7]) tracker.take(offset);
    tracker.finish(7);
    tracker.finish(6);
    expect(tracker.committable()).toBeNull();
    expect(tracker.inFlight).toBe(1);
    tracker.finish(5);
    expect(tracker.committable()).toBe(8);
    tracker.markCommitted(8);
    expect(tracker.committable()).toBeNull();
  });

  it('always commits just below the lowest open offset, gaps included', () => {
    const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 });
    fc.assert(
      fc.property(offsets, fc.infiniteStream(fc.nat()), (unsorted, random) => {
        const taken = [...unsorted].sort((a, b) => a - b);
        const tracker = new OffsetTracker();
        for (const offset of taken) tracker.take(offset);
        const open = [...taken];
        while (open.length > 0) {
          const at = (random.next().value as number) % open.length;
          tracker.finish(open.splice(at, 1)[0] ?? -1);
          const done = taken.filter((offset) => open.length === 0 || offset < (open[0] ?? 0));
          const last = done.at(-1);
          expect(tracker.committable()).toBe(last === undefined ? null : last + 1);
          expect(tracker.inFlight).toBe(open.length);
        }
      }),
    );
  });
});
