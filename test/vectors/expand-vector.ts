// Fills in what a vector leaves out, so that what runs it needs no rule but the documented
// defaults: whole commands, whole events with their sequence and time, ids as on the wire.
import {
  clockTickedSchema,
  marketCommandSchema,
  type TickCommand,
} from '../../shared/events/commands.ts';
import { executionEventSchema, type ExecutionEvent } from '../../shared/events/executions.ts';
import { holdOf, orderIdOf, scaleOf, tradeIdOf, userIdOf } from '../oracle/naive-amounts.ts';
import type { DepthLine, MarketCommand, MarketConfig, Place } from '../oracle/naive-types.ts';
import type { Fields, Vector } from './vector-format.ts';

/** Tick and lot are 1: limits read as ticks and lots. A lot is 10 base units, a tick x lot 1. */
export const DEFAULT_MARKET: MarketConfig = {
  market: 'ABC-XYZ',
  base: 'ABC',
  quote: 'XYZ',
  baseDecimals: 1,
  quoteDecimals: 0,
  tickSize: '1',
  lotSize: '1',
  minQuantity: '1',
  maxQuantity: '1000000',
  minNotional: '0',
  minPrice: '1',
  maxPrice: '1000000',
  protectionBps: 1_000,
  feePolicy: 'received',
  selfTradeAllowed: true,
  version: 1,
};

const MAKER_FEE_PPM = 1_000;
const TAKER_FEE_PPM = 2_000;
const FIRST_TIME_MS = 1_000;
const CONFIGURE_NUMBER = 1;

export type Command = MarketCommand | TickCommand;

export interface WholeStep {
  readonly command: Command;
  readonly events: readonly ExecutionEvent[];
  readonly depth: readonly DepthLine[] | null;
}

export interface WholeVector {
  readonly title: string;
  readonly market: MarketConfig['market'];
  readonly given: readonly Command[];
  readonly givenKinds: readonly string[];
  readonly steps: readonly WholeStep[];
  readonly book: NonNullable<Vector['book']> | null;
}

/** Throws when a command or event is not one of shared/events after its defaults. */
export function expandVector(vector: Vector): WholeVector {
  const { title, given, book } = vector;
  const expander = new Expander({ ...DEFAULT_MARKET, ...given.market });
  const configure = { kind: 'configure_market', number: CONFIGURE_NUMBER, status: given.status };
  const before = given.market === null ? given.commands : [configure, ...given.commands];
  const commands = before.map((fields) => expander.command(fields));
  expander.skip(given.eventKinds.length);
  const steps = vector.steps.map(({ when, then, depth }) => ({
    command: expander.command(when),
    events: then.map((fields) => expander.event(fields)),
    depth: depth ?? null,
  }));
  const { market } = expander.config;
  const givenKinds = given.eventKinds;
  return { title, market, given: commands, givenKinds, steps, book: book ?? null };
}

class Expander {
  readonly config: MarketConfig;
  #lastTimeMs = FIRST_TIME_MS;
  #clockMs = 0;
  #sequence = 0;

  constructor(config: MarketConfig) {
    this.config = config;
  }

  skip(events: number): void {
    this.#sequence += events;
  }

  command(fields: Fields): Command {
    const whole = { timeMs: this.#lastTimeMs, ...this.#withDefaults(fields) };
    const command =
      fields['kind'] === 'tick'
        ? clockTickedSchema.parse(whole)
        : (marketCommandSchema.parse(whole) as MarketCommand);
    this.#lastTimeMs = command.timeMs;
    this.#clockMs = Math.max(this.#clockMs, command.timeMs);
    return command;
  }

  #withDefaults(fields: Fields): Fields {
    switch (fields['kind']) {
      case 'configure_market': {
        const changes = (fields['config'] ?? {}) as Partial<MarketConfig>;
        return { ...fields, config: { ...this.config, ...changes } };
      }
      case 'amend':
        return { holdIncreaseMinor: '0', ...fields };
      case 'place':
        return this.#wholeOrder(fields);
      case 'place_list':
        return this.#wholeList(fields);
      default:
        return fields;
    }
  }

  /** The defaults of its orders are those of `place`. What is no order is left to the schema. */
  #wholeList(fields: Fields): Fields {
    const whole = (order: unknown): unknown =>
      isObject(order) ? this.#wholeOrder(order as Fields) : order;
    const { working, orders } = fields;
    return {
      ...fields,
      ...(working === undefined ? {} : { working: whole(working) }),
      ...(Array.isArray(orders) ? { orders: orders.map(whole) } : {}),
    };
  }

  #wholeOrder(fields: Fields): Fields {
    const whole = {
      type: 'limit',
      timeInForce: fields['type'] === 'market' ? 'IOC' : 'GTC',
      postOnly: false,
      selfTradePrevention: 'cancel_taker',
      quoteBudgetMinor: null,
      expiresAtMs: null,
      makerFeePpm: MAKER_FEE_PPM,
      takerFeePpm: TAKER_FEE_PPM,
      ...fields,
    };
    return 'holdMinor' in fields ? whole : { ...whole, holdMinor: this.#exactHold(whole) };
  }

  /** The formula of docs/engine.md, "Amounts in events"; a buy sized by quote says its own. */
  #exactHold(fields: Fields): string {
    const { side, priceTicks, quantityLots, makerFeePpm, takerFeePpm } = fields as unknown as Place;
    const isByQuote = fields['type'] === 'market' && fields['quoteBudgetMinor'] !== null;
    if (isByQuote && side === 'buy') throw new Error('a buy sized by quote must say its holdMinor');
    const rules = { config: this.config, scale: scaleOf(this.config) };
    const terms = { side, makerFeePpm, takerFeePpm };
    return String(holdOf(rules, terms, BigInt(priceTicks), BigInt(quantityLots)));
  }

  event(fields: Fields): ExecutionEvent {
    this.#sequence += 1;
    const head = { sequence: this.#sequence, timeMs: this.#clockMs };
    const whole: Fields = { ...head, ...(withIds(fields) as Fields) };
    if (fields['kind'] === 'trade') {
      Object.assign(whole, {
        tradeId: tradeIdOf(this.config.market, this.#sequence),
        taker: { feePpm: TAKER_FEE_PPM, ...(whole['taker'] as object) },
        maker: { feePpm: MAKER_FEE_PPM, ...(whole['maker'] as object) },
      });
    }
    return executionEventSchema.parse(whole);
  }
}

/** Numbers under `orderId`, `userId` and `holdId`, however deep, become ids. */
function withIds(value: unknown, key = ''): unknown {
  if (typeof value === 'number' && /orderId$/i.test(key)) return orderIdOf(value);
  if (typeof value === 'number' && /userId$/i.test(key)) return userIdOf(value);
  if (typeof value === 'number' && key === 'holdId') return listIdOf(value);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withIds(each, name)]),
  );
}

/** Written out here: the vectors share no code with what they judge. */
function listIdOf(listNumber: number): string {
  return `lst_${String(listNumber).padStart(16, '0')}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
