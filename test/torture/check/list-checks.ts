// The clients' side of the story of order lists: M1, an acknowledged list is there once, with each of
// its orders; M2, what was not acknowledged is there as a whole or not at all. And what no list may
// ever do: trade with both orders of a pair, or with an order that still waits for another.
import { listId, orderId, userId } from '../../../shared/domain/ids.ts';
import { makeClient } from '../../audit/database.ts';
import { pause } from '../pause.ts';
import { verdictOf, type ListHistory } from '../workload/history.ts';
import type { HttpAnswer } from '../workload/http.ts';
import type { ClientCheckOptions } from './client-checks.ts';

const RESOLVE_ATTEMPTS_MAX = 50;
const RESOLVE_PAUSE_MS = 200;

interface StoredOrder {
  readonly orderNumber: number;
  readonly name: string | null;
  readonly isPair: boolean;
  readonly isPending: boolean;
  readonly status: string;
  readonly filledLots: number;
}

interface StoredList {
  readonly listNumber: number;
  readonly userNumber: number;
  readonly clientListId: string | null;
  /** By rising number: the working order first. */
  readonly orders: readonly StoredOrder[];
}

export interface ListFigures {
  readonly ok: number;
  readonly fail: number;
  /** Lists whose end stayed unknown, and how many of them turned out to be there. */
  readonly info: number;
  readonly infoWithEffect: number;
  /** Pairs of which one order has traded. */
  readonly pairsTraded: number;
  /** Orders that have traded after another was filled. */
  readonly pendingTraded: number;
}

export async function checkLists(options: ClientCheckOptions): Promise<ListFigures> {
  const { history, violations, workload } = options;
  const stored = await readLists(options.databaseUrl, workload.users);
  const figures = { ok: 0, fail: 0, info: 0, infoWithEffect: 0, pairsTraded: 0, pendingTraded: 0 };
  for (const list of history.lists.values()) {
    const found = stored.get(list.clientListId) ?? [];
    const verdict = verdictOf(list);
    figures[verdict] += 1;
    const problem = problemOf(list, verdict, found);
    const row = { list: list.clientListId, acknowledged: [...list.ids], found };
    if (problem !== null) violations.add(verdict === 'ok' ? 'M1' : 'M2', problem, row);
    if (verdict !== 'info') continue;
    if (found.length > 0) figures.infoWithEffect += 1;
    const told = await resolve(list, options);
    const known = found[0] === undefined ? null : listId(found[0].listNumber);
    if (told === known) continue;
    violations.add('M2', 'an unknown end of a list cannot be resolved', { ...row, told });
  }
  for (const [name, [list]] of stored) {
    if (history.lists.has(name)) continue;
    violations.add('M2', 'a list that nobody has asked for', list);
  }
  for (const list of [...stored.values()].flat()) {
    const fault = faultOf(list.orders);
    if (fault !== null) violations.add('M7', fault, list);
    const pair = list.orders.filter(({ isPair }) => isPair);
    if (pair.some(hasTraded)) figures.pairsTraded += 1;
    figures.pendingTraded += list.orders.filter((each) => each.isPending && hasTraded(each)).length;
  }
  return figures;
}

export function problemOf(
  { ids, orders }: Pick<ListHistory, 'ids' | 'orders'>,
  verdict: 'ok' | 'fail' | 'info',
  found: readonly StoredList[],
): string | null {
  const [list] = found;
  if (verdict === 'fail' && list !== undefined) return 'a refused list is there';
  if (found.length > 1) return 'a list is there twice';
  if (list === undefined) return verdict === 'ok' ? 'an acknowledged list is not there' : null;
  if (ids.size > 1 || (ids.size === 1 && !ids.has(listId(list.listNumber)))) {
    return 'a list was acknowledged under another id';
  }
  const isWhole =
    list.orders.length === orders.length &&
    orders.every(({ clientOrderId, ids: told }, at) => {
      const order = list.orders[at];
      if (order?.name !== clientOrderId) return false;
      return told.size === 0 || (told.size === 1 && told.has(orderId(order.orderNumber)));
    });
  return isWhole ? null : 'a list has other orders than those that were asked for';
}

/** At rest: what no list may have come to. */
export function faultOf(orders: readonly Omit<StoredOrder, 'orderNumber' | 'name'>[]) {
  const pair = orders.filter(({ isPair }) => isPair);
  if (pair.filter(hasTraded).length > 1) return 'both orders of a pair have traded';
  if (pair.some(hasTraded) && pair.some((each) => !hasTraded(each) && isOpen(each))) {
    return 'an order of a pair has traded and the other one is open';
  }
  const pending = orders.filter(({ isPending }) => isPending);
  const working = orders.find(({ isPending }) => !isPending);
  if (pending.length === 0 || working === undefined || working.status === 'filled') return null;
  if (pending.some(hasTraded)) return 'an order has traded before the one that it waits for';
  if (isOpen(working) || !pending.some(isOpen)) return null;
  return 'an order waits for another that has ended';
}

function hasTraded({ filledLots }: Pick<StoredOrder, 'filledLots'>): boolean {
  return filledLots > 0;
}

function isOpen({ status }: Pick<StoredOrder, 'status'>): boolean {
  return ['accepted', 'untriggered', 'open', 'partially_filled'].includes(status);
}

/**
 * As a client would: GET of one of its orders by the name that it gave, which tells the list, and
 * then GET of that. Null when there is none, undefined when nobody could say.
 */
async function resolve(
  { userNumber, clientListId, orders }: ListHistory,
  { http, workload }: ClientCheckOptions,
): Promise<string | null | undefined> {
  const get = async (path: string): Promise<HttpAnswer | null> => {
    for (let attempts = 0; attempts < RESOLVE_ATTEMPTS_MAX; attempts += 1) {
      const token = await workload.token(userId(userNumber), attempts > 0);
      const answer = await http.send({ method: 'GET', path, token });
      if (answer.status === 200 || answer.status === 404) return answer;
      await pause(RESOLVE_PAUSE_MS);
    }
    return null;
  };
  const order = await get(`/v1/orders/by-client-id/${orders[0]?.clientOrderId ?? ''}`);
  if (order?.status === 404) return null;
  const list = await get(`/v1/order-lists/${String(order?.body['orderListId'])}`);
  return list?.body['clientListId'] === clientListId ? String(list.body['id']) : undefined;
}

/** By the names that clients gave them. */
async function readLists(
  url: string,
  users: readonly number[],
): Promise<ReadonlyMap<string, readonly StoredList[]>> {
  const client = makeClient(url);
  await client.connect();
  try {
    const { rows } = await client.query<StoredList>(
      `SELECT l.list_number AS "listNumber", l.user_number AS "userNumber",
         l.client_list_id AS "clientListId",
         (SELECT coalesce(json_agg(json_build_object('orderNumber', o.order_number,
             'name', o.client_order_id, 'isPair', o.is_pair, 'isPending', o.is_pending,
             'status', o.status, 'filledLots', o.filled_lots) ORDER BY o.order_number), '[]')
           FROM orders.orders o WHERE o.list_number = l.list_number) AS orders
       FROM orders.order_lists l WHERE l.user_number = ANY ($1::bigint[])`,
      [users],
    );
    const byName = new Map<string, StoredList[]>();
    for (const row of rows) {
      const name = row.clientListId ?? '';
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [row]);
      else known.push(row);
    }
    return byName;
  } finally {
    await client.end();
  }
}
