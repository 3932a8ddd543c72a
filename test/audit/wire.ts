// Reads records of the two logs by shapes written out here, not by the schemas of the exchange.
// What does not fit is poison: the engine sets it aside whole, and so does the replay.
import type { Execution } from '../oracle/naive-events.ts';
import type { Market, MarketCommand, DepthLine, FeePolicy } from '../oracle/naive-types.ts';
import { scaleOf } from '../oracle/naive-amounts.ts';
import { findListFault, findOrderFault } from './order-faults.ts';
import {
  absentOr,
  asset,
  atLeast,
  base64,
  between,
  bothOf,
  decimal,
  eitherOf,
  fields,
  flag,
  list,
  market,
  minor,
  number,
  oneOf,
  orNull,
  ppm,
  priceTicks,
  sha256Hex,
  side,
  status,
  timeMs,
  type Check,
} from './shapes.ts';

export const COMMANDS_TYPE = 'dev.bourse.exchange.commands.accepted.v1';
export const TICK_TYPE = 'dev.bourse.exchange.clock.ticked.v1';
export const HANDED_OVER_TYPE = 'dev.bourse.exchange.market.handed_over.v1';
export const TAKEN_OVER_TYPE = 'dev.bourse.exchange.market.taken_over.v1';
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

/** Names one move of one market for ever. */
export interface Move {
  readonly market: Market;
  readonly moveNumber: number;
  readonly fromShard: number;
  readonly toShard: number;
}

export interface StatePiece extends Move {
  readonly piece: number;
  readonly pieces: number;
  readonly sequence: number;
  readonly stateHash: string;
  readonly stateSha256: string;
  /** Base64 of what only the engine can read. */
  readonly bytes: string;
}

export type CommandRecord =
  | CommandBatch
  | { readonly kind: 'handed_over'; readonly move: Move }
  | { readonly kind: 'taken_over'; readonly piece: StatePiece }
  | { readonly kind: 'tick'; readonly timeMs: number }
  | { readonly kind: 'poison'; readonly problem: string };

/** What one input batch did to one market. */
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

const head = { kind: () => true, number, timeMs };

const DAY_MS = 86_400_000;
const bps = between(1, 9_999);
const band = fields({
  staticPrice: absentOr(decimal),
  staticBps: absentOr(bps),
  dynamicBps: absentOr(bps),
});
/** A price without a width means nothing, nor does a width without a price. */
const isWholeBand: Check = (v) =>
  Object.hasOwn(v as object, 'staticPrice') === Object.hasOwn(v as object, 'staticBps');
const selfTradeMode = oneOf('cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none');

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
  protectionBps: bps,
  feePolicy: oneOf('received', 'quote'),
  selfTradeAllowed: flag,
  version: number,
  maxNotional: absentOr(decimal),
  priceBand: absentOr(bothOf(band, isWholeBand)),
  interruption: absentOr(
    fields({
      moveBps: bps,
      windowMs: bothOf(between(60, DAY_MS), (v) => Number(v) % 60 === 0),
      haltMs: between(0, DAY_MS),
      auctionMs: between(1, DAY_MS),
    }),
  ),
  maxOpenOrders: absentOr(number),
  maxWaitingOrders: absentOr(number),
  referenceMaxAgeMs: absentOr(number),
  selfTradeModes: absentOr(list(selfTradeMode, 1)),
});

const isSchedule = bothOf(list(fields({ atMs: timeMs, status }), 1, 32), (v) => {
  const times = (v as { atMs: number }[]).map(({ atMs }) => atMs);
  return times.every((atMs, at) => at === 0 || atMs > (times[at - 1] ?? Infinity));
});

const condition = oneOf('new', 'partially_filled');
const fixedTrigger = fields({ kind: oneOf('stop_loss', 'take_profit'), priceTicks });
const trailingTrigger = fields({
  kind: oneOf('trailing_stop'),
  trailBps: between(1, 5_000),
  activationPriceTicks: absentOr(priceTicks),
});

