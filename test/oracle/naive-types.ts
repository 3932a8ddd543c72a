// The wire shapes of commands as docs/engine.md and the AsyncAPI page give them, written out again
// by hand: the oracle and the audit share no code with what they judge.

export type Side = 'buy' | 'sell';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTD';
export type SelfTradeMode = 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'decrement' | 'none';
export type MarketStatus =
  | 'trading'
  | 'cancel_only'
  | 'halted'
  | 'post_only'
  | 'limit_only'
  | 'pre_open'
  | 'auction'
  | 'closing'
  | 'delisted';
export type PhaseCause = 'schedule' | 'interruption' | 'resumption';
export type FeePolicy = 'received' | 'quote';
export type EndStatus = 'filled' | 'cancelled' | 'expired' | 'rejected';
export type CancelCondition = 'new' | 'partially_filled';
export type FixedTriggerKind = 'stop_loss' | 'take_profit';
export type TriggerKind = FixedTriggerKind | 'trailing_stop';
/** What an order can wait for: a price, or that the working order of its list is filled. */
export type ArmedKind = TriggerKind | 'working_order';
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
  readonly maxNotional?: string;
  readonly priceBand?: PriceBand;
  readonly interruption?: InterruptionRule;
  readonly maxOpenOrders?: number;
  readonly maxWaitingOrders?: number;
  readonly referenceMaxAgeMs?: number;
  readonly selfTradeModes?: readonly SelfTradeMode[];
}

/** The first two go together. */
export interface PriceBand {
  readonly staticPrice?: string;
  readonly staticBps?: number;
  readonly dynamicBps?: number;
}

export interface InterruptionRule {
  readonly moveBps: number;
  readonly windowMs: number;
  readonly haltMs: number;
  readonly auctionMs: number;
}

export interface ScheduledStatus {
  readonly atMs: number;
  readonly status: MarketStatus;
}

interface Numbered {
  readonly number: number;
  readonly timeMs: number;
}

export interface FixedTrigger {
  readonly kind: FixedTriggerKind;
  readonly priceTicks: number;
}

export interface TrailingTrigger {
  readonly kind: 'trailing_stop';
  readonly trailBps: number;
  readonly activationPriceTicks?: number;
}

export type Trigger = FixedTrigger | TrailingTrigger;

/** The order that a new one takes the place of. */
export interface Replaces {
  readonly orderNumber: number;
  readonly onFailure: 'stop' | 'proceed';
  readonly onlyIf?: CancelCondition;
}

/** The order takes its price from the book when it enters it. */
export interface Peg {
  readonly to: 'same' | 'opposite';
  /** Levels to look past, best first. */
  readonly offsetLevels: number;
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
  readonly displayLots?: number;
  readonly tradeGroup?: number;
  readonly replaces?: Replaces;
  readonly peg?: Peg;
}

/** An order of a list: one of the list's user and time. */
export type ListOrder = Omit<Place, 'kind' | 'timeMs' | 'userNumber' | 'replaces'>;

/** Its number is the list's, above those of its orders. */
export interface PlaceList extends Numbered {
  readonly kind: 'place_list';
  readonly userNumber: number;
  readonly working?: ListOrder;
  /** One, or the two of a pair. */
  readonly orders: ListOrder[];
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

export interface CancelAllAfter extends Numbered {
  readonly kind: 'cancel_all_after';
  readonly userNumber: number;
  readonly deadlineMs: number | null;
}

export interface BlockUser extends Numbered {
  readonly kind: 'block_user';
  readonly userNumber: number;
  readonly isBlocked: boolean;
}

export interface Configure extends Numbered {
  readonly kind: 'configure_market';
  readonly config: MarketConfig;
  readonly status: MarketStatus;
  readonly schedule?: ScheduledStatus[];
}

export interface Tick {
  readonly kind: 'tick';
  readonly timeMs: number;
}

export type MarketCommand =
  Place | PlaceList | Cancel | CancelAll | Amend | CancelAllAfter | BlockUser | Configure;
/** A command of a user, or on one. */
export type UserCommand = Exclude<MarketCommand, Configure>;
/** A command before it has its number and time. */
export type Bare<C> = C extends MarketCommand ? Omit<C, 'number' | 'timeMs'> : never;

export type DepthLine = readonly [Side, number, number];
