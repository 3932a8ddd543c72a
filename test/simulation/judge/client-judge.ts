// Judges what clients were told: an acknowledged order is in the log and ends or rests (M1), a
// refused one is nowhere, an unanswered one at most once, and nothing is there that nobody asked
// for (M2). A list is all of that as a whole.
import type { ListRow } from '../../../functions/orders/store/lists.ts';
import type { Findings } from '../../audit/findings.ts';
import { numberIn } from '../../audit/order-stories.ts';
import type { Replay } from '../../audit/replay.ts';
import type { ClientRecord, ListRecord, OrderBody, PlaceRecord } from '../actors/client-record.ts';
import { LISTS } from '../store/list-statements.ts';
import { ORDERS, type OrderRow } from '../store/orders-statements.ts';
import type { Tables } from '../store/tables.ts';

/** What the exchange has of the clients' orders and lists, by the names that they gave. */
interface Known {
  readonly orders: ReadonlyMap<string, readonly OrderRow[]>;
  readonly lists: ReadonlyMap<string, readonly ListRow[]>;
  readonly replay: Replay;
  readonly findings: Findings;
}

export function judgeClients(
  records: readonly ClientRecord[],
  tables: Tables,
  replay: Replay,
  findings: Findings,
): void {
  const rows = [...tables.rows(ORDERS).values()] as unknown as OrderRow[];
  const lists = [...tables.rows(LISTS).values()] as unknown as ListRow[];
  const known = {
    orders: byName(rows, ({ clientOrderId }) => clientOrderId),
    lists: byName(lists, ({ clientListId }) => clientListId),
    replay,
    findings,
  };
  const asked = new Set<string>();
  const askedLists = new Set<string>();
  for (const record of records) {
    if (record.kind === 'place') {
      const { body, user, replaces } = record;
      asked.add(`${user} ${body.clientOrderId}`);
      judgeOrder(record, { ...body, id: record.id, isReplacing: replaces !== null }, known);
    } else if (record.kind === 'place_list') {
      for (const each of record.body.orders) asked.add(`${record.user} ${each.clientOrderId}`);
      askedLists.add(`${record.user} ${record.body.clientListId}`);
      judgeList(record, known);
    }
  }
  for (const [name, [row]] of known.orders) {
    if (asked.has(name)) continue;
    findings.violate('M1', 'an order is there that nobody asked for', { ...row });
  }
  for (const [name, [row]] of known.lists) {
    if (askedLists.has(name)) continue;
    findings.violate('M1', 'a list is there that nobody asked for', { ...row });
  }
  judgeChanges(records, rows, replay, findings);
}

