// Runs random commands through twins until enough have been compared, with a seed that is printed.
import fc from 'fast-check';
import { specLists } from './random-specs.ts';
import { Coverage } from './coverage.ts';
import { ALWAYS, checkAlone, nowAndThen, runTwins, type Subject } from './twin.ts';

/** On average half of it is drawn; long enough for deep books and for numbers to wrap around. */
const COMMANDS_PER_RUN_MAX = 640;
/** A state is compared after one command in so many. */
const LOOK_EVERY = 8;

export interface RandomRuns {
  readonly seed: number;
  readonly runs: number;
  readonly makeSubject: () => Subject;
  /** Longest list of commands; shorter ones shrink faster. */
  readonly commandsMax?: number;
  readonly coverage?: Coverage;
}

/**
 * Checks `runs` random command lists. Every list runs through two fresh engines, one beside the
 * naive book and restored from snapshots on the way, one alone: both must write the same bytes. A
 * difference is shrunk by fast-check to a short list of commands, and the error names the seed and
 * the path. While it shrinks, the state is compared after every command.
 */
export function checkRandomRuns({
  seed,
  runs,
  makeSubject,
  commandsMax = COMMANDS_PER_RUN_MAX,
  coverage = new Coverage(),
}: RandomRuns): Coverage {
  let run = 0;
  let hasFailed = false;
  const property = fc.property(specLists(commandsMax), (list) => {
    run += 1;
    const isLookedAt = hasFailed ? ALWAYS : nowAndThen(seed + run, LOOK_EVERY);
    try {
      // What is done over and over to shrink a list was not compared anew.
      const noted = hasFailed ? new Coverage() : coverage;
      checkAlone(makeSubject(), runTwins(makeSubject(), list, noted, isLookedAt));
    } catch (error) {
      hasFailed = true;
      throw error;
    }
    coverage.isComplete ||= coverage.missing().length === 0;
  });
  fc.assert(property, {
    seed,
    numRuns: runs,
    plugins: [fc.unbiased()],
    includeErrorInReport: true,
  });
  return coverage;
}
