// The command line of the long comparison of engine and naive book.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

const SEED_MAX = 2 ** 31 - 1;

export const USAGE = `Compares the engine with the naive book over random commands, as test/oracle/engine.test.ts does,
but for as long as asked: events and depth after every command, the whole state at random.

  npm run compare -- [options]

  --commands N  end after at least so many commands (20000000)
  --seed N      the first seed (drawn); each batch of commands takes the next one
  --jobs N      processes (as many as there are processors)
  --help        this text

Prints how far it is every ten seconds, and one line of JSON at the end. Ends with 1 at the first
difference, with the seed of its batch and the shortest list of commands that shows it; with 2 when
it could not be done. --seed S --commands 1 does the batch of seed S again.`;

export interface CompareOptions {
  readonly commands: number;
  readonly seed: number;
  readonly jobs: number;
}

/** What is wrong with the arguments. */
export interface OptionFault {
  readonly fault: string;
}

/** Answers what is wrong with the arguments instead of throwing. */
export function parseOptions(args: readonly string[]): CompareOptions | OptionFault | 'help' {
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        commands: { type: 'string', default: '20000000' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * SEED_MAX)) },
        jobs: { type: 'string', default: String(availableParallelism()) },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
  if (values['help'] === true) return 'help';
  const [commands, seed, jobs] = [values['commands'], values['seed'], values['jobs']].map(Number);
  if (commands === undefined || seed === undefined || jobs === undefined) {
    return { fault: 'an option has no value' };
  }
  if (!isWhole(commands, 1) || !isWhole(jobs, 1)) {
    return { fault: '--commands and --jobs are whole numbers from 1' };
  }
  if (!isWhole(seed, 0) || seed > SEED_MAX) {
    return { fault: `--seed is a whole number from 0 to ${SEED_MAX}` };
  }
  return { commands, seed, jobs };
}

function isWhole(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min;
}