/** What an order is in a list or by itself. */
const order = {
  number,
  side,
  type: oneOf('limit', 'market'),
  timeInForce: oneOf('GTC', 'IOC', 'FOK', 'GTD'),
  postOnly: flag,
  selfTradePrevention: selfTradeMode,
  priceTicks,
  quantityLots: number,
  quoteBudgetMinor: orNull(minor),
  expiresAtMs: orNull(timeMs),
  makerFeePpm: ppm,
  takerFeePpm: ppm,
  holdMinor: minor,
  trigger: absentOr(eitherOf(fixedTrigger, trailingTrigger)),
  displayLots: absentOr(number),
  tradeGroup: absentOr(between(1, 2_147_483_647)),
  peg: absentOr(fields({ to: oneOf('same', 'opposite'), offsetLevels: between(0, 100) })),
};

const COMMANDS: Readonly<Record<string, Check>> = {
  place: fields({
    ...head,
    ...order,
    userNumber: number,
    replaces: absentOr(
      fields({
        orderNumber: number,
        onFailure: oneOf('stop', 'proceed'),
        onlyIf: absentOr(condition),
      }),
    ),
  }),
  place_list: fields({
    ...head,
    userNumber: number,
    working: absentOr(fields(order)),
    orders: list(fields(order), 1, 2),
  }),
  cancel: fields({
    ...head,
    userNumber: number,
    orderNumber: number,
    onlyIf: absentOr(condition),
  }),
  cancel_all: fields({ ...head, userNumber: number, side: absentOr(side) }),
  amend: fields({
    ...head,
    userNumber: number,
    orderNumber: number,
    priceTicks,
    quantityLots: number,
    holdIncreaseMinor: minor,
  }),
  cancel_all_after: fields({ ...head, userNumber: number, deadlineMs: orNull(timeMs) }),
  block_user: fields({ ...head, userNumber: number, isBlocked: flag }),
  configure_market: fields({
    ...head,
    config: isConfig,
    status,
    schedule: absentOr(isSchedule),
  }),
};
const isTick = fields({ kind: oneOf('tick'), timeMs });

const move = { market, moveNumber: number, fromShard: atLeast(0), toShard: atLeast(0) };
const isMove = fields(move);
const isPiece = fields({
  ...move,
  piece: between(1, 1_000),
  pieces: between(1, 1_000),
  sequence: atLeast(0),
  stateHash: sha256Hex,
  stateSha256: sha256Hex,
  bytes: (v) => base64(v) && v !== '',
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readCommandRecord(record: LogRecord): CommandRecord {
  const value = parse(record.value);
  const type = record.headers['ce_type'];
  if (type === TICK_TYPE) {
    if (!isTick(value)) return poison('the tick does not fit its shape');
    return { kind: 'tick', timeMs: (value as { timeMs: number }).timeMs };
  }
  if (type === HANDED_OVER_TYPE || type === TAKEN_OVER_TYPE) return readMove(record, type, value);
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

function readMove(record: LogRecord, type: string, value: unknown): CommandRecord {
  const isHandOver = type === HANDED_OVER_TYPE;
  if (!(isHandOver ? isMove : isPiece)(value)) return poison('the move does not fit its shape');
  const { market: id, fromShard, toShard } = value as Move;
  if (record.key !== id) return poison('the key is not the market');
  if (fromShard === toShard) return poison('a move from a shard to itself');
  if ((isHandOver ? fromShard : toShard) !== record.partition) return poison('not of this shard');
  return isHandOver
    ? { kind: 'handed_over', move: value as Move }
    : { kind: 'taken_over', piece: value as StatePiece };
}

function findFault(market: Market, command: MarketCommand): string | null {
  const kind: unknown = (command as { kind?: unknown } | null)?.kind;
  const fits = typeof kind === 'string' && COMMANDS[kind]?.(command) === true;
  if (!fits) return 'a command does not fit its shape';
  if (command.kind === 'place') return findOrderFault(command);
  if (command.kind === 'place_list') return findListFault(command);
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
export function readExecutionRecord(record: LogRecord): readonly ExecutionRecord[] | null {
  if (record.headers['ce_type'] !== EXECUTIONS_TYPE) return null;
  const value = parse(record.value);
  const isEvent = (v: unknown): boolean =>
    typeof v === 'object' && v !== null && 'sequence' in v && number(v.sequence);
  const isLevel = (v: unknown): boolean =>
    Array.isArray(v) && v.length === 3 && side(v[0]) && priceTicks(v[1]) && timeMs(v[2]);
  const isOutput = fields({
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
  const isRecord = fields({
    outputs: (v) => Array.isArray(v) && v.length > 0 && v.every(isOutput),
  });
  return isRecord(value) ? (value as { outputs: ExecutionRecord[] }).outputs : null;
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
