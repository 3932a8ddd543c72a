// The command line of `npm run fees`.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { flagFault } from '../../../shared/config/flag-fault.ts';
import { tierField } from '../../../shared/domain/fee-schedule.ts';
import { parseUserId } from '../../../shared/domain/ids.ts';
import {
  readDay,
  readOperator,
  readTime,
  UsageError,
  type Operator,
} from '../../../shared/operator/operator.ts';
import { DECIMAL_PATTERN } from '../../../shared/money/decimal.ts';

export const USAGE = `npm run fees -- <command> [options]

Rates are in ppm, parts per million: 1000 is 0.1 %, a rebate is negative.

  schedule FILE             sets the schedule that the JSON file describes: {"schedule": "exchange"
                            or a market, "effectiveFrom": a UTC time (at once without it), "tiers":
                            [{"tier": "standard", "leastVolume": "0", "makerPpm": 1000,
                            "takerPpm": 2000}, ...]}; a version that lies ahead takes effect by itself
  end-schedule MARKET       the market's own schedule ends: the exchange's holds again
  terms USER MARKET TIER MAKER TAKER
                            a user's own rates in a market, whatever tier or discount he has
  terms USER MARKET none    ends them
  discount USER PPM         off both of a user's rates, in every market; 0 ends it
  reference asset ASSET     what volumes are measured in; for ever
  reference price ASSET PRICE
                            what one ASSET is worth in the reference asset
  reference market ASSET MARKET
                            the last trade of MARKET before a day prices ASSET for it; or none
  recompute                 everybody's tier for a day, from the 30 UTC days before it; may be repeated
  show                      schedules now and ahead, and what volumes are measured in
  show USER                 terms, discount and tiers of a user

  --from TIME    a discount, or the end of a schedule, begins then (UTC; at once without it)
  --at TIME      when the price was so (UTC; now without it): a day uses the newest before it begins
  --day DAY      the UTC day to recompute (today without it)
  --reason TEXT  why; needed for all that changes something, kept for ever
  --actor NAME   who; the name of your account unless given
  --help         this text

DATABASE_URL  the database, as bourse_fees`;

export type Command =
  | { readonly kind: 'schedule'; readonly file: string; readonly operator: Operator }
  | {
      readonly kind: 'end-schedule';
      readonly market: string;
      readonly from: Date | null;
      readonly operator: Operator;
    }
  | {
      readonly kind: 'terms';
      readonly userId: string;
      readonly market: string;
      readonly tier: string;
      readonly makerPpm: number | null;
      readonly takerPpm: number | null;
      readonly operator: Operator;
    }
  | {
      readonly kind: 'discount';
      readonly userId: string;
      readonly offPpm: number;
      readonly from: Date | null;
      readonly operator: Operator;
    }
  | { readonly kind: 'reference-asset'; readonly asset: string; readonly operator: Operator }
  | {
      readonly kind: 'reference-price';
      readonly asset: string;
      readonly price: string;
      readonly at: Date | null;
      readonly operator: Operator;
    }
  | {
      readonly kind: 'reference-market';
      readonly asset: string;
      readonly market: string | null;
      readonly operator: Operator;
    }
  | { readonly kind: 'recompute'; readonly day: string | null }
  | { readonly kind: 'show'; readonly userId: string | null };

const userField = z
  .string()
  .refine((text) => parseUserId(text) !== null, 'a user id such as usr_0000000000000001');
const marketField = z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/, 'a market such as BTC-USD');
const assetField = z.string().regex(/^[A-Z0-9]{2,10}$/, 'an asset such as USD');
const priceField = z
  .string()
  .regex(DECIMAL_PATTERN, 'a decimal such as 1.08')
  .refine((text) => /[1-9]/.test(text), 'above zero');
const ppmField = z
  .string()
  .regex(/^-?[0-9]{1,7}$/, 'whole ppm such as 1000')
  .transform(Number)
  .refine((ppm) => Math.abs(ppm) <= 1_000_000, '-1000000 to 1000000');
const offField = ppmField.refine((ppm) => ppm >= 0, 'not negative');
const none = z.literal('none');

type Flags = Readonly<Record<'from' | 'at' | 'day' | 'reason' | 'actor', string | undefined>>;

/** Null when help is asked for. Throws UsageError for anything that is not quite right. */
export function readCommand(args: readonly string[], account: string): Command | null {
  const { values: flags, positionals } = parse(args);
  if (flags.help === true || positionals.length === 0) return null;
  const [word = '', ...rest] = positionals;
  const given = { from: flags.from, at: flags.at, day: flags.day, ...nameOf(flags) };
  const read = READERS[word];
  if (read === undefined) throw new UsageError(`no command ${word}`);
  return read(rest, given, account);
}

