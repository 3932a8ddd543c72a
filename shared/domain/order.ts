// The words of an order: closed sets shared by the API, the command log and the engine.

export const SIDES = ['buy', 'sell'] as const;
export type Side = (typeof SIDES)[number];

/** What an order must be for a conditional cancel to be carried out. */
export const CANCEL_CONDITIONS = ['new', 'partially_filled'] as const;
export type CancelCondition = (typeof CANCEL_CONDITIONS)[number];

export const ORDER_TYPES = ['limit', 'market'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];

export const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK', 'GTD'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

export const SELF_TRADE_PREVENTIONS = [
  'cancel_taker',
  'cancel_maker',
  'cancel_both',
  'decrement',
  'none',
] as const;
export type SelfTradePrevention = (typeof SELF_TRADE_PREVENTIONS)[number];

/** What an order waits for: a price against its owner's position, or one in its favour. */
export const FIXED_TRIGGER_KINDS = ['stop_loss', 'take_profit'] as const;

/** A `trailing_stop` waits for a price against its owner's position that moves with the market. */
export const TRIGGER_KINDS = [...FIXED_TRIGGER_KINDS, 'trailing_stop'] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** What an order can wait for: a price, or that the working order of its list is filled. */
export const ARMED_KINDS = [...TRIGGER_KINDS, 'working_order'] as const;
export type ArmedKind = (typeof ARMED_KINDS)[number];

/** Which side of the book a pegged order takes its price from. */
export const PEG_SIDES = ['same', 'opposite'] as const;
export type PegSide = (typeof PEG_SIDES)[number];

/** Levels that a pegged order may look past. */
export const PEG_OFFSET_MAX = 100;

/** Largest distance of a trailing stop's trigger price, in basis points. */
export const TRAIL_BPS_MAX = 5_000;

/** An iceberg has at most so many parts of its display quantity. */
export const ICEBERG_PARTS_MAX = 100;

/** Trade groups are numbered from 1; a number fits a signed word. */
export const TRADE_GROUP_MAX = 2_147_483_647;

/** What becomes of a new order when the one that it replaces cannot be cancelled. */
export const REPLACE_FAILURES = ['stop', 'proceed'] as const;
export type ReplaceFailure = (typeof REPLACE_FAILURES)[number];

/**
 * `accepted` is durable but not yet seen by the engine, `untriggered` waits for its trigger price;
 * the last four are final.
 */
export const ORDER_STATUSES = [
  'accepted',
  'untriggered',
  'open',
  'partially_filled',
  'filled',
  'cancelled',
  'expired',
  'rejected',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const END_STATUSES = ['filled', 'cancelled', 'expired', 'rejected'] as const;
export type EndStatus = (typeof END_STATUSES)[number];

export function isEndStatus(status: OrderStatus): status is EndStatus {
  return (END_STATUSES as readonly string[]).includes(status);
}
