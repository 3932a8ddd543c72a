// The wire shapes of the public market data.
import { z } from 'zod';
import { MARKET_STATUSES } from '../../shared/domain/market.ts';
import { SIDES } from '../../shared/domain/order.ts';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';

export const BOOK_DEPTH_MAX = 1_000;
export const BOOK_DEPTH_DEFAULT = 100;

const decimal = z.string().regex(DECIMAL_PATTERN);
const timeField = z.iso.datetime({ offset: false, precision: 3 });
/** A rebate is a negative rate. */
const rateField = z.string().regex(/^-?[01](\.[0-9]{1,6})?$/);

export const noQuery = z.strictObject({});

/** Any spelling that could be a market: one that is none is answered 404, not 400. */
export const marketParams = z.strictObject({ market: z.string().min(1).max(64) });

export const bookQuery = z.strictObject({
  depth: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, `must be a whole number from 1 to ${BOOK_DEPTH_MAX}`)
    .transform(Number)
    .refine((depth) => depth <= BOOK_DEPTH_MAX, `must be at most ${BOOK_DEPTH_MAX}`)
    .default(BOOK_DEPTH_DEFAULT),
});

const assetAnswer = z.strictObject({
  asset: z.string(),
  name: z.string(),
  decimals: z.int().min(0).max(18),
});
export const assetListAnswer = z.strictObject({ items: z.array(assetAnswer) });

export const marketAnswer = z.strictObject({
  market: z.string(),
  base: z.string(),
  quote: z.string(),
  tickSize: decimal,
  lotSize: decimal,
  minQuantity: decimal,
  maxQuantity: decimal,
  minNotional: decimal,
  status: z.enum(MARKET_STATUSES),
  /** What an order without terms of its own pays; null where no fee schedule exists yet. */
  makerFeeRate: rateField.nullable(),
  takerFeeRate: rateField.nullable(),
});
export type MarketAnswer = z.output<typeof marketAnswer>;
export const marketListAnswer = z.strictObject({ items: z.array(marketAnswer) });

const levelAnswer = z.tuple([decimal, decimal]);

export const bookAnswer = z.strictObject({
  market: z.string(),
  /** Every event up to this one is in the book. */
  sequence: z.int().nonnegative(),
  time: timeField,
  /** Price and quantity, best first. */
  bids: z.array(levelAnswer),
  asks: z.array(levelAnswer),
});
export type BookAnswer = z.output<typeof bookAnswer>;

export const publicTradeAnswer = z.strictObject({
  tradeId: z.string(),
  sequence: z.int().positive(),
  price: decimal,
  quantity: decimal,
  takerSide: z.enum(SIDES),
  time: timeField,
});
export type PublicTradeAnswer = z.output<typeof publicTradeAnswer>;
