// The wire shapes of a user's own fee rates, and of what an order would pay.
import { z } from 'zod';
import { ORDER_TYPES, SIDES } from '../../shared/domain/order.ts';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';
import * as examples from './schema/examples.ts';

export const noQuery = z.strictObject({});

const marketField = z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/);
const decimalField = z.string().regex(DECIMAL_PATTERN);
/** A fraction of the amount: "0.001" is 10 basis points; a rebate is negative. */
const rateField = z.string().regex(/^-?[01](\.[0-9]{1,6})?$/);
const volumeField = z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/);
/** Negative for a rebate. */
const amountField = z.string().regex(/^-?(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/);

const feeAnswer = z.strictObject({
  market: z.string(),
  makerFeeRate: rateField,
  takerFeeRate: rateField,
  tier: z.string(),
  /** True when the rates were agreed with the user: no tier and no discount changes them. */
  isOwnTerms: z.boolean(),
  /** What is taken off both rates of the tier, as far as that goes. */
  discountRate: rateField,
  nextTier: z
    .strictObject({
      tier: z.string(),
      makerFeeRate: rateField,
      takerFeeRate: rateField,
      /** In the asset of `tierVolume`. */
      leastVolume: volumeField,
      missingVolume: volumeField,
    })
    .nullable(),
  /** Quote volume of own trades in the last 30 UTC days, today included. */
  volume30d: volumeField,
  volumeAsset: z.string(),
});
export type FeeAnswer = z.output<typeof feeAnswer>;

export const feeListAnswer = z
  .strictObject({
    /** What the tier follows from: all own trades of the 30 UTC days before `day`, in one asset. */
    tierVolume: z
      .strictObject({ asset: z.string(), amount: volumeField, day: z.iso.date().nullable() })
      .nullable(),
    items: z.array(feeAnswer),
  })
  .meta({ examples: examples.FEES });
export type FeeListAnswer = z.output<typeof feeListAnswer>;

export const feePreviewQuery = z.strictObject({
  market: marketField,
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  price: z.exactOptional(decimalField),
  quantity: decimalField,
});
export type FeePreviewQuery = z.output<typeof feePreviewQuery>;

const assetAmount = z.strictObject({ asset: z.string(), amount: amountField });
const paid = z.strictObject({ rate: rateField, fee: assetAmount });

export const feePreviewAnswer = z
  .strictObject({
    market: z.string(),
    side: z.enum(SIDES),
    type: z.enum(ORDER_TYPES),
    /** The price of the order; of a market order the best one now. */
    price: decimalField,
    quantity: decimalField,
    notional: assetAmount,
    /** If all of it traded at `price`, having rested; null for a market order. */
    maker: paid.nullable(),
    /** If all of it traded at `price`, at once. */
    taker: paid,
    /** What the order would lock: at the worst price it may trade at, the worse fee included. */
    hold: assetAmount,
  })
  .meta({ examples: examples.PREVIEWS });
export type FeePreviewAnswer = z.output<typeof feePreviewAnswer>;
