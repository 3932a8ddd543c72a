// The window of known command numbers against a plain set of all numbers ever seen.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COMMAND_NEW,
  COMMAND_REPEATED,
  COMMAND_TOO_OLD,
  COMMAND_WINDOW,
  CommandWindow,
} from './command-window.ts';

const step = fc.oneof(
  fc.integer({ min: 1, max: 70 }),
  fc.integer({ min: -70, max: -1 }),
  fc.constant(0),
  fc.constantFrom(COMMAND_WINDOW - 1, COMMAND_WINDOW, COMMAND_WINDOW + 1, 2 * COMMAND_WINDOW),
  fc.constantFrom(1 - COMMAND_WINDOW, -COMMAND_WINDOW, -1 - COMMAND_WINDOW),
  fc.constantFrom(2 ** 31, 2 ** 40),
);

describe('CommandWindow', () => {
  it('answers as a set of all numbers would', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const window = new CommandWindow();
        const seen = new Set<number>();
        let highest = 0;
        for (const by of steps) {
          const number = Math.max(1, highest + by);
          const isOld = number <= highest - COMMAND_WINDOW;
          const known = seen.has(number) ? COMMAND_REPEATED : COMMAND_NEW;
          expect(window.admit(number)).toBe(isOld ? COMMAND_TOO_OLD : known);
          if (!isOld) seen.add(number);
          highest = Math.max(highest, number);
          expect(window.highest).toBe(highest);
        }
      }),
      { numRuns: 300 },
    );
  });
});
