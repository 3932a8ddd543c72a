// Runs random commands through twins until enough have been compared, with a seed that is printed.
import { createHash } from 'node:crypto';
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { specLists } from './random-specs.ts';
import { Coverage } from './coverage.ts';
import { runAlone, runTwins, type Subject } from './twin.ts';

/** On average half of it is drawn; long enough for deep books and for numbers to wrap around. */
const COMMANDS_PER_RUN_MAX = 640;

export interface RandomRuns {
  readonly seed: number;
  readonly runs: number;
  readonly makeSubject: () => Subject;
  /** Longest list of commands; shorter ones shrink faster. */
  readonly commandsMax?: number;
}

/**
 * Checks `runs` random command lists. Every list runs through two fresh engines, one beside the
 * naive book and restored from snapshots on the way, one alone: both must write the same bytes. A
 * difference is shrunk by fast-check to a short list of commands, and the error names the seed and
 * the path.
 */
export function checkRandomRuns({
  seed,
  runs,
  makeSubject,
  commandsMax = COMMANDS_PER_RUN_MAX,
}: RandomRuns): Coverage {
  const coverage = new Coverage();
  const property = fc.property(specLists(commandsMax), (list) => {
    const { steps, lines } = runTwins(makeSubject(), list, coverage);
    const plain = runAlone(makeSubject(), steps);
    assert.equal(digest(plain), digest(lines), 'two runs wrote different events');
  });
  fc.assert(property, {
    seed,
    numRuns: runs,
    plugins: [fc.unbiased()],
    includeErrorInReport: true,
  });
  return coverage;
}

function digest(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line).update('\n');
  return hash.digest('hex');
}
