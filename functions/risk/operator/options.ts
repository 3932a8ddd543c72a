// The command line of `npm run risk`.
import { parseArgs } from 'node:util';
import { flagFault } from '../../../shared/config/flag-fault.ts';
import { parseUserId } from '../../../shared/domain/ids.ts';
import { LIMIT_NAMES, type LimitName } from '../../../shared/domain/risk-limits.ts';
import { DECIMAL_PATTERN } from '../../../shared/money/decimal.ts';
import { readOperator, UsageError, type Operator } from '../../../shared/operator/operator.ts';
import { FLAGS, type Flag } from '../store.ts';

export const USAGE = `npm run risk -- <command> [options]

  flag USER FLAG on|off    trading or withdrawal (off: not allowed), frozen (on: only cancels);
                           once it is done, no order of the user is accepted that it forbids
  limit WHO SCOPE NAME VALUE
                           WHO: a user, or everybody; SCOPE: a market, or all, for position_max
                           an asset; VALUE: whole units as on the wire, or none to end it.
                           The most particular holds: a user's own before everybody's, one
                           scope's before all
  group USER N|none        accounts of one owner have the same number
  show USER|everybody      what holds, and the last 50 changes

  --reason TEXT  why; needed for all that changes something, kept for ever
  --actor NAME   who; the name of your account unless given
  --help         this text

Limits, each for a user and market:
  open_orders_max      orders open                  order_quantity_max  base of one order
  waiting_orders_max   orders with a trigger        order_notional_max  quote of one order
  open_notional_max    quote of all open orders     turnover_max        quote accepted in a UTC day
  orders_per_10s_max   orders and amends accepted in a window of ten seconds, without orders that
                       have a fill
and for a user and asset:
  position_max         balance and open buys

DATABASE_URL  the database, as bourse_risk`;

export type Command =
  | {
      readonly kind: 'flag';
      readonly userNumber: number;
      readonly flag: Flag;
      readonly on: boolean;
      readonly operator: Operator;
    }
  | {
      readonly kind: 'limit';
      /** 0 for everybody. */
      readonly userNumber: number;
      /** `*` for all. */
      readonly scope: string;
      readonly name: LimitName;
      readonly value: string | null;
      readonly operator: Operator;
    }
  | {
      readonly kind: 'group';
      readonly userNumber: number;
      readonly group: number | null;
      readonly operator: Operator;
    }
  | { readonly kind: 'show'; readonly userNumber: number };

const GROUP_MAX = 2_147_483_647;
const COUNTS: readonly LimitName[] = [
  'open_orders_max',
  'waiting_orders_max',
  'orders_per_10s_max',
];
const MARKET = /^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/;
const ASSET = /^[A-Z0-9]{2,10}$/;

/** Null when help is asked for. Throws UsageError for anything that is not quite right. */
export function readCommand(args: readonly string[], account: string): Command | null {
  const { values: flags, positionals } = parse(args);
  if (flags.help === true || positionals.length === 0) return null;
  const [word = '', ...rest] = positionals;
  switch (word) {
    case 'flag': {
      const [user, flag, state] = wordsOf('flag USER FLAG on|off', rest, 3);
      const userNumber = readUser(user);
      const known = FLAGS.find((each) => each === flag);
      if (known === undefined) throw new UsageError(`no flag ${flag}: ${FLAGS.join(', ')}`);
      if (state !== 'on' && state !== 'off') throw new UsageError(`${state} is not on or off`);
      const operator = readOperator(flags, account);
      return { kind: 'flag', userNumber, flag: known, on: state === 'on', operator };
    }
    case 'limit':
      return readLimit(wordsOf('limit WHO SCOPE NAME VALUE', rest, 4), flags, account);
    case 'group': {
      const [user, number] = wordsOf('group USER N|none', rest, 2);
      const userNumber = readUser(user);
      const group = readGroup(number);
      return { kind: 'group', userNumber, group, operator: readOperator(flags, account) };
    }
    case 'show': {
      if (flags.reason !== undefined || flags.actor !== undefined) {
        throw new UsageError('show changes nothing: no --reason, no --actor');
      }
      const [who] = wordsOf('show USER|everybody', rest, 1);
      return { kind: 'show', userNumber: readWho(who) };
    }
    default:
      throw new UsageError(`no command ${word}`);
  }
}

function readLimit(
  [who, where, limit, value]: readonly [string, string, string, string],
  flags: { readonly reason?: string | undefined; readonly actor?: string | undefined },
  account: string,
): Command {
  const userNumber = readWho(who);
  const name = LIMIT_NAMES.find((each) => each === limit);
  if (name === undefined) throw new UsageError(`no limit ${limit}: ${LIMIT_NAMES.join(', ')}`);
  const isPosition = name === 'position_max';
  if (where !== 'all' && !(isPosition ? ASSET : MARKET).test(where)) {
    throw new UsageError(`${where}: ${isPosition ? 'an asset' : 'a market'} or all for ${name}`);
  }
  if (value !== 'none' && !DECIMAL_PATTERN.test(value)) {
    throw new UsageError(`${value} is no decimal such as 2.5, nor none`);
  }
  if (value !== 'none' && COUNTS.includes(name) && value.includes('.')) {
    throw new UsageError(`${name} is a whole number`);
  }
  return {
    kind: 'limit',
    userNumber,
    scope: where === 'all' ? '*' : where,
    name,
    value: value === 'none' ? null : value,
    operator: readOperator(flags, account),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        actor: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}

type Words = { 1: [string]; 2: [string, string]; 3: [string, string, string] } & {
  4: [string, string, string, string];
};

function wordsOf<Count extends keyof Words>(
  what: string,
  given: readonly string[],
  count: Count,
): Words[Count] {
  if (given.length !== count) throw new UsageError(what);
  return [...given] as Words[Count];
}

function readWho(text: string): number {
  return text === 'everybody' ? 0 : readUser(text);
}

function readUser(text: string): number {
  const number = parseUserId(text);
  if (number === null) throw new UsageError(`${text} is no user id such as usr_0000000000000001`);
  return number;
}

function readGroup(text: string): number | null {
  if (text === 'none') return null;
  const group = Number(text);
  if (/^[1-9][0-9]{0,9}$/.test(text) && group <= GROUP_MAX) return group;
  throw new UsageError(`${text}: a group is 1 to ${GROUP_MAX}, or none`);
}
