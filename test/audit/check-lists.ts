// The order lists that users see against the lists in the log: M1.
import type pg from 'pg';
import { readRows } from './database.ts';
import type { Findings } from './findings.ts';
import type { Replay } from './replay.ts';

interface ListRow {
  readonly number: number;
  readonly userNumber: number;
  readonly market: string;
  readonly kind: string;
}

/** Answers how many lists there are. */
export async function checkLists(
  client: pg.Client,
  { orders: { lists } }: Replay,
  findings: Findings,
): Promise<number> {
  const seen = new Set<number>();
  const rows = readRows<ListRow>(
    client,
    `SELECT list_number AS number, user_number AS "userNumber", market, kind
     FROM orders.order_lists ORDER BY list_number`,
  );
  for await (const row of rows) {
    const { number, userNumber, market, kind } = row;
    const list = lists.get(number);
    seen.add(number);
    if (list === undefined) {
      findings.violate('M1', 'an accepted list is neither in the log nor in the outbox', {
        ...row,
      });
    } else if (list.userNumber !== userNumber || list.market !== market || list.kind !== kind) {
      const expected = { userNumber: list.userNumber, market: list.market, kind: list.kind };
      findings.violate('M1', 'a list is not what the log says was accepted', { ...row, expected });
    }
  }
  for (const { number, market } of lists.values()) {
    if (seen.has(number)) continue;
    findings.violate('M1', 'a list in the log was never accepted', { listNumber: number, market });
  }
  return seen.size;
}