function nameOf(flags: { reason?: string | undefined; actor?: string | undefined }) {
  return { reason: flags.reason, actor: flags.actor };
}

type Reader = (rest: readonly string[], flags: Flags, account: string) => Command;

const READERS: Readonly<Record<string, Reader>> = {
  schedule: (rest, flags, account) => {
    refuseFlags(flags, 'from', 'at', 'day');
    const [file] = fields('schedule FILE', rest, z.tuple([z.string().min(1)]));
    return { kind: 'schedule', file, operator: readOperator(flags, account) };
  },
  'end-schedule': (rest, flags, account) => {
    refuseFlags(flags, 'at', 'day');
    const [market] = fields('end-schedule MARKET', rest, z.tuple([marketField]));
    const operator = readOperator(flags, account);
    return { kind: 'end-schedule', market, from: timeOf('--from', flags.from), operator };
  },
  terms: (rest, flags, account) => {
    refuseFlags(flags, 'from', 'at', 'day');
    const operator = readOperator(flags, account);
    const what = 'terms USER MARKET TIER MAKER TAKER';
    if (rest.length === 3) {
      const [userId, market] = fields(what, rest, z.tuple([userField, marketField, none]));
      const rates = { tier: 'none', makerPpm: null, takerPpm: null };
      return { kind: 'terms', userId, market, ...rates, operator };
    }
    const shape = z.tuple([userField, marketField, tierField, ppmField, ppmField]);
    const [userId, market, tier, makerPpm, takerPpm] = fields(what, rest, shape);
    return { kind: 'terms', userId, market, tier, makerPpm, takerPpm, operator };
  },
  discount: (rest, flags, account) => {
    refuseFlags(flags, 'at', 'day');
    const [userId, offPpm] = fields('discount USER PPM', rest, z.tuple([userField, offField]));
    const operator = readOperator(flags, account);
    return { kind: 'discount', userId, offPpm, from: timeOf('--from', flags.from), operator };
  },
  reference: (rest, flags, account) => readReference(rest, flags, account),
  recompute: (rest, flags) => {
    refuseFlags(flags, 'from', 'at', 'reason', 'actor');
    fields('recompute', rest, z.tuple([]));
    return {
      kind: 'recompute',
      day: flags.day === undefined ? null : readDay('--day', flags.day),
    };
  },
  show: (rest, flags) => {
    refuseFlags(flags, 'from', 'at', 'day', 'reason', 'actor');
    if (rest.length === 0) return { kind: 'show', userId: null };
    const [userId] = fields('show USER', rest, z.tuple([userField]));
    return { kind: 'show', userId };
  },
};

function readReference(rest: readonly string[], flags: Flags, account: string): Command {
  refuseFlags(flags, 'from', 'day', ...(rest[0] === 'price' ? [] : (['at'] as const)));
  const operator = readOperator(flags, account);
  switch (rest[0]) {
    case 'asset': {
      const shape = z.tuple([z.string(), assetField]);
      const [, asset] = fields('reference asset ASSET', rest, shape);
      return { kind: 'reference-asset', asset, operator };
    }
    case 'price': {
      const shape = z.tuple([z.string(), assetField, priceField]);
      const [, asset, price] = fields('reference price ASSET PRICE', rest, shape);
      return { kind: 'reference-price', asset, price, at: timeOf('--at', flags.at), operator };
    }
    case 'market': {
      const shape = z.tuple([z.string(), assetField, z.union([none, marketField])]);
      const [, asset, market] = fields('reference market ASSET MARKET', rest, shape);
      const named = market === 'none' ? null : market;
      return { kind: 'reference-market', asset, market: named, operator };
    }
    default:
      throw new UsageError('reference what? asset, price or market');
  }
}

/** A rebate such as -50 is no option. */
const MINUS = 'minus ';

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: args.map((arg) => arg.replace(/^-(?=[0-9])/, MINUS)),
      strict: true,
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        at: { type: 'string' },
        day: { type: 'string' },
        reason: { type: 'string' },
        actor: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return { values, positionals: positionals.map((word) => word.replace(MINUS, '-')) };
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}

function fields<Shape extends z.ZodType>(
  what: string,
  given: readonly string[],
  shape: Shape,
): z.output<Shape> {
  const parsed = shape.safeParse([...given]);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const word = given[Number(issue?.path[0])];
  throw new UsageError(
    word === undefined ? what : `${what}: ${word} is not ${issue?.message ?? ''}`,
  );
}

function refuseFlags(flags: Flags, ...names: (keyof Flags)[]): void {
  const given = names.find((name) => flags[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} is not for this command`);
}

function timeOf(flag: string, text: string | undefined): Date | null {
  return text === undefined ? null : readTime(flag, text);
}
