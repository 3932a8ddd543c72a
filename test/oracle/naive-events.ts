// The wire shapes of executions as docs/engine.md and the AsyncAPI page give them, written out
// again by hand: the oracle and the audit share no code with what they judge.
import type {
  ArmedKind,
  EndStatus,
  MarketStatus,
  PhaseCause,
  SelfTradeMode,
  Side,
} from './naive-types.ts';

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

/** A pegged order has its price. */
export interface Pegged extends OrderHead {
  readonly kind: 'pegged';
  readonly priceTicks: number;
  readonly remainingLots: number;
  readonly releaseMinor: string;
}

export interface Armed extends OrderHead {
  readonly kind: 'armed';
  readonly side: Side;
  readonly triggerKind: ArmedKind;
  readonly triggerPriceTicks: number;
  readonly remainingLots: number;
}

export interface Triggered extends OrderHead {
  readonly kind: 'triggered';
  readonly tradeSequence: number;
}

/** The hold of a pair, named where its orders take out of it; absent for all other orders. */
export interface PairHold {
  readonly holdId?: string;
}

export interface TradeParty extends PairHold {
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

export interface PreventedParty {
  readonly orderId: string;
  readonly userId: string;
  readonly lots: number;
}

export interface Prevented extends Head {
  readonly kind: 'prevented';
  readonly priceTicks: number;
  readonly mode: SelfTradeMode;
  readonly takerSide: Side;
  readonly taker: PreventedParty;
  readonly maker: PreventedParty;
}

export interface Reduced extends OrderHead, PairHold {
  readonly kind: 'reduced';
  readonly preventedLots: number;
  readonly remainingLots: number;
  readonly releaseMinor: string;
}

export interface Ended extends OrderHead, PairHold {
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

export interface DeadmanSet extends Head {
  readonly kind: 'deadman_set';
  readonly commandNumber: number;
  readonly userId: string;
  readonly deadlineMs: number | null;
}

export interface DeadmanFired extends Head {
  readonly kind: 'deadman_fired';
  readonly userId: string;
  readonly deadlineMs: number;
}

export interface UserBlocked extends Head {
  readonly kind: 'user_blocked';
  readonly commandNumber: number;
  readonly userId: string;
  readonly isBlocked: boolean;
}

export interface Configured extends Head {
  readonly kind: 'configured';
  readonly version: number;
  readonly status: MarketStatus;
}

export interface PhaseChanged extends Head {
  readonly kind: 'phase_changed';
  readonly status: MarketStatus;
  readonly cause: PhaseCause;
  readonly untilMs: number | null;
  readonly referenceTicks: number;
}

export interface Indicative extends Head {
  readonly kind: 'indicative';
  readonly priceTicks: number;
  readonly lots: number;
  readonly surplusSide: Side | null;
  readonly surplusLots: number;
}

export interface Uncrossed extends Head {
  readonly kind: 'uncrossed';
  readonly priceTicks: number;
  readonly lots: number;
}

export type Execution =
  | Opened
  | Pegged
  | Armed
  | Triggered
  | Trade
  | Prevented
  | Reduced
  | Ended
  | Amended
  | Refused
  | DeadmanSet
  | DeadmanFired
  | UserBlocked
  | Configured
  | PhaseChanged
  | Indicative
  | Uncrossed;
