// The command line of the simulation.
import { parseArgs } from 'node:util';

export interface SimulationOptions {
  readonly from: number;
  readonly seeds: number;
  readonly requestsMax: number | null;
  readonly without: ReadonlySet<string>;
  readonly json: boolean;
  readonly trace: boolean;
  readonly isShrinking: boolean;
  /** Failed seeds after which there is enough to look at. */
  readonly failuresMax: number;
}

export const USAGE = `Runs the exchange in simulated time against simulated faults, one world a seed.

  npm run sim -- [options]

  --seeds N       how many seeds (1000); each is one world
  --from N        the first of them (1)
  --seed X        this one seed alone
  --requests N    requests of all clients together; drawn from the seed when left out
  --without A,B   leave these kinds of faults out; "all" for no faults
  --failures N    stop after so many failed seeds (5)
  --no-shrink     do not look for a smaller run that fails as well
  --trace         print every event of the run; for one seed
  --json          one line of JSON a seed, and one for all of them
  --help          this text

Ends with 1 when an invariant is violated, with 2 when something that has to happen at least once
never did (not with --seed, and not below 900 seeds).`;

/** What is wrong with the arguments. */
export interface OptionFault {
  readonly fault: string;
}

/** Answers what is wrong with the arguments instead of throwing. */
export function parseOptions(args: readonly string[]): SimulationOptions | OptionFault | 'help' {
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        requests: { type: 'string' },
        without: { type: 'string', default: '' },
        failures: { type: 'string', default: '5' },
        'no-shrink': { type: 'boolean', default: false },
        trace: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
  if (values['help'] === true) return 'help';
  const seed = wholeNumber(values['seed']);
  const seeds = wholeNumber(values['seeds']);
  const from = wholeNumber(values['from']);
  const requestsMax = wholeNumber(values['requests']);
  const failuresMax = wholeNumber(values['failures']);
  if ([seed, seeds, from, requestsMax, failuresMax].includes('malformed')) {
    return { fault: 'seeds, from, seed, requests and failures are whole numbers from 1' };
  }
  const isTracing = values['trace'] === true;
  if (isTracing && typeof seed !== 'number') return { fault: '--trace needs --seed' };
  return {
    from: typeof seed === 'number' ? seed : Number(from),
    seeds: typeof seed === 'number' ? 1 : Number(seeds),
    requestsMax: typeof requestsMax === 'number' ? requestsMax : null,
    without: new Set(String(values['without']).split(',').filter(Boolean)),
    json: values['json'] === true,
    trace: isTracing,
    failuresMax: Number(failuresMax),
    isShrinking: values['no-shrink'] !== true,
  };
}

function wholeNumber(text: string | boolean | undefined): number | null | 'malformed' {
  if (text === undefined) return null;
  const value = /^[1-9][0-9]{0,14}$/.test(String(text)) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : 'malformed';
}
