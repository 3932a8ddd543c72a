// The command line of the torture.
import { parseArgs } from 'node:util';
import { BESIDE, type BesideName } from './cluster/beside.ts';

export const USAGE = `Usage: npm run torture -- [options]

Starts a whole exchange as real processes, trades on it, and kills, stalls, cuts off and damages its
parts in an order drawn from a seed. Reads the invariants while it goes on, and audits everything at
the end.

  --minutes N      how long faults come (default 10)
  --rounds N       whole rounds at least, however long they take (default 1): each round has every
                   kind of fault, and every crash point once
  --seed N         draws faults and orders; the same seed repeats the schedule (default 1)
  --profile NAME   long (default) or short: fewer and shorter faults in a round
  --orders N       go on, without faults, until so many orders are acknowledged (default 0)
  --clients N      clients that trade (default 24)
  --rate N         their requests a second in all (default 160)
  --report DIR     where report.json, report.md, history and logs go (default .bourse-torture)
  --with a,b       servers beside Postgres: kafka (the event log), redis (the market feed); default
                   none
  --shards N       engines, 1 or 2 (default 1): with two, markets move between them
  --only TEXT      only faults whose name contains it, to look for a cause
  --schedule       print the schedule and its hash, and do nothing
  --help           print this

Exit code: 0 passed, 1 an invariant was violated, 2 it could not be done, 3 it does not cover: some
kind of fault never happened.
`;

export type ProfileName = 'long' | 'short';

export interface TortureOptions {
  readonly minutes: number;
  readonly rounds: number;
  readonly seed: number;
  readonly profile: ProfileName;
  readonly orders: number;
  readonly clients: number;
  readonly rate: number;
  readonly reportDir: string;
  readonly beside: readonly BesideName[];
  readonly shards: number;
  readonly only: string | null;
  readonly printsSchedule: boolean;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Null when help is asked for. Throws UsageError. */
export function readOptions(args: readonly string[]): TortureOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const { profile } = values;
  if (profile !== 'long' && profile !== 'short') {
    throw new UsageError(`--profile ${profile}: long or short`);
  }
  return {
    minutes: readNumber('minutes', values.minutes, 0, 100_000),
    rounds: readWhole('rounds', values.rounds, 1, 1_000),
    seed: readWhole('seed', values.seed, 0, 2 ** 31),
    profile,
    orders: readWhole('orders', values.orders, 0, 1e9),
    clients: readWhole('clients', values.clients, 1, 200),
    rate: readWhole('rate', values.rate, 1, 5_000),
    reportDir: values.report,
    beside: readBeside(values.with),
    shards: readWhole('shards', values.shards, 1, 2),
    only: values.only ?? null,
    printsSchedule: values.schedule,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '10' },
        rounds: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        profile: { type: 'string', default: 'long' },
        orders: { type: 'string', default: '0' },
        clients: { type: 'string', default: '24' },
        rate: { type: 'string', default: '160' },
        report: { type: 'string', default: '.bourse-torture' },
        with: { type: 'string', default: '' },
        shards: { type: 'string', default: '1' },
        only: { type: 'string' },
        schedule: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readBeside(text: string): BesideName[] {
  const names = text.split(',').filter((name) => name !== '');
  return names.map((name) => {
    const known = BESIDE.find((each) => each === name);
    if (known === undefined) throw new UsageError(`--with ${name}: one of ${BESIDE.join(', ')}`);
    return known;
  });
}

function readWhole(name: string, text: string, least: number, most: number): number {
  const value = readNumber(name, text, least, most);
  if (!Number.isInteger(value)) throw new UsageError(`--${name} ${text}: not a whole number`);
  return value;
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name} ${text}: not a number from ${least} to ${most}`);
}
