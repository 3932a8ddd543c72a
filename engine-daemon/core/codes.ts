// The closed sets of an order as small integers: what typed arrays hold and hot loops compare.
import {
  MARKET_STATUSES,
  PHASE_CAUSES,
  type MarketStatus,
  type PhaseCause,
} from '../../shared/domain/market.ts';
import type { ErrorCode } from '../../shared/domain/rejection.ts';
import {
  ARMED_KINDS,
  END_STATUSES,
  SELF_TRADE_PREVENTIONS,
  type ArmedKind,
  type EndStatus,
  type SelfTradePrevention,
  type Side,
} from '../../shared/domain/order.ts';

export const BUY = 0;
export const SELL = 1;
export type SideCode = typeof BUY | typeof SELL;

export function sideCode(side: Side): SideCode {
  return side === 'buy' ? BUY : SELL;
}

export function sideName(code: number): Side {
  return code === BUY ? 'buy' : 'sell';
}

/** Places in SELF_TRADE_PREVENTIONS. */
export const CANCEL_TAKER = 0;
export const CANCEL_MAKER = 1;
export const CANCEL_BOTH = 2;
export const DECREMENT = 3;
export const SELF_TRADE = 4;

export function modeCode(mode: SelfTradePrevention): number {
  switch (mode) {
    case 'cancel_taker':
      return CANCEL_TAKER;
    case 'cancel_maker':
      return CANCEL_MAKER;
    case 'cancel_both':
      return CANCEL_BOTH;
    case 'decrement':
      return DECREMENT;
    case 'none':
      return SELF_TRADE;
  }
}

export function modeName(code: number): SelfTradePrevention {
  return nameAt(SELF_TRADE_PREVENTIONS, code);
}

/** Place in ARMED_KINDS. */
export function armedCode(kind: ArmedKind): number {
  return ARMED_KINDS.indexOf(kind);
}

export function armedName(code: number): ArmedKind {
  return nameAt(ARMED_KINDS, code);
}

export function statusCode(status: MarketStatus): number {
  return MARKET_STATUSES.indexOf(status);
}

export function statusName(code: number): MarketStatus {
  return nameAt(MARKET_STATUSES, code);
}

/** Places in PHASE_CAUSES. */
export const BY_SCHEDULE = 0;
export const BY_INTERRUPTION = 1;
export const BY_RESUMPTION = 2;

export function causeName(code: number): PhaseCause {
  return nameAt(PHASE_CAUSES, code);
}

/** Places in END_STATUSES. */
export const FILLED = 0;
export const CANCELLED = 1;
export const EXPIRED = 2;
export const REJECTED = 3;

export function endStatusName(code: number): EndStatus {
  return nameAt(END_STATUSES, code);
}

/** Why an order ended or a command was refused. `NONE` is written as null on the wire. */
export const REASONS = [
  'NONE',
  'ACCOUNT_BLOCKED',
  'COMMAND_TOO_OLD',
  'DEADMAN_DEADLINE_PAST',
  'MARKET_AUCTION',
  'MARKET_CANCEL_ONLY',
  'MARKET_CLOSING',
  'MARKET_DELISTED',
  'MARKET_HALTED',
  'MARKET_INTERRUPTED',
  'MARKET_LIMIT_ONLY',
  'MARKET_NOT_FOUND',
  'MARKET_POST_ONLY',
  'MARKET_REFERENCE_STALE',
  'ORDERS_OPEN_TOO_MANY',
  'ORDERS_WAITING_TOO_MANY',
  'ORDER_AMEND_NOT_ALLOWED',
  'ORDER_CANCELLED_BY_DEADMAN',
  'ORDER_CANCELLED_BY_LIST',
  'ORDER_CANCELLED_BY_OPERATOR',
  'ORDER_CANCELLED_BY_USER',
  'ORDER_CANCEL_CONDITION_UNMET',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_EXPIRED',
  'ORDER_FOK_NOT_FILLABLE',
  'ORDER_FUNDS_INSUFFICIENT',
  'ORDER_IOC_REMAINDER',
  'ORDER_LIQUIDITY_NONE',
  'ORDER_NOTIONAL_TOO_LARGE',
  'ORDER_NOTIONAL_TOO_SMALL',
  'ORDER_NOT_FOUND',
  'ORDER_PEG_REFERENCE_NONE',
  'ORDER_POST_ONLY_WOULD_TAKE',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
  'ORDER_PRICE_OUT_OF_STATIC_BAND',
  'ORDER_PRICE_PROTECTED',
  'ORDER_QUANTITY_BELOW_FILLED',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_QUOTE_AMOUNT_REACHED',
  'ORDER_REPLACED',
  'ORDER_REPLACE_CANCEL_FAILED',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_SELF_TRADE_PREVENTED',
  'ORDER_TRIGGER_PRICE_REACHED',
  'ORDER_TRIGGER_REFERENCE_NONE',
  'ORDER_TRIGGER_REFERENCE_STALE',
] as const satisfies readonly (ErrorCode | 'NONE')[];

export type ReasonName = (typeof REASONS)[number];

const REASON_CODES = new Map<ReasonName, number>(REASONS.map((name, code) => [name, code]));

/** For constants at the top of a file; a name that is missing stops the program at its start. */
export function reasonCode(name: ReasonName): number {
  const code = REASON_CODES.get(name);
  if (code === undefined) throw new RangeError(`no reason ${name}`);
  return code;
}

export function reasonName(code: number): ErrorCode | null {
  const name = nameAt(REASONS, code);
  return name === 'NONE' ? null : name;
}

function nameAt<Name>(names: readonly Name[], code: number): Name {
  const name = names[code];
  if (name === undefined) throw new RangeError(`no name has code ${code}`);
  return name;
}
