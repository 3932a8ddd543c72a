// Lists, all alike: ?limit=&cursor= in, {items, nextCursor} out, newest first.
import { z } from 'zod';
import { formatCursor, parseCursor } from './cursor.ts';

export const LIST_LIMIT_MAX = 500;
export const LIST_LIMIT_DEFAULT = 100;

/** Longest cursor that is looked at. */
const CURSOR_CHARACTERS_MAX = 256;

const limitField = z
  .string()
  .regex(/^([1-9][0-9]?|[1-4][0-9]{2}|500)$/, `must be a whole number from 1 to ${LIST_LIMIT_MAX}`)
  .transform(Number)
  .default(LIST_LIMIT_DEFAULT);

const cursorField = z
  .string()
  .max(CURSOR_CHARACTERS_MAX)
  .transform((text, context) => {
    const position = parseCursor(text);
    if (position !== null) return position;
    context.addIssue({ code: 'custom', message: 'is no cursor of this API' });
    return z.NEVER;
  })
  .optional();

/** Query fields of every list; spread them into the route's own strictObject. */
export const listQueryFields = { limit: limitField, cursor: cursorField } as const;

/** Schema of a list answer; its example is made of those of an item. */
export function listAnswer<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ items: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> }> {
  const list = z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
  const examples = item.meta()?.['examples'];
  if (!Array.isArray(examples)) return list;
  return list.meta({ examples: [{ items: examples as unknown[], nextCursor: null }] });
}

export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/**
 * Makes a page of rows that were read with `limit + 1`: the extra row only tells that there is
 * more.
 * `positionOf` answers the sort position of a row, from which the next page goes on.
 */
export function listPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  positionOf: (row: Row) => readonly (string | number)[],
): ListPage<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: shown.map(toItem),
    nextCursor: more ? formatCursor(positionOf(last)) : null,
  };
}
