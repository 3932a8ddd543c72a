// The wire shapes of sub-accounts, and of transfers between the accounts of one person.
import { z } from 'zod';
import { assetField, userIdField } from '../../../shared/events/fields.ts';
import { listAnswer, listQueryFields } from '../../../shared/http/list.ts';
import { DECIMAL_PATTERN } from '../../../shared/money/decimal.ts';
import * as examples from './examples.ts';

const LABEL_CHARACTERS_MAX = 64;

const timeField = z.iso.datetime({ offset: false, precision: 3 });
/** A pattern, as the OpenAPI page can tell it; whether there is such an account is found out. */
const accountField = z.string().regex(/^usr_[0-9]{16}$/);
const amountField = z.string().regex(DECIMAL_PATTERN);

export const noQuery = z.strictObject({});

export const makeSubAccountBody = z
  .strictObject({
    label: z
      .string()
      .min(1)
      .max(LABEL_CHARACTERS_MAX)
      .regex(/^[\p{L}\p{N}\p{P}\p{S}]+( [\p{L}\p{N}\p{P}\p{S}]+)*$/u, 'visible characters'),
  })
  .meta({ examples: examples.MAKE_SUB_ACCOUNTS });

const SUB_ACCOUNT = { userId: userIdField, label: z.string(), createdAt: timeField };
export const subAccountAnswer = z
  .strictObject(SUB_ACCOUNT)
  .meta({ examples: examples.SUB_ACCOUNTS });

const balanceAnswer = z.strictObject({
  asset: z.string(),
  available: amountField,
  held: amountField,
  total: amountField,
});

const listedSubAccount = z.strictObject({ ...SUB_ACCOUNT, balances: z.array(balanceAnswer) });
export type ListedSubAccount = z.output<typeof listedSubAccount>;

/** No pages: there are only so many. */
export const subAccountListAnswer = z
  .strictObject({ items: z.array(listedSubAccount) })
  .meta({ examples: examples.SUB_ACCOUNT_LISTS });

export const transferBody = z
  .strictObject({
    from: accountField,
    to: accountField,
    asset: assetField,
    amount: amountField,
  })
  .meta({ examples: examples.TRANSFERS_ASKED });
export type TransferBody = z.output<typeof transferBody>;

export const transferAnswer = z
  .strictObject({
    id: z.string().startsWith('tfr_'),
    from: userIdField,
    to: userIdField,
    asset: z.string(),
    amount: amountField,
    createdAt: timeField,
  })
  .meta({ examples: examples.TRANSFERS });
export type TransferAnswer = z.output<typeof transferAnswer>;
export const transferListAnswer = listAnswer(transferAnswer);

/** The number of the last transfer shown. */
const isPosition = (position: readonly (string | number)[] | undefined): boolean =>
  position === undefined ||
  (position.length === 1 && typeof position[0] === 'number' && position[0] >= 0);

export const transfersQuery = z.strictObject({
  limit: listQueryFields.limit,
  cursor: listQueryFields.cursor.refine(isPosition, 'is no cursor of this list'),
});
