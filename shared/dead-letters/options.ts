// The command line of `npm run dead-letters`.
import { parseArgs } from 'node:util';
import { parsePosition, type Position } from './position.ts';
import { flagFault } from '../config/flag-fault.ts';

export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 1_000;
const REASON_CHARACTERS_MIN = 3;
const REASON_CHARACTERS_MAX = 500;
const ACTOR_CHARACTERS_MAX = 100;

export const USAGE = `npm run dead-letters -- <command> [options]

Events that a consumer refused for good, or could not take after all retries.

  list                     the letters, oldest first, with what was done to them
  show POSITION            one letter: its event, why it is here, what was done to it
  redrive [POSITION ...]   sends letters once more, each to the one function that failed
  drop [POSITION ...]      marks letters as never to be sent again

A POSITION is PARTITION@OFFSET in the topic dead-letters, as list prints it. Without positions,
redrive and drop take what --source, --topic or --since choose, and of that only what is open.

  --source NAME      letters of one consumer: settlement, orders, market-data, engine-daemon
  --topic NAME       letters whose event came from this topic
  --since TIME       letters written since: 2026-01-31, 2026-01-31T12:00:00Z, or 90m, 24h, 7d
  --open             list only what nobody has redriven or dropped
  --after POSITION   go on after this letter (list says where it stopped)
  --limit N          at most N letters (default ${LIMIT_DEFAULT}, at most ${LIMIT_MAX})
  --reason TEXT      why; needed to redrive or drop, kept for ever
  --actor NAME       who; the name of your account unless given
  --again            also letters that were redriven or dropped before
  --dry-run          only say what would be done
  --to NAME=URL      where a function is, in place of its address in the cluster; may be repeated
  --data-dir DIR     folder of a development exchange that runs now (default .bourse)
  --json             one JSON document
  --help             this text

DATABASE_URL  the database, as bourse_operator; a development exchange needs none
BUS_URL       the event log; the database itself unless given

Exit code: 0 all was done, 1 some letters were refused or failed again, 2 nothing could be done.`;

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Filter {
  readonly source: string | null;
  readonly topic: string | null;
  readonly sinceMs: number | null;
  readonly openOnly: boolean;
  readonly after: Position | null;
  readonly limit: number;
}

export interface Options {
  readonly command: 'list' | 'show' | 'redrive' | 'drop';
  readonly positions: readonly Position[];
  readonly filter: Filter;
  /** Empty for list and show. */
  readonly reason: string;
  readonly actor: string;
  readonly again: boolean;
  readonly dryRun: boolean;
  readonly addresses: ReadonlyMap<string, URL>;
  readonly dataDir: string;
  readonly json: boolean;
}

const COMMANDS = ['list', 'show', 'redrive', 'drop'] as const;

/** Null when help is asked for. Throws UsageError for anything that is not quite right. */
export function readOptions(
  args: readonly string[],
  nowMs: number,
  account: string,
): Options | null {
  const { values, positionals } = parse(args);
  if (values.help || positionals.length === 0) return null;
  const [word, ...rest] = positionals;
  const command = COMMANDS.find((each) => each === word);
  if (command === undefined) throw new UsageError(`no command ${word ?? ''}`);
  const positions = rest.map(readPosition);
  const chooses = values.source ?? values.topic ?? values.since;
  if (command === 'list' && positions.length > 0) throw new UsageError('list takes no position');
  if (command === 'show' && positions.length !== 1) throw new UsageError('show takes one position');
  const acts = command === 'redrive' || command === 'drop';
  if (acts && positions.length === 0 && chooses === undefined) {
    throw new UsageError(`${command} what? Positions, or --source, --topic or --since`);
  }
  if (acts && positions.length > 0 && chooses !== undefined) {
    throw new UsageError('give positions, or --source, --topic and --since, not both');
  }
  return {
    command,
    positions,
    filter: {
      source: values.source ?? null,
      topic: values.topic ?? null,
      sinceMs: values.since === undefined ? null : readTime(values.since, nowMs),
      openOnly: values.open || (acts && !values.again),
      after: values.after === undefined ? null : readPosition(values.after),
      limit: readLimit(values.limit),
    },
    reason: acts ? readReason(command, values.reason) : '',
    actor: readActor(values.actor ?? account),
    again: values.again,
    dryRun: values['dry-run'],
    addresses: new Map((values.to ?? []).map(readAddress)),
    dataDir: values['data-dir'],
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        source: { type: 'string' },
        topic: { type: 'string' },
        since: { type: 'string' },
        open: { type: 'boolean', default: false },
        after: { type: 'string' },
        limit: { type: 'string' },
        reason: { type: 'string' },
        actor: { type: 'string' },
        again: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        to: { type: 'string', multiple: true },
        'data-dir': { type: 'string', default: '.bourse' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}

function readPosition(text: string): Position {
  const position = parsePosition(text);
  if (position === null) throw new UsageError(`${text} is no position such as 0@17`);
  return position;
}

const AGO = /^([0-9]{1,5})([mhd])$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$/;

function readTime(text: string, nowMs: number): number {
  const [, count, unit] = AGO.exec(text) ?? [];
  if (unit === 'm' || unit === 'h' || unit === 'd') return nowMs - Number(count) * UNIT_MS[unit];
  const timeMs = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(timeMs))
    throw new UsageError(`--since ${text}: a time, or such as 90m, 24h, 7d`);
  return timeMs;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT_DEFAULT;
  const limit = Number(text);
  if (/^[0-9]{1,6}$/.test(text) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new UsageError(`--limit ${text}: 1 to ${LIMIT_MAX}`);
}

function readReason(command: string, text: string | undefined): string {
  const reason = (text ?? '').trim();
  if (reason.length >= REASON_CHARACTERS_MIN && reason.length <= REASON_CHARACTERS_MAX) {
    return reason;
  }
  throw new UsageError(
    `${command} needs --reason, ${REASON_CHARACTERS_MIN} to ${REASON_CHARACTERS_MAX} characters`,
  );
}

function readActor(text: string): string {
  const actor = text.trim();
  if (actor !== '' && actor.length <= ACTOR_CHARACTERS_MAX) return actor;
  throw new UsageError(`--actor: a name of at most ${ACTOR_CHARACTERS_MAX} characters`);
}

function readAddress(text: string): [string, URL] {
  const at = text.indexOf('=');
  const url = text.slice(at + 1);
  if (at < 1 || !/^https?:/.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--to ${text}: such as settlement=http://127.0.0.1:8090`);
  }
  return [text.slice(0, at), new URL(url)];
}
