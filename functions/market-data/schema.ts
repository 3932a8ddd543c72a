// The wire shapes of the public market data.
import { z } from 'zod';
import { MARKET_STATUSES } from '../../shared/domain/market.ts';
import { STATUS_CAUSES } from '../../shared/domain/market-phase.ts';
import { SELF_TRADE_PREVENTIONS, SIDES } from '../../shared/domain/order.ts';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';
import * as examples from './schema/examples.ts';

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
    .regex(/^([1-9][0-9]{0,2}|1000)$/, `must be a whole number from 1 to ${BOOK_DEPTH_MAX}`)
    .transform(Number)
    .default(BOOK_DEPTH_DEFAULT),
});

const assetAnswer = z.strictObject({
  asset: z.string(),
  name: z.string(),
  decimals: z.int().min(0).max(18),
});
export const assetListAnswer = z
  .strictObject({ items: z.array(assetAnswer) })
  .meta({ examples: examples.ASSETS });

const bpsField = z.int().min(1).max(9_999);
const spanField = z.int().nonnegative();
const statusField = z.enum(MARKET_STATUSES);

/** How the market came to its status, as the engine has told. */
const phaseAnswer = z.strictObject({
  cause: z.enum(STATUS_CAUSES),
  since: timeField,
  /** When an interruption goes on to its next phase; null otherwise. */
  until: timeField.nullable(),
  /** What the trade that began the interruption was too far away from; null otherwise. */
  referencePrice: decimal.nullable(),
  sequence: z.int().positive(),
});

/** Round a price that the operator sets, and round the last trade; null where not limited. */
const priceBandAnswer = z.strictObject({
  staticPrice: decimal.nullable(),
  staticBps: bpsField.nullable(),
  dynamicBps: bpsField.nullable(),
});

const interruptionAnswer = z.strictObject({
  moveBps: bpsField,
  windowMs: spanField,
  haltMs: spanField,
  auctionMs: spanField,
});

export const marketAnswer = z
  .strictObject({
    market: z.string(),
    base: z.string(),
    quote: z.string(),
    tickSize: decimal,
    lotSize: decimal,
    minQuantity: decimal,
    maxQuantity: decimal,
    minNotional: decimal,
    /** Limits are null where there is none. */
    maxNotional: decimal.nullable(),
    minPrice: decimal,
    maxPrice: decimal,
    priceBand: priceBandAnswer.nullable(),
    interruption: interruptionAnswer.nullable(),
    maxOpenOrders: z.int().positive().nullable(),
    maxWaitingOrders: z.int().positive().nullable(),
    referenceMaxAgeMs: z.int().positive().nullable(),
    /** All that orders may ask for. */
    selfTradeModes: z.array(z.enum(SELF_TRADE_PREVENTIONS)),
    /** As the engine has last told; as configured while it has told nothing of that yet. */
    status: statusField,
    /** Null while the engine has told nothing of the newest configuration. */
    phase: phaseAnswer.nullable(),
    /** Changes of status to come, by rising time. */
    schedule: z.array(z.strictObject({ at: timeField, status: statusField })),
    /** What an order without terms of its own pays; null where no fee schedule exists yet. */
    makerFeeRate: rateField.nullable(),
    takerFeeRate: rateField.nullable(),
  })
  .meta({ examples: examples.MARKETS });
export type MarketAnswer = z.output<typeof marketAnswer>;
export const marketListAnswer = z
  .strictObject({ items: z.array(marketAnswer) })
  .meta({ examples: examples.MARKET_LISTS });

/** All of the indication is null when there is none: no auction, or nothing would trade. */
export const auctionAnswer = z
  .strictObject({
    market: z.string(),
    status: statusField,
    /** When the auction of an interruption ends; null otherwise. */
    until: timeField.nullable(),
    indicativePrice: decimal.nullable(),
    indicativeQuantity: decimal.nullable(),
    /** The side that has more at that price, and by how much. */
    surplusSide: z.enum(SIDES).nullable(),
    surplusQuantity: decimal.nullable(),
    /** When it was last told in this auction; null when it never was. */
    sequence: z.int().positive().nullable(),
    time: timeField.nullable(),
    /** The last uncrossing; null when there was none. */
    last: z
      .strictObject({
        price: decimal,
        quantity: decimal,
        sequence: z.int().positive(),
        time: timeField,
      })
      .nullable(),
  })
  .meta({ examples: examples.AUCTIONS });
export type AuctionAnswer = z.output<typeof auctionAnswer>;

const levelAnswer = z.tuple([decimal, decimal]);

export const bookAnswer = z
  .strictObject({
    market: z.string(),
    /** Every event up to this one is in the book. */
    sequence: z.int().nonnegative(),
    time: timeField,
    /** Price and quantity, best first. */
    bids: z.array(levelAnswer),
    asks: z.array(levelAnswer),
  })
  .meta({ examples: examples.BOOKS });
export type BookAnswer = z.output<typeof bookAnswer>;

export const publicTradeAnswer = z
  .strictObject({
    tradeId: z.string(),
    sequence: z.int().positive(),
    price: decimal,
    quantity: decimal,
    takerSide: z.enum(SIDES),
    time: timeField,
  })
  .meta({ examples: examples.PUBLIC_TRADES });
export type PublicTradeAnswer = z.output<typeof publicTradeAnswer>;
