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
export const TRIGGER_KINDS = ['stop_loss', 'take_profit'] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

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
