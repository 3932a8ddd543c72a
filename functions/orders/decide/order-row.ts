// An order as the tables hold it, and the market it is measured in.
import type { OrderStatus, Side, TriggerKind } from '../../../shared/domain/order.ts';
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
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Base units of the quote asset; null unless sized by quote amount. */
  readonly quoteAmountMinor: string | null;
  readonly expiresAtMs: number | null;
  /** Both null for an order that takes part at once. */
  readonly triggerKind: TriggerKind | null;
  readonly triggerPriceTicks: number | null;
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
