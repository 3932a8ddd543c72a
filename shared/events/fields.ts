// Field schemas that several events share.
import { z } from 'zod';
import type { MarketId, OrderId, TradeId, UserId } from '../domain/ids.ts';
import { parseOrderId, parseUserId } from '../domain/ids.ts';
import { FEE_POLICIES, MARKET_STATUSES, PRICE_TICKS_MAX } from '../domain/market.ts';

export const marketIdField = z
  .string()
  .regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/)
  .transform((text) => text as MarketId);
export const assetField = z.string().regex(/^[A-Z0-9]{2,10}$/);
export const orderIdField = z
  .string()
  .refine((text) => parseOrderId(text) !== null)
  .transform((text) => text as OrderId);
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
});
