// Many seeds, one after the other, and what they had in common.
import { Coverage } from './judge/coverage.ts';
import { runSeed, type RunOptions, type RunResult } from './run-seed.ts';
import { FAULT_KINDS } from './world/faults.ts';

/** Fewer seeds than this need not see everything. */
export const COVERING_SEEDS_MIN = 900;
/** How often each kind of fault, and each type of order with each outcome, must have happened. */
const FAULTS_LEAST = 20;
const OUTCOMES_LEAST = 10;

export interface Totals {
  seeds: number;
  requests: number;
  orders: number;
  trades: number;
  crashes: number;
  events: number;
  virtualMs: number;
  recoveryMsMax: number;
}

export class Session {
  readonly coverage = new Coverage();
  readonly failures: RunResult[] = [];
  readonly totals: Totals = {
    seeds: 0,
    requests: 0,
    orders: 0,
    trades: 0,
    crashes: 0,
    events: 0,
    virtualMs: 0,
    recoveryMsMax: 0,
  };

  async run(options: RunOptions): Promise<RunResult> {
    const result = await runSeed(options);
    const { counts } = result;
    const { totals } = this;
    totals.seeds += 1;
    totals.requests += counts.requests;
    totals.orders += counts.orders;
    totals.trades += counts.trades;
    totals.crashes += counts.crashes;
    totals.events += counts.events;
    totals.virtualMs += counts.virtualMs;
    totals.recoveryMsMax = Math.max(totals.recoveryMsMax, counts.recoveryMs);
    for (const [name, count] of result.coverage.counts) this.coverage.add(name, count);
    if (result.violation !== null) this.failures.push(result);
    return result;
  }

  /** What should have happened and did not; nothing for a session that is too short to tell. */
  missing(): string[] {
    if (this.totals.seeds < COVERING_SEEDS_MIN) return [];
    return this.coverage.missing(FAULTS_LEAST, OUTCOMES_LEAST);
  }
}

/** How a person runs a seed again. */
export function replayCommand(options: Omit<RunOptions, 'onNote'>): string {
  const { seed, requestsMax, without } = options;
  const requests = requestsMax === undefined ? '' : ` --requests ${requestsMax}`;
  const kinds = without === undefined || without.size === 0 ? '' : ` --without ${quote(without)}`;
  return `npm run sim -- --seed ${seed}${requests}${kinds}`;
}

function quote(without: ReadonlySet<string>): string {
  return `'${[...without].join(',')}'`;
}

/**
 * Looks for a smaller run that fails as well: fewer requests first, then fewer kinds of faults. A
 * run with other options is another run, so it may fail for another reason.
 */
export async function shrink(failed: RunResult): Promise<Omit<RunOptions, 'onNote'>> {
  let smallest: Omit<RunOptions, 'onNote'> = { seed: failed.seed };
  const stillFails = async (options: RunOptions): Promise<boolean> =>
    (await runSeed(options)).violation !== null;
  for (let requestsMax = failed.counts.requests >> 1; requestsMax >= 1; requestsMax >>= 1) {
    if (await stillFails({ ...smallest, requestsMax })) smallest = { ...smallest, requestsMax };
  }
  let without: ReadonlySet<string> = new Set();
  for (const kind of FAULT_KINDS) {
    const fewer = new Set([...without, kind]);
    if (await stillFails({ ...smallest, without: fewer })) without = fewer;
  }
  return { ...smallest, without };
}
