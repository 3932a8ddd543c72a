// Field schemas that several events share.
import { z } from 'zod';
import type { ListId, MarketId, OrderId, TradeId, UserId } from '../domain/ids.ts';
import { parseListId, parseOrderId, parseUserId } from '../domain/ids.ts';
import {
  FEE_POLICIES,
  MARKET_STATUSES,
  PRICE_TICKS_MAX,
  RANGE_SLOTS,
  SCHEDULE_MAX,
} from '../domain/market.ts';
import { SELF_TRADE_PREVENTIONS } from '../domain/order.ts';

export const marketIdField = z
  .string()
  .regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/)
  .transform((text) => text as MarketId);
export const assetField = z.string().regex(/^[A-Z0-9]{2,10}$/);
export const orderIdField = z
  .string()
  .refine((text) => parseOrderId(text) !== null)
  .transform((text) => text as OrderId);
export const listIdField = z
  .string()
  .refine((text) => parseListId(text) !== null)
  .transform((text) => text as ListId);
export const userIdField = z
  .string()
  .refine((text) => parseUserId(text) !== null)
  .transform((text) => text as UserId);
export const tradeIdField = z
  .string()
  .startsWith('trd_')
  .transform((text) => text as TradeId);

/** A sequence, order number or command number: a positive safe integer. */
export const numberField = z.int().positive();
export const timeMsField = z.int().nonnegative();
export const priceTicksField = z.int().positive().max(PRICE_TICKS_MAX);
export const lotsField = z.int().positive();
export const lotsOrZeroField = z.int().nonnegative();
/** Parts per million, negative for a rebate; never above 100 %. */
export const ratePpmField = z.int().min(-1_000_000).max(1_000_000);
/** A whole number of base units as decimal digits: JSON numbers lose precision beyond 2^53. */
export const minorField = z.string().regex(/^(0|[1-9][0-9]{0,37})$/);

const decimalField = z.string().regex(/^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/);

export const marketStatusField = z.enum(MARKET_STATUSES);

const bpsField = z.int().min(1).max(9_999);
const SPAN_MS_MAX = 86_400_000;

const priceBandSchema = z
  .strictObject({
    staticPrice: z.exactOptional(decimalField),
    staticBps: z.exactOptional(bpsField),
    dynamicBps: z.exactOptional(bpsField),
  })
  .refine((band) => (band.staticPrice === undefined) === (band.staticBps === undefined), {
    message: 'staticPrice and staticBps go together',
  });

const interruptionSchema = z.strictObject({
  moveBps: bpsField,
  windowMs: z.int().min(RANGE_SLOTS).max(SPAN_MS_MAX).multipleOf(RANGE_SLOTS),
  haltMs: z.int().min(0).max(SPAN_MS_MAX),
  auctionMs: z.int().min(1).max(SPAN_MS_MAX),
});

/** By rising time. */
export const scheduleSchema = z
  .array(z.strictObject({ atMs: timeMsField, status: marketStatusField }))
  .min(1)
  .max(SCHEDULE_MAX)
  .refine((entries) => entries.every(({ atMs }, at) => atMs > (entries[at - 1]?.atMs ?? -1)), {
    message: 'times must rise',
  });

export const marketConfigSchema = z.strictObject({
  market: marketIdField,
  base: assetField,
  quote: assetField,
  baseDecimals: z.int().min(0).max(18),
  quoteDecimals: z.int().min(0).max(18),
  tickSize: decimalField,
  lotSize: decimalField,
  minQuantity: decimalField,
  maxQuantity: decimalField,
  minNotional: decimalField,
  minPrice: decimalField,
  maxPrice: decimalField,
  protectionBps: z.int().min(1).max(9_999),
  feePolicy: z.enum(FEE_POLICIES),
  selfTradeAllowed: z.boolean(),
  version: numberField,
  maxNotional: z.exactOptional(decimalField),
  priceBand: z.exactOptional(priceBandSchema),
  interruption: z.exactOptional(interruptionSchema),
  maxOpenOrders: z.exactOptional(z.int().positive()),
  maxWaitingOrders: z.exactOptional(z.int().positive()),
  referenceMaxAgeMs: z.exactOptional(z.int().positive()),
  selfTradeModes: z.exactOptional(z.array(z.enum(SELF_TRADE_PREVENTIONS)).min(1).readonly()),
});