function byName<Row extends { readonly userNumber: number }>(
  rows: readonly Row[],
  nameOf: (row: Row) => string | null,
): Map<string, Row[]> {
  const named = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.userNumber} ${nameOf(row) ?? ''}`;
    named.set(name, [...(named.get(name) ?? []), row]);
  }
  return named;
}

type AskedOrder = Pick<OrderBody, 'side' | 'type' | 'clientOrderId'> & {
  readonly market: string;
  /** Null: no answer has named it. */
  readonly id: string | null;
  readonly isReplacing: boolean;
};

function judgeOrder(record: PlaceRecord | ListRecord, order: AskedOrder, known: Known): void {
  const { findings, replay } = known;
  const { told, user, conflicts } = record;
  const row = { user, order, told };
  const found = known.orders.get(`${user} ${order.clientOrderId}`) ?? [];
  const [first] = found;
  if (found.length > 1) findings.violate('M1', 'one request made two orders', row);
  if (conflicts > 0) findings.violate('M1', 'a repeat was answered with another order', row);
  if (isRefused(record) && first !== undefined && !hasFailedToReplace(order, first)) {
    findings.violate('M1', 'a refused order is there', row);
  }
  if (order.id !== null) {
    const story = replay.orders.find(numberIn(order.id));
    if (first?.orderNumber !== numberIn(order.id) || story === null) {
      findings.violate('M1', 'an acknowledged order is lost', row);
    }
  }
  if (first === undefined) return;
  const isAsAsked =
    first.market === order.market && first.side === order.side && first.type === order.type;
  if (!isAsAsked) findings.violate('M1', 'an order is not the one that was asked for', row);
}

/** Of a request that came twice one may be refused and the other, with funds by then, taken. */
function isRefused({ told, wasRepeated }: PlaceRecord | ListRecord): boolean {
  return !wasRepeated && told.every((each) => each === 'refused');
}

/** Who waits for it is told so as a refusal, though the order was accepted. */
function hasFailedToReplace({ isReplacing }: AskedOrder, { reason }: OrderRow): boolean {
  return isReplacing && reason === 'ORDER_REPLACE_CANCEL_FAILED';
}

function judgeList(record: ListRecord, known: Known): void {
  const { body, id, orderIds, told, user } = record;
  const { findings } = known;
  const { clientListId, market, type } = body;
  body.orders.forEach((order, at) =>
    judgeOrder(record, { ...order, market, id: orderIds[at] ?? null, isReplacing: false }, known),
  );
  const found = known.lists.get(`${user} ${clientListId}`) ?? [];
  const [list] = found;
  const row = { user, body, told, id };
  if (found.length > 1) findings.violate('M1', 'one request made two lists', row);
  if (isRefused(record) && list !== undefined) {
    findings.violate('M1', 'a refused list is there', row);
  }
  if (id !== null && list?.listNumber !== numberIn(id)) {
    findings.violate('M1', 'an acknowledged list is lost', row);
  }
  if (list !== undefined && (list.market !== market || list.type !== type)) {
    findings.violate('M1', 'a list is not the one that was asked for', row);
  }
  const isWhole = body.orders.every(({ clientOrderId }) => {
    const [order] = known.orders.get(`${user} ${clientOrderId}`) ?? [];
    return order?.listNumber === list?.listNumber;
  });
  if (!isWhole) findings.violate('M1', 'a list has not all of its orders, or they no list', row);
}

/** Whose doing an end is, by its reason. */
const ENDS = {
  ORDER_CANCELLED_BY_USER: ['cancel', 'cancel_list', 'cancel_all'],
  ORDER_CANCELLED_BY_DEADMAN: ['cancel_all_after'],
  ORDER_REPLACED: ['replace'],
} as const;

/** Commands that change orders come from requests that ask for them, each from one attempt. */
function judgeChanges(
  records: readonly ClientRecord[],
  rows: readonly OrderRow[],
  replay: Replay,
  findings: Findings,
): void {
  const asked = new Set(records.flatMap(wishesOf));
  const lists = new Map(rows.map(({ orderNumber, listNumber }) => [orderNumber, listNumber]));
  for (const { changes, ends, number, place } of replay.orders.all()) {
    const { userNumber: user } = place;
    const list = lists.get(number) ?? null;
    const isAsked = (kind: string): boolean =>
      asked.has(`${kind} ${user} ${kind === 'cancel_list' ? (list ?? 0) : number}`) ||
      asked.has(`${kind} ${user}`);
    const row = { order: number, ends };
    const amended = changes.some(({ event }) => event.kind === 'amended');
    if (amended && !isAsked('amend')) {
      findings.violate('M1', 'an order was amended that nobody asked for', row);
    }
    for (const { reason } of ends) {
      const kinds = Object.entries(ENDS).find(([name]) => name === reason)?.[1];
      if (kinds !== undefined && !kinds.some(isAsked)) {
        findings.violate('M1', 'an order ended by what nobody asked for', row);
      }
      if (reason === 'ORDER_CANCELLED_BY_LIST' && list === null) {
        findings.violate('M1', 'an order of no list ended for its list', row);
      }
    }
  }
}

/** What it asks to change: one order or list, or whatever the user has. */
function wishesOf(record: ClientRecord): string[] {
  const { user, kind } = record;
  switch (kind) {
    case 'place':
      return record.replaces === null ? [] : [`replace ${user} ${numberIn(record.replaces)}`];
    case 'place_list':
      return [];
    case 'cancel_all':
    case 'cancel_all_after':
      return [`${kind} ${user}`];
    default:
      return [`${kind} ${user} ${numberIn(record.id)}`];
  }
}
