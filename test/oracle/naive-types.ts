// The wire shapes of commands and executions as docs/engine.md and the AsyncAPI page give them,
// written out again by hand: the oracle and the audit share no code with what they judge.

export type Side = 'buy' | 'sell';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTD';
export type SelfTradeMode = 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'decrement' | 'none';
export type MarketStatus = 'trading' | 'cancel_only' | 'halted' | 'post_only' | 'limit_only';
export type FeePolicy = 'received' | 'quote';
export type EndStatus = 'filled' | 'cancelled' | 'expired' | 'rejected';
export type CancelCondition = 'new' | 'partially_filled';
export type TriggerKind = 'stop_loss' | 'take_profit';
export type Market = `${string}-${string}`;

export interface MarketConfig {
  readonly market: Market;
  readonly base: string;
  readonly quote: string;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly minNotional: string;
  readonly minPrice: string;
  readonly maxPrice: string;
  readonly protectionBps: number;
  readonly feePolicy: FeePolicy;
  readonly selfTradeAllowed: boolean;
  readonly version: number;
}

interface Numbered {
  readonly number: number;
  readonly timeMs: number;
}

export interface Trigger {
  readonly kind: TriggerKind;
  readonly priceTicks: number;
}

export interface Place extends Numbered {
  readonly kind: 'place';
  readonly userNumber: number;
  readonly side: Side;
  readonly type: 'limit' | 'market';
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly selfTradePrevention: SelfTradeMode;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteBudgetMinor: string | null;
  readonly expiresAtMs: number | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly holdMinor: string;
  readonly trigger?: Trigger;
}

export interface Cancel extends Numbered {
  readonly kind: 'cancel';
  readonly userNumber: number;
  readonly orderNumber: number;
  readonly onlyIf?: CancelCondition;
}

export interface CancelAll extends Numbered {
  readonly kind: 'cancel_all';
  readonly userNumber: number;
  readonly side?: Side;
}

export interface Amend extends Numbered {
  readonly kind: 'amend';
  readonly userNumber: number;
  readonly orderNumber: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly holdIncreaseMinor: string;
}

export interface Configure extends Numbered {
  readonly kind: 'configure_market';
  readonly config: MarketConfig;
  readonly status: MarketStatus;
}

export interface Tick {
  readonly kind: 'tick';
  readonly timeMs: number;
}

export type MarketCommand = Place | Cancel | CancelAll | Amend | Configure;
/** A command before it has its number and time. */
export type Bare<C> = C extends MarketCommand ? Omit<C, 'number' | 'timeMs'> : never;

interface Head {
  readonly sequence: number;
  readonly timeMs: number;
}

interface OrderHead extends Head {
  readonly orderId: string;
  readonly userId: string;
}

export interface Opened extends OrderHead {
  readonly kind: 'opened';
  readonly side: Side;
  readonly priceTicks: number;
  readonly remainingLots: number;
}

export interface Armed extends OrderHead {
  readonly kind: 'armed';
  readonly side: Side;
  readonly triggerKind: TriggerKind;
  readonly triggerPriceTicks: number;
  readonly remainingLots: number;
}

export interface Triggered extends OrderHead {
  readonly kind: 'triggered';
  readonly tradeSequence: number;
}

export interface TradeParty {
  readonly orderId: string;
  readonly userId: string;
  readonly feePpm: number;
  readonly remainingLots: number;
  readonly holdMinor: string;
}

export interface Trade extends Head {
  readonly kind: 'trade';
  readonly tradeId: string;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly baseMinor: string;
  readonly quoteMinor: string;
  readonly takerSide: Side;
  readonly taker: TradeParty;
  readonly maker: TradeParty;
}

export interface Reduced extends OrderHead {
  readonly kind: 'reduced';
  readonly preventedLots: number;
  readonly remainingLots: number;
  readonly releaseMinor: string;
}

export interface Ended extends OrderHead {
  readonly kind: 'ended';
  readonly status: EndStatus;
  readonly reason: string | null;
  readonly cancelledLots: number;
  readonly releaseMinor: string;
}

export interface Amended extends OrderHead {
  readonly kind: 'amended';
  readonly commandNumber: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly remainingLots: number;
  readonly priorityKept: boolean;
  readonly releaseMinor: string;
}

export interface Refused extends Head {
  readonly kind: 'refused';
  readonly commandNumber: number;
  readonly userId: string;
  readonly orderId: string | null;
  readonly reason: string;
  readonly releaseMinor: string;
}

export interface Configured extends Head {
  readonly kind: 'configured';
  readonly version: number;
  readonly status: MarketStatus;
}

export type Execution =
  Opened | Armed | Triggered | Trade | Reduced | Ended | Amended | Refused | Configured;
export type DepthLine = readonly [Side, number, number];

/** A resting, taking or waiting order. */
export interface Order {
  readonly number: number;
  readonly user: number;
  readonly side: Side;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly mode: SelfTradeMode;
  readonly expiresAtMs: number | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  limit: bigint;
  original: bigint;
  remaining: bigint;
  /** Only market orders sized by quote amount, which never rest. */
  readonly byQuote: ByQuote | null;
}

/** An order that waits for its trigger price, with the command that will place it. */
export interface Waiting {
  readonly order: Order;
  readonly command: Place;
  readonly trigger: Trigger;
}

export interface ByQuote {
  readonly hold: bigint;
  budgetLeft: bigint;
  /** Quote units traded so far. */
  spent: bigint;
  /** What a buy has paid out of its hold; says nothing of a sell, which holds base. */
  taken: bigint;
}
