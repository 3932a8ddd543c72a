import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatCursor, parseCursor } from './cursor.ts';
import { LIST_LIMIT_DEFAULT, listPage, listQueryFields } from './list.ts';

const query = z.strictObject(listQueryFields);

describe('list', () => {
  it.each(['0', '501', '-1', '1.5', '01', '1e2', 'all', ''])('refuses limit=%s', (limit) => {
    expect(query.safeParse({ limit }).success).toBe(false);
  });

  it.each(['', '!', 'bm90LWpzb24', formatCursor([]), formatCursor(['\u0000'])])(
    'refuses the cursor %j',
    (cursor) => {
      expect(query.safeParse({ cursor }).success).toBe(false);
    },
  );

  it('refuses cursors that hold anything but texts and whole numbers', () => {
    for (const value of [[1.5], [null], [{}], [[1]], 'x', {}, [1, 2, 3, 4, 5]]) {
      const cursor = Buffer.from(JSON.stringify(value)).toString('base64url');
      expect(parseCursor(cursor)).toBeNull();
    }
  });

  it('takes 1..500 and has a default', () => {
    expect(query.parse({}).limit).toBe(LIST_LIMIT_DEFAULT);
    expect(query.parse({ limit: '1' }).limit).toBe(1);
    expect(query.parse({ limit: '500' }).limit).toBe(500);
  });

  it('reads back every cursor it writes', () => {
    const part = fc.oneof(
      fc.maxSafeInteger(),
      fc.string().filter((text) => !text.includes('\0')),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (position) => {
        expect(parseCursor(formatCursor(position))).toEqual(position);
      }),
    );
  });

  it('pages through rows without losing or repeating one', () => {
    const rows = Array.from({ length: 7 }, (_, at) => 7 - at);
    const seen: number[] = [];
    let below = Number.POSITIVE_INFINITY;
    for (let pages = 0; pages < 10; pages += 1) {
      const read = rows.filter((row) => row < below).slice(0, 4);
      const page = listPage(
        read,
        3,
        (row) => row,
        (row) => [row],
      );
      seen.push(...page.items);
      if (page.nextCursor === null) break;
      below = Number(parseCursor(page.nextCursor)?.[0]);
    }
    expect(seen).toEqual(rows);
  });
});
