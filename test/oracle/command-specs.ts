// Commands in an abstract form that shrinks well: small indexes that the maker turns into concrete
// commands against the present state of the book. They are drawn in random-specs.ts.
import type {
  CancelCondition,
  MarketStatus,
  Peg,
  SelfTradeMode,
  Side,
  Replaces,
  TimeInForce,
  TriggerKind,
} from './naive-types.ts';

export const SELF_TRADE_MODES: readonly SelfTradeMode[] = [
  'cancel_taker',
  'cancel_maker',
  'cancel_both',
  'decrement',
  'none',
];
export const TIMES_IN_FORCE: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK', 'GTD'];

/** Two configured markets and one that seldom is. */
export const MARKETS = ['BTC-USD', 'ETH-EUR', 'NEW-USD'] as const;
/** How a command gets its number; see `command-maker.ts`. */
export type Numbering = 'next' | 'skip' | 'late' | 'jump' | 'window_edge' | 'too_old';

interface Base {
  readonly market: number;
  readonly numbering: Numbering;
  readonly forwardMs: number;
}

export interface TriggerSpec {
  readonly kind: TriggerKind;
  /** Of a trailing stop. */
  readonly trailBps: number;
  /** False for a trailing stop without an activation price. */
  readonly hasPrice: boolean;
  /** Ticks from the last trade to where it is not reached yet; below 1 it is reached at once. */
  readonly away: number;
  /** Used instead, and where nothing has traded. */
  readonly price: number;
  readonly isFixed: boolean;
}

export interface PlaceSpec extends Base {
  readonly kind: 'place';
  readonly user: number;
  readonly side: Side;
  readonly sizing: 'limit' | 'market' | 'quote';
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly mode: SelfTradeMode;
  readonly price: number;
  readonly lots: number;
  readonly budgetExtra: number;
  readonly expiryMs: number;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly trigger: TriggerSpec | null;
  readonly displayLots: number | null;
  readonly tradeGroup: number | null;
  readonly replaces: ReplaceSpec | null;
  readonly peg: Peg | null;
}

/** `pair` is placed at once; the others wait for a working order. */
export type ListShape = 'pair' | 'pending' | 'pending pair';

/** The orders are drawn as any others and brought into the shape of a list; see `list-maker.ts`. */
export interface ListSpec extends Base {
  readonly kind: 'place_list';
  readonly user: number;
  readonly shape: ListShape;
  readonly working: PlaceSpec;
  /** The working order reaches across the gap. */
  readonly isTaking: boolean;
  readonly orders: readonly [PlaceSpec, PlaceSpec];
  /** Which of a pair, or whether one alone, has no trigger. */
  readonly maker: 'first' | 'second' | 'none';
  readonly trigger: TriggerSpec;
}

/** `ended` names an order that is no more, `foreign` somebody else's. */
export type Target = 'resting' | 'waiting' | 'ended' | 'foreign';

export interface ReplaceSpec {
  readonly pick: number;
  readonly target: Target;
  readonly onFailure: Replaces['onFailure'];
  readonly onlyIf: CancelCondition | null;
}

export interface TargetSpec extends Base {
  readonly pick: number;
  readonly target: Target;
}

export interface CancelSpec extends TargetSpec {
  readonly kind: 'cancel';
  readonly onlyIf: CancelCondition | null;
}

export interface AmendSpec extends TargetSpec {
  readonly kind: 'amend';
  readonly price: number | 'same';
  readonly lots: 'same' | 'less' | 'more' | 'not_above_gone' | 'too_large';
  readonly step: number;
  readonly hold: 'exact' | 'extra' | 'short';
}

export interface CancelAllSpec extends Base {
  readonly kind: 'cancel_all';
  readonly user: number;
  readonly side: Side | null;
}

export interface DeadlineSpec extends Base {
  readonly kind: 'cancel_all_after';
  readonly user: number;
  /** From the clock; null takes the deadline away. */
  readonly aheadMs: number | null;
  /** Comes at the very moment of the user's present deadline. */
  readonly isAtDeadline: boolean;
}

export interface BlockSpec extends Base {
  readonly kind: 'block_user';
  readonly user: number;
  readonly isBlocked: boolean;
}

export interface ConfigureSpec extends Base {
  readonly kind: 'configure';
  readonly variant: number;
  readonly limits: number;
  readonly rule: number | null;
  readonly status: MarketStatus;
  readonly schedule: readonly ScheduleSpec[];
  readonly isNewer: boolean;
}

export interface ScheduleSpec {
  /** After the entry before, or after now. */
  readonly afterMs: number;
  readonly status: MarketStatus;
}

export type Spec =
  | PlaceSpec
  | ListSpec
  | CancelSpec
  | AmendSpec
  | CancelAllSpec
  | DeadlineSpec
  | BlockSpec
  | ConfigureSpec
  | { readonly kind: 'tick'; readonly forwardMs: number }
  | { readonly kind: 'repeat'; readonly back: number }
  | { readonly kind: 'restore' };

export const PRICE_MAX = 4_294_967_295;
