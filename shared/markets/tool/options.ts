// The command line of `npm run markets`.
import { parseArgs } from 'node:util';
import { flagFault } from '../../config/flag-fault.ts';
import { assert } from '../../domain/failure.ts';
import type { MarketId } from '../../domain/ids.ts';
import type { MarketStatus, ScheduledStatus } from '../../domain/market.ts';
import { SELF_TRADE_PREVENTIONS, type SelfTradePrevention } from '../../domain/order.ts';
import { marketIdField } from '../../events/fields.ts';
import type { ChangeNote } from '../stored-market.ts';
import type { SettingsPatch } from './settings.ts';
import { findStatus, STATUS_COMMANDS } from './usage.ts';

const REASON_CHARACTERS_MIN = 3;
const REASON_CHARACTERS_MAX = 500;
const ACTOR_CHARACTERS_MAX = 100;

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is asked for. What changes a market says who and why. */
export type Options =
  | { readonly command: 'list' }
  | { readonly command: 'show'; readonly market: MarketId }
  | { readonly command: 'move'; readonly market: MarketId; readonly toShard: number }
  | { readonly command: 'forward'; readonly letter: string }
  | { readonly command: 'apply'; readonly file: string; readonly note: ChangeNote }
  | (Change & { readonly command: 'status'; readonly status: MarketStatus })
  | (Change & { readonly command: 'schedule'; readonly schedule: readonly ScheduledStatus[] })
  | (Change & { readonly command: 'settings'; readonly patch: SettingsPatch });

interface Change {
  readonly market: MarketId;
  readonly note: ChangeNote;
}

