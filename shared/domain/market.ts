// A market's trading rules, and conversion between wire decimals and its ticks and lots.
import { divRoundDown } from '../money/rounding.ts';
import { formatDecimal, parseDecimal, toMinor } from '../money/decimal.ts';
import type { AssetId, MarketId } from './ids.ts';
import type { SelfTradePrevention } from './order.ts';

/** In the order of their codes in snapshots: new ones go to the end. */
export const MARKET_STATUSES = [
  'trading',
  'cancel_only',
  'halted',
  'post_only',
  'limit_only',
  'pre_open',
  'auction',
  'closing',
  'delisted',
] as const;
export type MarketStatus = (typeof MARKET_STATUSES)[number];

/** In these a market matches orders as they come. */
export function isContinuous(status: MarketStatus): boolean {
  return status === 'trading' || status === 'limit_only' || status === 'post_only';
}

/** In these a market collects orders without matching them. */
export function isCollecting(status: MarketStatus): boolean {
  return status === 'auction' || status === 'pre_open';
}

/** Whether a market may go from one status to another; null before its first configuration. */
export function mayFollow(from: MarketStatus | null, to: MarketStatus): boolean {
  if (from === 'delisted') return false;
  if (to === 'delisted') return from === 'closing';
  return from !== 'closing' || to === 'closing';
}

/** Why a market has another status by itself. */
export const PHASE_CAUSES = ['schedule', 'interruption', 'resumption'] as const;
export type PhaseCause = (typeof PHASE_CAUSES)[number];

/** A status that a market will have from a time on, in milliseconds since 1970. */
export interface ScheduledStatus {
  readonly atMs: number;
  readonly status: MarketStatus;
}

/** Statuses that a schedule may hold. */
export const SCHEDULE_MAX = 32;

/** The recent trades of an interruption are kept in so many slots of its window. */
export const RANGE_SLOTS = 60;

/** What stops a market that moves too fast: docs/engine.md, "Interruptions". */
export interface InterruptionRule {
  /** Basis points that a trade may be away from the lowest and highest of the window. */
  readonly moveBps: number;
  /** A multiple of 60. */
  readonly windowMs: number;
  /** Zero for none: then the auction begins at once. */
  readonly haltMs: number;
  readonly auctionMs: number;
}

/** Prices that limit orders may have; a side that is left out is not checked. */
export interface PriceBand {
  /** Round a price that the operator sets, in quote per base. */
  readonly staticPrice?: string;
  readonly staticBps?: number;
  /** Round the price of the last trade. */
  readonly dynamicBps?: number;
}

/** `received`: each side pays its fee from what it receives. `quote`: both sides pay in quote. */
export const FEE_POLICIES = ['received', 'quote'] as const;
export type FeePolicy = (typeof FEE_POLICIES)[number];

/** Highest price in ticks: 2^32 - 1, so that a price level's index fits one unsigned word. */
export const PRICE_TICKS_MAX = 4_294_967_295;
/** Highest quantity in lots: exact in a double. */
export const QUANTITY_LOTS_MAX = Number.MAX_SAFE_INTEGER;

/**
 * What a market is made of. Decimal strings as on the wire; it is carried whole in the command log.
 */
export interface MarketConfig {
  readonly market: MarketId;
  readonly base: AssetId;
  readonly quote: AssetId;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  /** Price step, in quote per one base. */
  readonly tickSize: string;
  /** Quantity step, in base. */
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  /** Least price x quantity, in quote. */
  readonly minNotional: string;
  /** Lowest and highest price that may be ordered, in quote per base. */
  readonly minPrice: string;
  readonly maxPrice: string;
  /** A market order never trades further than this from the best price at its start, in bps. */
  readonly protectionBps: number;
  readonly feePolicy: FeePolicy;
  /** Whether orders may ask for self-trade prevention `none`. */
  readonly selfTradeAllowed: boolean;
  /** Counts up with every change; a change that is not newer is ignored. */
  readonly version: number;
  /** Most price x quantity of one order, in quote. */
  readonly maxNotional?: string;
  readonly priceBand?: PriceBand;
  readonly interruption?: InterruptionRule;
  /** Resting orders that a user may have here. */
  readonly maxOpenOrders?: number;
  /** Waiting orders (with a trigger) that a user may have here. */
  readonly maxWaitingOrders?: number;
  /** A last trade older than this is no reference for market orders and triggers. */
  readonly referenceMaxAgeMs?: number;
  /** Modes of self-trade prevention that orders may ask for beside `none`; left out: all. */
  readonly selfTradeModes?: readonly SelfTradePrevention[];
}

