// Reads records of the two logs by shapes written out here, not by the schemas of the exchange.
// What does not fit is poison: the engine sets it aside whole, and so does the replay.
import type {
  Execution,
  Market,
  MarketCommand,
  DepthLine,
  FeePolicy,
} from '../oracle/naive-types.ts';
import { scaleOf } from '../oracle/naive-amounts.ts';

export const COMMANDS_TYPE = 'dev.bourse.exchange.commands.accepted.v1';
export const TICK_TYPE = 'dev.bourse.exchange.clock.ticked.v1';
export const EXECUTIONS_TYPE = 'dev.bourse.exchange.engine.executed.v1';

export interface LogRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

export interface CommandBatch {
  readonly kind: 'commands';
  readonly market: Market;
  readonly commands: readonly MarketCommand[];
}

export type CommandRecord =
  | CommandBatch
  | { readonly kind: 'tick'; readonly timeMs: number }
  | { readonly kind: 'poison'; readonly problem: string };

export interface ExecutionRecord {
  readonly market: Market;
  readonly base: string;
  readonly quote: string;
  readonly feePolicy: FeePolicy;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly events: readonly Execution[];
  readonly depth: readonly DepthLine[];
}

type Check = (value: unknown) => boolean;

const isWhole: Check = (v) => Number.isSafeInteger(v);
const atLeast =
  (least: number): Check =>
  (v) =>
    isWhole(v) && Number(v) >= least;
const between =
  (least: number, most: number): Check =>
  (v) =>
    atLeast(least)(v) && Number(v) <= most;
const text =
  (pattern: RegExp): Check =>
  (v) =>
    typeof v === 'string' && pattern.test(v);
const oneOf =
  (...values: readonly string[]): Check =>
  (v) =>
    typeof v === 'string' && values.includes(v);
const orNull =
  (check: Check): Check =>
  (v) =>
    v === null || check(v);
const flag: Check = (v) => typeof v === 'boolean';

/** An object with exactly these fields. */
function fields(checks: Readonly<Record<string, Check>>): Check {
  const names = Object.keys(checks);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const present = new Map<string, unknown>(Object.entries(value));
    if (present.size !== names.length) return false;
    return names.every((name) => present.has(name) && checks[name]?.(present.get(name)) === true);
  };
}

const number = atLeast(1);
const timeMs = atLeast(0);
const priceTicks = between(1, 4_294_967_295);
const ppm = between(-1_000_000, 1_000_000);
const minor = text(/^(0|[1-9][0-9]{0,37})$/);
const decimal = text(/^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/);
const asset = text(/^[A-Z0-9]{2,10}$/);
const market = text(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/);
const side = oneOf('buy', 'sell');
const status = oneOf('trading', 'cancel_only', 'halted');
const head = { kind: () => true, number, timeMs };

const isConfig = fields({
  market,
  base: asset,
  quote: asset,
  baseDecimals: between(0, 18),
  quoteDecimals: between(0, 18),
  tickSize: decimal,
  lotSize: decimal,
  minQuantity: decimal,
  maxQuantity: decimal,
  minNotional: decimal,
  minPrice: decimal,
  maxPrice: decimal,
  protectionBps: between(1, 9_999),
  feePolicy: oneOf('received', 'quote'),
  selfTradeAllowed: flag,
  version: number,
});

const COMMANDS: Readonly<Record<string, Check>> = {
  place: fields({
    ...head,
    userNumber: number,
    side,
    type: oneOf('limit', 'market'),
    timeInForce: oneOf('GTC', 'IOC', 'FOK', 'GTD'),
    postOnly: flag,
    selfTradePrevention: oneOf('cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none'),
    priceTicks,
    quantityLots: number,
    quoteBudgetMinor: orNull(minor),
    expiresAtMs: orNull(timeMs),
    makerFeePpm: ppm,
    takerFeePpm: ppm,
    holdMinor: minor,
  }),
  cancel: fields({ ...head, userNumber: number, orderNumber: number }),
  cancel_all: fields({ ...head, userNumber: number }),
  amend: fields({
    ...head,
    userNumber: number,
    orderNumber: number,
    priceTicks,
    quantityLots: number,
    holdIncreaseMinor: minor,
  }),
  configure_market: fields({ ...head, config: isConfig, status }),
};
const isTick = fields({ kind: oneOf('tick'), timeMs });

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readCommandRecord(record: LogRecord): CommandRecord {
  const value = parse(record.value);
  const type = record.headers['ce_type'];
  if (type === TICK_TYPE) {
    if (!isTick(value)) return poison('the tick does not fit its shape');
    return { kind: 'tick', timeMs: (value as { timeMs: number }).timeMs };
  }
  if (type !== COMMANDS_TYPE) return poison(`unknown type ${type ?? ''}`);
  const batch = value as Partial<CommandBatch> | null | undefined;
  const isBatch = fields({ market, commands: (v) => Array.isArray(v) && v.length > 0 });
  if (!isBatch(value) || batch?.market === undefined || batch.commands === undefined) {
    return poison('the batch does not fit its shape');
  }
  if (record.key !== batch.market) return poison('the key is not the market');
  for (const command of batch.commands) {
    const problem = findFault(batch.market, command);
    if (problem !== null) return poison(problem);
  }
  return { kind: 'commands', market: batch.market, commands: batch.commands };
}

function findFault(market: Market, command: MarketCommand): string | null {
  const kind: unknown = (command as { kind?: unknown } | null)?.kind;
  const fits = typeof kind === 'string' && COMMANDS[kind]?.(command) === true;
  if (!fits) return 'a command does not fit its shape';
  if (command.kind === 'place') {
    if (command.timeInForce === 'GTD' && command.expiresAtMs === null) return 'GTD without expiry';
    if (command.type === 'limit' && command.quoteBudgetMinor !== null) return 'limit with budget';
  }
  if (command.kind !== 'configure_market') return null;
  const { config } = command;
  if (config.market !== market) return 'a configuration of another market';
  if (`${config.base}-${config.quote}` !== market) return 'a market not named after its assets';
  try {
    scaleOf(config);
    return null;
  } catch {
    return 'a configuration that needs rounding';
  }
}

/** Null for what is no execution record. Events are compared later, not interpreted here. */
export function readExecutionRecord(record: LogRecord): ExecutionRecord | null {
  if (record.headers['ce_type'] !== EXECUTIONS_TYPE) return null;
  const value = parse(record.value);
  const isEvent = (v: unknown): boolean =>
    typeof v === 'object' && v !== null && 'sequence' in v && number(v.sequence);
  const isLevel = (v: unknown): boolean =>
    Array.isArray(v) && v.length === 3 && side(v[0]) && priceTicks(v[1]) && timeMs(v[2]);
  const isRecord = fields({
    market,
    base: asset,
    quote: asset,
    feePolicy: oneOf('received', 'quote'),
    epoch: number,
    firstSequence: number,
    lastSequence: number,
    events: (v) => Array.isArray(v) && v.length > 0 && v.every(isEvent),
    depth: (v) => Array.isArray(v) && v.every(isLevel),
  });
  return isRecord(value) ? (value as ExecutionRecord) : null;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

function poison(problem: string): CommandRecord {
  return { kind: 'poison', problem };
}

/** JSON with sorted keys: equal values give equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
