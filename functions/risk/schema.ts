// The wire shape of a user's own flags and limits.
import { z } from 'zod';
import { LIMIT_NAMES } from '../../shared/domain/risk-limits.ts';
import * as examples from './schema/examples.ts';

export const noQuery = z.strictObject({});

const decimalField = z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/);
/** Since when; null when it was never otherwise. Why is not the user's to know. */
const flag = z.strictObject({
  on: z.boolean(),
  since: z.iso.datetime({ offset: false, precision: 3 }).nullable(),
});

const limitAnswer = z.strictObject({
  name: z.enum(LIMIT_NAMES),
  /** Null for a position. */
  market: z.string().nullable(),
  /** What limit and use are counted in; null for a number of orders or amends. */
  asset: z.string().nullable(),
  limit: decimalField,
  /** Null for what is asked of each order alone. */
  used: decimalField.nullable(),
});
export type LimitAnswer = z.output<typeof limitAnswer>;

export const limitsAnswer = z
  .strictObject({
    /** Off: only cancels are taken. */
    trading: flag,
    withdrawal: flag,
    /** On: nothing but cancels is taken. */
    frozen: flag,
    /** Those that hold for the user, by market and asset. */
    limits: z.array(limitAnswer),
  })
  .meta({ examples: examples.LIMITS });
export type LimitsAnswer = z.output<typeof limitsAnswer>;