/** The integers that follow from a `MarketConfig`. */
export interface MarketScale {
  /** Base units of one lot. */
  readonly lotMinor: bigint;
  /** Quote units of one tick x one lot; whole by the rule that admits a market. */
  readonly tickLotMinor: bigint;
  readonly minQuantityLots: number;
  readonly maxQuantityLots: number;
  readonly minNotionalMinor: bigint;
  readonly minPriceTicks: number;
  readonly maxPriceTicks: number;
  /** Null where there is no limit. */
  readonly maxNotionalMinor: bigint | null;
  /** Null where there is no static band. */
  readonly staticTicks: number | null;
}

const SCALE_DECIMALS = 18;

/**
 * Derives a market's integers. Throws RangeError when the market must be refused: above all when
 * tick x lot is not a whole number of the quote's smallest unit, because then a notional could
 * need rounding (design decision 13).
 */
export function marketScale(config: MarketConfig): MarketScale {
  const tick = toMinor(config.tickSize, SCALE_DECIMALS);
  const lot = toMinor(config.lotSize, SCALE_DECIMALS);
  if (tick <= 0n || lot <= 0n) throw new RangeError('tickSize and lotSize must be positive');
  const product = tick * lot * 10n ** BigInt(config.quoteDecimals);
  const unit = 10n ** BigInt(2 * SCALE_DECIMALS);
  if (product % unit !== 0n) {
    throw new RangeError(
      `${config.market}: tick ${config.tickSize} x lot ${config.lotSize} is no whole number of ` +
        `the smallest unit of ${config.quote} (${config.quoteDecimals} decimals)`,
    );
  }
  return {
    lotMinor: toMinor(config.lotSize, config.baseDecimals),
    tickLotMinor: product / unit,
    minQuantityLots: steps(config.minQuantity, config.lotSize, QUANTITY_LOTS_MAX, 'minQuantity'),
    maxQuantityLots: steps(config.maxQuantity, config.lotSize, QUANTITY_LOTS_MAX, 'maxQuantity'),
    minNotionalMinor: toMinor(config.minNotional, config.quoteDecimals),
    minPriceTicks: steps(config.minPrice, config.tickSize, PRICE_TICKS_MAX, 'minPrice'),
    maxPriceTicks: steps(config.maxPrice, config.tickSize, PRICE_TICKS_MAX, 'maxPrice'),
    maxNotionalMinor:
      config.maxNotional === undefined ? null : toMinor(config.maxNotional, config.quoteDecimals),
    staticTicks: staticTicks(config),
  };
}

export type StepError = 'malformed' | 'off_step' | 'too_large';

/** Reads a decimal as a whole number of `stepSize`; the answer is at most `stepsMax`. */
export function parseSteps(text: unknown, stepSize: string, stepsMax: number): number | StepError {
  const value = parseDecimal(text, SCALE_DECIMALS);
  if (typeof value === 'string') return 'malformed';
  const step = toMinor(stepSize, SCALE_DECIMALS);
  if (value % step !== 0n) return 'off_step';
  const count = divRoundDown(value, step);
  return count > BigInt(stepsMax) ? 'too_large' : Number(count);
}

/** Writes a number of steps as a canonical decimal. */
export function formatSteps(count: number, stepSize: string): string {
  return formatDecimal(BigInt(count) * toMinor(stepSize, SCALE_DECIMALS), SCALE_DECIMALS);
}

/** Quote units of `lots` at `ticks`: exact. */
export function notionalMinor(scale: MarketScale, ticks: number, lots: number): bigint {
  return BigInt(ticks) * BigInt(lots) * scale.tickLotMinor;
}

function steps(text: string, stepSize: string, stepsMax: number, name: string): number {
  const count = parseSteps(text, stepSize, stepsMax);
  if (typeof count === 'string' || count === 0) {
    throw new RangeError(`${name} "${text}" must be a positive multiple of ${stepSize}`);
  }
  return count;
}

function staticTicks({ priceBand, tickSize }: MarketConfig): number | null {
  if (priceBand?.staticPrice === undefined) return null;
  return steps(priceBand.staticPrice, tickSize, PRICE_TICKS_MAX, 'staticPrice');
}