/** Of each command its flags, beside those of all that changes a market. */
const FLAGS = {
  list: [],
  show: [],
  move: ['to'],
  forward: [],
  apply: [],
  schedule: ['clear'],
  limits: [
    'max-notional',
    'max-open-orders',
    'max-waiting-orders',
    'reference-max-age-ms',
    'self-trade-modes',
  ],
  band: ['clear', 'static-price', 'static-bps', 'dynamic-bps'],
  interruption: ['clear', 'move-bps', 'window-ms', 'halt-ms', 'auction-ms'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Word = keyof typeof FLAGS;

const WORDS = Object.keys(FLAGS) as readonly Word[];

const READS_ONLY: readonly string[] = ['list', 'show', 'move', 'forward'];

type Values = ReturnType<typeof parse>['values'];

/** Null when help is asked for. Throws UsageError for anything that is not quite right. */
export function readOptions(args: readonly string[], account: string): Options | null {
  const { values, positionals } = parse(args);
  const [word, target, ...more] = positionals;
  if (values.help || word === undefined) return null;
  const status = STATUS_COMMANDS.get(word);
  const known = WORDS.find((each) => each === word);
  if (status === undefined && known === undefined) throw new UsageError(`no command ${word}`);
  refuseOtherFlags(word, known === undefined ? [] : FLAGS[known], values);
  if (word === 'list') {
    if (target !== undefined) throw new UsageError('list takes no market');
    return { command: 'list' };
  }
  if (target === undefined) throw new UsageError(`${word} needs an argument`);
  if (word !== 'schedule' && more.length > 0) throw new UsageError(`${word} takes one argument`);
  if (known !== undefined) return readTargeted(known, target, more, values, account);
  assert(status !== undefined, 'a known word is a command or a status');
  const change = { market: readMarket(target), note: readNote(word, values, account) };
  return { command: 'status', status, ...change };
}

function readTargeted(
  word: Word,
  target: string,
  more: readonly string[],
  values: Values,
  account: string,
): Options {
  if (word === 'forward') return { command: 'forward', letter: target };
  if (word === 'apply') {
    return { command: 'apply', file: target, note: readNote(word, values, account) };
  }
  const market = readMarket(target);
  if (word === 'move') return { command: 'move', market, toShard: readShard(values.to) };
  if (word === 'show' || word === 'list') return { command: 'show', market };
  const change = { market, note: readNote(word, values, account) };
  if (word === 'schedule') {
    return { command: 'schedule', schedule: readSchedule(more, values.clear), ...change };
  }
  return { command: 'settings', patch: readPatch(word, values), ...change };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        to: text,
        clear: flag,
        'max-notional': text,
        'max-open-orders': text,
        'max-waiting-orders': text,
        'reference-max-age-ms': text,
        'self-trade-modes': text,
        'static-price': text,
        'static-bps': text,
        'dynamic-bps': text,
        'move-bps': text,
        'window-ms': text,
        'halt-ms': text,
        'auction-ms': text,
        reason: text,
        actor: text,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}

function refuseOtherFlags(word: string, flags: readonly string[], values: Values): void {
  const changes = !READS_ONLY.includes(word);
  const allowed = [...flags, ...(changes ? ['reason', 'actor'] : [])];
  for (const [name, value] of Object.entries(values)) {
    if (value !== false && !allowed.includes(name)) {
      throw new UsageError(`${word} takes no --${name}`);
    }
  }
}

function readMarket(text: string): MarketId {
  const market = marketIdField.safeParse(text);
  if (!market.success) throw new UsageError(`${text} is no market such as BTC-USD`);
  return market.data;
}

function readShard(text: string | undefined): number {
  if (text === undefined || !/^[0-9]{1,9}$/.test(text)) {
    throw new UsageError('move needs --to SHARD, a number');
  }
  return Number(text);
}

function readNote(word: string, values: Values, account: string): ChangeNote {
  const reason = (values.reason ?? '').trim();
  if (reason.length < REASON_CHARACTERS_MIN || reason.length > REASON_CHARACTERS_MAX) {
    throw new UsageError(
      `${word} needs --reason, ${REASON_CHARACTERS_MIN} to ${REASON_CHARACTERS_MAX} characters`,
    );
  }
  const actor = (values.actor ?? account).trim();
  if (actor === '' || actor.length > ACTOR_CHARACTERS_MAX) {
    throw new UsageError(`--actor: a name of at most ${ACTOR_CHARACTERS_MAX} characters`);
  }
  return { actor, reason };
}

/** A zone must be named: nine o'clock is another moment elsewhere. */
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}[0-9:.]*(Z|[+-][0-9]{2}:[0-9]{2})$/;

function readSchedule(entries: readonly string[], clear: boolean): ScheduledStatus[] {
  if (clear === entries.length > 0) throw new UsageError('schedule needs entries, or --clear');
  return entries.map((text) => {
    const [word = '', time = ''] = text.split('@', 2);
    const status = findStatus(word);
    if (status === null) throw new UsageError(`${text}: no status ${word}`);
    const atMs = TIME.test(time) ? Date.parse(time) : NaN;
    if (Number.isNaN(atMs)) {
      throw new UsageError(`${text}: no time such as 2026-03-02T09:00:00Z`);
    }
    return { atMs, status };
  });
}

function readPatch(word: 'limits' | 'band' | 'interruption', values: Values): SettingsPatch {
  const names = FLAGS[word].filter((name) => name !== 'clear');
  const given = names.filter((name) => values[name] !== undefined);
  if (values.clear && word !== 'limits') {
    if (given.length > 0) throw new UsageError(`${word}: --clear, or values, not both`);
    return { kind: word, clear: true };
  }
  if (given.length === 0) throw new UsageError(`${word} needs one of --${names.join(', --')}`);
  const number = (name: keyof Values) => readNumber(name, values[name]);
  switch (word) {
    case 'limits':
      return {
        kind: word,
        maxNotional: readDecimal('max-notional', values['max-notional']),
        maxOpenOrders: number('max-open-orders'),
        maxWaitingOrders: number('max-waiting-orders'),
        referenceMaxAgeMs: number('reference-max-age-ms'),
        selfTradeModes: readModes(values['self-trade-modes']),
      };
    case 'band':
      return {
        kind: word,
        staticPrice: readDecimal('static-price', values['static-price']),
        staticBps: number('static-bps'),
        dynamicBps: number('dynamic-bps'),
      };
    case 'interruption':
      return {
        kind: word,
        moveBps: number('move-bps'),
        windowMs: number('window-ms'),
        haltMs: number('halt-ms'),
        auctionMs: number('auction-ms'),
      };
  }
}

/** Undefined leaves a value as it is, null takes it away. */
function readNumber(name: string, text: string | boolean | undefined): number | null | undefined {
  if (typeof text !== 'string') return undefined;
  if (text === 'none') return null;
  if (!/^[0-9]{1,15}$/.test(text)) throw new UsageError(`--${name} ${text}: a number, or none`);
  return Number(text);
}

function readDecimal(name: string, text: string | undefined): string | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  if (!/^[0-9]{1,20}(\.[0-9]{1,18})?$/.test(text)) {
    throw new UsageError(`--${name} ${text}: a decimal such as 30000.5, or none`);
  }
  return text;
}

function readModes(text: string | undefined): readonly SelfTradePrevention[] | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'all') return null;
  return text.split(',').map((word) => {
    const mode = SELF_TRADE_PREVENTIONS.find((each) => each === word);
    if (mode !== undefined) return mode;
    throw new UsageError(`--self-trade-modes: no mode ${word} (${SELF_TRADE_PREVENTIONS.join()})`);
  });
}
