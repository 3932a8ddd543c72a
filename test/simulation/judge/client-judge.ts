// Judges what clients were told: an acknowledged order is in the log and ends or rests (M1), a
// refused one is nowhere, an unanswered one at most once, and nothing is there that nobody asked
// for (M2).
import type { Findings } from '../../audit/findings.ts';
import { numberIn } from '../../audit/order-stories.ts';
import type { Replay } from '../../audit/replay.ts';
import type { ClientRecord, PlaceRecord } from '../actors/client-record.ts';
import { ORDERS, type OrderRow } from '../store/orders-statements.ts';
import type { Tables } from '../store/tables.ts';

export function judgeClients(
  records: readonly ClientRecord[],
  tables: Tables,
  replay: Replay,
  findings: Findings,
): void {
  const rows = [...tables.rows(ORDERS).values()] as unknown as OrderRow[];
  const byName = new Map<string, OrderRow[]>();
  for (const row of rows) {
    const name = `${row.userNumber} ${row.clientOrderId ?? ''}`;
    byName.set(name, [...(byName.get(name) ?? []), row]);
  }
  const asked = new Set<string>();
  for (const record of records) {
    if (record.kind !== 'place') continue;
    const name = `${record.user} ${record.body.clientOrderId}`;
    asked.add(name);
    judgePlace(record, byName.get(name) ?? [], replay, findings);
  }
  for (const [name, [row]] of byName) {
    if (asked.has(name)) continue;
    findings.violate('M1', 'an order is there that nobody asked for', { ...row });
  }
  judgeChanges(records, replay, findings);
}

function judgePlace(
  record: PlaceRecord,
  found: readonly OrderRow[],
  replay: Replay,
  findings: Findings,
): void {
  const { body, told, user } = record;
  const row = { user, body, told, orderId: record.orderId };
  const [order] = found;
  if (found.length > 1) findings.violate('M1', 'one request made two orders', row);
  if (record.conflicts > 0) findings.violate('M1', 'a repeat was answered with another order', row);
  // Of a request that came twice one may be refused and the other, with funds by then, taken.
  const isRefused = !record.wasRepeated && told.every((each) => each === 'refused');
  if (isRefused && order !== undefined) {
    findings.violate('M1', 'a refused order is there', row);
  }
  if (record.orderId !== null) {
    const story = replay.orders.find(numberIn(record.orderId));
    if (order?.orderNumber !== numberIn(record.orderId) || story === null) {
      findings.violate('M1', 'an acknowledged order is lost', row);
    }
  }
  if (order === undefined) return;
  const isAsAsked =
    order.market === body.market && order.side === body.side && order.type === body.type;
  if (!isAsAsked) findings.violate('M1', 'an order is not the one that was asked for', row);
}

/** Commands that change orders come from requests that ask for them, each from one attempt. */
function judgeChanges(records: readonly ClientRecord[], replay: Replay, findings: Findings): void {
  const asked = new Set<string>();
  for (const record of records) {
    if (record.kind === 'cancel' || record.kind === 'amend') {
      asked.add(`${record.kind} ${record.user} ${numberIn(record.orderId)}`);
    }
  }
  for (const story of replay.orders.all()) {
    const { userNumber } = story.place;
    const amended = story.changes.some(({ event }) => event.kind === 'amended');
    if (amended && !asked.has(`amend ${userNumber} ${story.number}`)) {
      findings.violate('M1', 'an order was amended that nobody asked for', { order: story.number });
    }
    const cancelled = story.ends.some(({ reason }) => reason === 'ORDER_CANCELLED_BY_USER');
    const all = records.some((each) => each.kind === 'cancel_all' && each.user === userNumber);
    if (cancelled && !all && !asked.has(`cancel ${userNumber} ${story.number}`)) {
      findings.violate('M1', 'an order was cancelled that nobody asked for', {
        order: story.number,
      });
    }
  }
}
