// The wire shapes of the orders API.
import { z } from 'zod';
import { listQueryFields } from '../../shared/http/list.ts';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';
import { ORDER_STATUSES, ORDER_TYPES, SELF_TRADE_PREVENTIONS } from '../../shared/domain/order.ts';
import {
  CANCEL_CONDITIONS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGER_KINDS,
} from '../../shared/domain/order.ts';

const decimal = z.string().regex(DECIMAL_PATTERN);
const marketField = z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/);
const clientOrderIdField = z.string().regex(/^[A-Za-z0-9_-]{1,36}$/);
const orderIdField = z.string().regex(/^ord_[0-9]{16}$/);
const timeField = z.iso.datetime({ offset: false, precision: 3 });

/** The order waits until its market trades at this price or beyond. */
const triggerBody = z.strictObject({ type: z.enum(TRIGGER_KINDS), price: decimal });

export const placeOrderBody = z.strictObject({
  market: marketField,
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  price: z.exactOptional(decimal),
  quantity: z.exactOptional(decimal),
  quoteAmount: z.exactOptional(decimal),
  timeInForce: z.exactOptional(z.enum(TIMES_IN_FORCE)),
  expiresAt: z.exactOptional(z.iso.datetime({ offset: false })),
  postOnly: z.exactOptional(z.boolean()),
  selfTradePrevention: z.exactOptional(z.enum(SELF_TRADE_PREVENTIONS)),
  clientOrderId: z.exactOptional(clientOrderIdField),
  trigger: z.exactOptional(triggerBody),
});
export type PlaceOrderBody = z.output<typeof placeOrderBody>;

export const amendOrderBody = z.strictObject({
  quantity: z.exactOptional(decimal),
  price: z.exactOptional(decimal),
});
export type AmendOrderBody = z.output<typeof amendOrderBody>;

export const orderParams = z.strictObject({ id: orderIdField });
export const clientOrderParams = z.strictObject({ clientOrderId: clientOrderIdField });
export const cancelAllQuery = z.strictObject({
  market: marketField,
  side: z.exactOptional(z.enum(SIDES)),
});

/** The cancel is refused unless the order is new, or has been filled in part. */
export const cancelQuery = z.strictObject({
  onlyIf: z.exactOptional(z.enum(CANCEL_CONDITIONS)),
});

export const listOrdersQuery = z.strictObject({
  market: z.exactOptional(marketField),
  status: z.exactOptional(z.enum(['open', 'all'])),
  ...listQueryFields,
});

export const listTradesQuery = z.strictObject({
  market: z.exactOptional(marketField),
  orderId: z.exactOptional(orderIdField),
  ...listQueryFields,
});

export const noQuery = z.strictObject({});

const feeAnswer = z.strictObject({ asset: z.string(), amount: z.string() });

const orderFields = {
  id: z.string(),
  clientOrderId: z.string().nullable(),
  market: z.string(),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  timeInForce: z.enum(TIMES_IN_FORCE),
  postOnly: z.boolean(),
  selfTradePrevention: z.enum(SELF_TRADE_PREVENTIONS),
  price: z.string().nullable(),
  quantity: z.string().nullable(),
  quoteAmount: z.string().nullable(),
  expiresAt: timeField.nullable(),
  /** Null for an order that takes part at once. */
  trigger: z.strictObject({ type: z.enum(TRIGGER_KINDS), price: z.string() }).nullable(),
  filledQuantity: z.string(),
  filledQuote: z.string(),
  /** filledQuote / filledQuantity, rounded down to 18 decimals; null before the first fill. */
  averagePrice: z.string().nullable(),
  /** Null for an order sized by quote amount. */
  remainingQuantity: z.string().nullable(),
  status: z.enum(ORDER_STATUSES),
  reason: z.string().nullable(),
  fees: z.array(feeAnswer),
  createdAt: timeField,
  updatedAt: timeField,
};
export const orderAnswer = z.strictObject(orderFields);
export type OrderAnswer = z.output<typeof orderAnswer>;

const executedTradeAnswer = z.strictObject({
  tradeId: z.string(),
  price: z.string(),
  quantity: z.string(),
  fee: feeAnswer,
  liquidity: z.enum(['maker', 'taker']),
});
export type ExecutedTradeAnswer = z.output<typeof executedTradeAnswer>;

/** With `Prefer: wait` an order's answer also tells the trades that the command made. */
export const orderOutcomeAnswer = z.strictObject({
  ...orderFields,
  trades: z.exactOptional(z.array(executedTradeAnswer)),
});
export type OrderOutcomeAnswer = z.output<typeof orderOutcomeAnswer>;

export const tradeAnswer = z.strictObject({
  tradeId: z.string(),
  orderId: z.string(),
  market: z.string(),
  side: z.enum(SIDES),
  price: z.string(),
  quantity: z.string(),
  quoteQuantity: z.string(),
  fee: feeAnswer,
  liquidity: z.enum(['maker', 'taker']),
  time: timeField,
});
export type TradeAnswer = z.output<typeof tradeAnswer>;

export const testOrderAnswer = z.strictObject({
  market: z.string(),
  /** What the order would lock. */
  hold: z.strictObject({ asset: z.string(), amount: z.string() }),
  /** The fee if the whole order took liquidity at its limit. */
  estimatedFee: z.strictObject({ asset: z.string(), amount: z.string() }),
});

export const cancelAllAnswer = z.strictObject({
  market: z.string(),
  /** With `Prefer: wait`: the orders that the command ended. */
  cancelled: z.exactOptional(z.array(z.string())),
});
