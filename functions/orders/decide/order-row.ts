// An order as the tables hold it, and the market it is measured in.
import type { OrderStatus, PegSide, Side, TriggerKind } from '../../../shared/domain/order.ts';
import type { OrderType, SelfTradePrevention, TimeInForce } from '../../../shared/domain/order.ts';

export interface OrderRow {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly clientOrderId: string | null;
  readonly market: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly selfTradePrevention: SelfTradePrevention;
  /** Of a pegged order its own limit, until it has taken its price from the book. */
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Base units of the quote asset; null unless sized by quote amount. */
  readonly quoteAmountMinor: string | null;
  readonly expiresAtMs: number | null;
  /** Null for an order that takes part at once. */
  readonly triggerKind: TriggerKind | null;
  /** Null without a trigger, and for a trailing stop, whose price moves. */
  readonly triggerPriceTicks: number | null;
  /** Null unless the trigger is a trailing stop. */
  readonly trailBps: number | null;
  /** Null for a trailing stop that is active from placement, and without one. */
  readonly activationPriceTicks: number | null;
  /** What an iceberg shows at a time; null for any other order. */
  readonly displayLots: number | null;
  /** Null for an order that names its price. */
  readonly pegTo: PegSide | null;
  /** Levels that it looks past; null unless it is pegged. */
  readonly pegOffsetLevels: number | null;
  /** The limit that a pegged order was placed with; null for any other order. */
  readonly pegLimitTicks: number | null;
  /** For the rest of the UTC day: the engine has it as GTD until midnight. */
  readonly isDay: boolean;
  /** The order list that it was placed with; null for an order of its own. */
  readonly listNumber: number | null;
  /** It shares the hold of the list's pair, and has none of its own. */
  readonly isPair: boolean;
  /** The order whose place it was to take. */
  readonly replacesNumber: number | null;
  /** The order that has taken its place. */
  readonly replacedBy: number | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly acceptedAtMs: number;
  readonly updatedAtMs: number;
  readonly status: OrderStatus;
  readonly reason: string | null;
  readonly lastSequence: number;
  readonly remainingLots: number;
  readonly filledLots: number;
  readonly filledQuoteMinor: string;
  readonly amendPending: boolean;
}

/** An order that is locked to be changed. */
export interface LockedOrder extends OrderRow {
  /** The outbox row that placed it, while that is not known to be in the log: it must go first. */
  readonly unpublishedId: number | null;
}

/** Fees paid so far by asset, base units, negative when rebates prevail. */
export type FeeSums = Readonly<Record<string, string>>;

/** What it takes to write amounts of a market as decimals. */
export interface MarketUnits {
  readonly base: string;
  readonly quote: string;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  readonly tickSize: string;
  readonly lotSize: string;
}

export interface OrderWithUnits {
  readonly order: OrderRow;
  readonly units: MarketUnits;
  readonly fees: FeeSums;
  readonly decimals: Readonly<Record<string, number>>;
}
