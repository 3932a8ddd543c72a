// Order lists: what an accept transaction writes of one, and reads of a user's own. What a list is
// at the moment, its orders say.
import type { Pool, Tx } from '../../../shared/db/pool.ts';
import type { AcceptedList } from '../decide/list.ts';
import type { OrderWithUnits } from '../decide/order-row.ts';
import type { ListType } from '../schema/order-lists.ts';
import { readOwn } from './read-own.ts';
import { findOrdersOfLists } from './read.ts';

export interface ListRow {
  readonly listNumber: number;
  readonly userNumber: number;
  readonly clientListId: string | null;
  readonly type: ListType;
  readonly market: string;
  readonly acceptedAtMs: number;
}

export interface ListWithOrders extends ListRow {
  /** By rising number: the working order first, if there is one. */
  readonly orders: readonly OrderWithUnits[];
}

const LIST_COLUMNS = `l.list_number AS "listNumber", l.user_number AS "userNumber",
  l.client_list_id AS "clientListId", l.kind AS type, l.market,
  l.accepted_at_ms AS "acceptedAtMs"`;

export async function insertLists(tx: Tx, lists: readonly AcceptedList[]): Promise<void> {
  if (lists.length === 0) return;
  const rows = lists.map(({ listNumber, userNumber, clientListId, type, market, acceptedAtMs }) => {
    return { listNumber, userNumber, clientListId, type, market, acceptedAtMs } satisfies ListRow;
  });
  await tx.query({
    name: 'orders-insert-lists',
    text: `INSERT INTO orders.order_lists
       (list_number, user_number, client_list_id, kind, market, accepted_at_ms)
     SELECT "listNumber", "userNumber", "clientListId", type, market, "acceptedAtMs"
     FROM json_to_recordset($1::json) AS l ("listNumber" bigint, "userNumber" bigint,
       "clientListId" text, type text, market text, "acceptedAtMs" bigint)`,
    values: [JSON.stringify(rows)],
  });
}

/** The user's list of this number. */
export async function findList(
  pool: Pool,
  userNumber: number,
  listNumber: number,
): Promise<ListWithOrders | null> {
  return readOwn(pool, userNumber, (tx) => selectList(tx, userNumber, listNumber));
}

async function selectList(
  tx: Tx,
  userNumber: number,
  listNumber: number,
): Promise<ListWithOrders | null> {
  const result = await tx.query<ListRow>({
    name: 'orders-find-list',
    text: `SELECT ${LIST_COLUMNS} FROM orders.own_order_lists l
     WHERE l.user_number = $1 AND l.list_number = $2`,
    values: [userNumber, listNumber],
  });
  const [found] = await withOrders(tx, userNumber, result.rows);
  return found ?? null;
}

/** The same, or the list that the order of this number was placed with. */
export async function findNamedList(
  pool: Pool,
  userNumber: number,
  listOrOrderNumber: number,
): Promise<ListWithOrders | null> {
  return readOwn(pool, userNumber, async (tx) => {
    const result = await tx.query<{ listNumber: number | null }>({
      name: 'orders-find-list-of-order',
      text: `SELECT o.list_number AS "listNumber" FROM orders.own_orders o
       WHERE o.user_number = $1 AND o.order_number = $2`,
      values: [userNumber, listOrOrderNumber],
    });
    return selectList(tx, userNumber, result.rows[0]?.listNumber ?? listOrOrderNumber);
  });
}

export interface ListFilter {
  readonly userNumber: number;
  /** Null: all. */
  readonly markets: readonly string[] | null;
  readonly openOnly: boolean;
  /** Only lists with a lower number; null begins at the newest. */
  readonly before: number | null;
  readonly limit: number;
}

/**
 * Newest first. A list is open as long as one of its orders is, and few orders are: they are found
 * first, as an array, which the view of the lists can look up.
 */
export async function listLists(pool: Pool, filter: ListFilter): Promise<ListWithOrders[]> {
  const isOpen = `AND l.list_number = ANY (ARRAY(SELECT o.list_number FROM orders.own_orders o
    WHERE o.user_number = $1 AND o.is_open AND o.list_number IS NOT NULL))`;
  const { userNumber, markets, openOnly, before, limit } = filter;
  return readOwn(pool, userNumber, async (tx) => {
    const result = await tx.query<ListRow>(
      `SELECT ${LIST_COLUMNS} FROM orders.own_order_lists l
       WHERE l.user_number = $1 AND l.list_number < $2
         AND ($3::text[] IS NULL OR l.market = ANY ($3))
         ${openOnly ? isOpen : ''}
       ORDER BY l.list_number DESC LIMIT $4`,
      [userNumber, before ?? Number.MAX_SAFE_INTEGER, markets, limit],
    );
    return withOrders(tx, userNumber, result.rows);
  });
}

async function withOrders(
  tx: Tx,
  userNumber: number,
  lists: readonly ListRow[],
): Promise<ListWithOrders[]> {
  const numbers = lists.map(({ listNumber }) => listNumber);
  const orders = await findOrdersOfLists(tx, userNumber, numbers);
  return lists.map((list) => ({
    ...list,
    orders: orders.filter(({ order }) => order.listNumber === list.listNumber),
  }));
}
