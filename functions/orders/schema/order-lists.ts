// The wire shapes of order lists: two or three orders of which one decides about another.
import { z } from 'zod';
import { listQueryFields } from '../../../shared/http/list.ts';
import { clientOrderIdField, marketField, orderAnswer, orderTerms, timeField } from '../schema.ts';
import { LIST_ANSWER_EXAMPLES, PLACE_LIST_EXAMPLES } from './list-examples.ts';

/** One cancels the other; one places the other; one places two, of which one cancels the other. */
export const LIST_TYPES = ['oco', 'oto', 'otoco'] as const;
export type ListType = (typeof LIST_TYPES)[number];

/** Of a working order and a pair. */
const LIST_ORDERS_MAX = 3;

/** What a list is as long as one of its orders is open, and after that. */
export const LIST_STATUSES = ['executing', 'done'] as const;

export const placeListBody = z
  .strictObject({
    type: z.enum(LIST_TYPES),
    market: marketField,
    /** The working order first, if there is one; then the pending one, or the pair. */
    orders: z.array(z.strictObject(orderTerms)).min(1).max(LIST_ORDERS_MAX),
    /** The client's own name for the list. */
    clientListId: z.exactOptional(clientOrderIdField),
  })
  .meta({ examples: PLACE_LIST_EXAMPLES });
export type PlaceListBody = z.output<typeof placeListBody>;

export const listParams = z.strictObject({ id: z.string().regex(/^lst_[0-9]{16}$/) });

export const listListsQuery = z.strictObject({
  market: z.exactOptional(marketField),
  /** Left out: `open`, those that are executing. */
  status: z.exactOptional(z.enum(['open', 'all'])),
  ...listQueryFields,
});

export const orderListAnswer = z
  .strictObject({
    id: z.string(),
    clientListId: z.string().nullable(),
    type: z.enum(LIST_TYPES),
    market: z.string(),
    /** `executing` while one of its orders is open. */
    status: z.enum(LIST_STATUSES),
    /** As they were asked for: the working order first. */
    orders: z.array(orderAnswer),
    createdAt: timeField,
  })
  .meta({ examples: LIST_ANSWER_EXAMPLES });
export type OrderListAnswer = z.output<typeof orderListAnswer>;
