// The wire shapes of a user's own money.
import { z } from 'zod';
import { listAnswer, listQueryFields } from '../../shared/http/list.ts';
import * as examples from './schema/examples.ts';

const amountField = z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/);
const signedAmountField = z.string().regex(/^-?(0|[1-9][0-9]*)(\.[0-9]{1,18})?$/);

export const noQuery = z.strictObject({});

const balanceAnswer = z.strictObject({
  asset: z.string(),
  /** What a new order may use: total less held. */
  available: amountField,
  /** What open orders lock. */
  held: amountField,
  total: amountField,
});
export type BalanceAnswer = z.output<typeof balanceAnswer>;
export const balanceListAnswer = z
  .strictObject({ items: z.array(balanceAnswer) })
  .meta({ examples: examples.BALANCES });

/** Entry number and leg of the last posting shown. */
const positionPattern = (position: readonly (string | number)[] | undefined): boolean =>
  position === undefined || (position.length === 2 && position.every(isWhole));

export const entriesQuery = z.strictObject({
  asset: z
    .string()
    .regex(/^[A-Z0-9]{2,10}$/)
    .optional(),
  limit: listQueryFields.limit,
  cursor: listQueryFields.cursor.refine(positionPattern, 'is no cursor of this list'),
});

const entryAnswer = z
  .strictObject({
    entryId: z.string().startsWith('pst_'),
    kind: z.enum(['deposit', 'trade', 'reversal', 'adjustment', 'transfer']),
    asset: z.string(),
    amount: signedAmountField,
    balanceAfter: signedAmountField,
    reference: z.strictObject({ type: z.string(), id: z.string() }),
    createdAt: z.iso.datetime({ offset: false, precision: 3 }),
  })
  .meta({ examples: examples.ENTRIES });
export type EntryAnswer = z.output<typeof entryAnswer>;
export const entryListAnswer = listAnswer(entryAnswer);

function isWhole(part: string | number): boolean {
  return typeof part === 'number' && part >= 0;
}
