// The wire shape of a user's own fee rates.
import { z } from 'zod';

export const noQuery = z.strictObject({});

/** A fraction of the amount: "0.001" is 10 basis points; a rebate is negative. */
const rateField = z.string().regex(/^-?[01](\.[0-9]{1,6})?$/);

const feeAnswer = z.strictObject({
  market: z.string(),
  makerFeeRate: rateField,
  takerFeeRate: rateField,
  /** `standard` unless the user has terms of their own. */
  tier: z.string(),
  /** Quote volume of own trades in the last 30 UTC days, today included. */
  volume30d: z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/),
  volumeAsset: z.string(),
});
export type FeeAnswer = z.output<typeof feeAnswer>;
export const feeListAnswer = z.strictObject({ items: z.array(feeAnswer) });
