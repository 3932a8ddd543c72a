// What the orders function projects from executions, and what its routes read of it.
import { jsonOf, numbersOf, type Statement, type StatementContext } from './statement.ts';
import { isOpen, OPEN_COUNTS, orderColumns, ORDERS, windowStartOf } from './orders-statements.ts';
import type { CountRow, OrderRow } from './orders-statements.ts';
import { decimalsOf, MARKETS, type MarketRow } from './reference-statements.ts';
import type { View } from './tables.ts';

export interface FillRow {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly market: string;
  readonly sequence: number;
  readonly side: string;
  readonly liquidity: 'maker' | 'taker';
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteMinor: string;
  readonly feeAsset: string;
  readonly feeMinor: string;
}

interface Update {
  readonly orderNumber: number;
  readonly firstSequence: number | null;
  readonly lastSequence: number;
  readonly remainingLots: number | null;
  readonly isUntriggered: boolean;
  readonly timeMs: number;
  readonly endStatus: string | null;
  readonly endReason: string | null;
  readonly amendSequence: number;
  readonly priceTicks: number | null;
  readonly quantityLots: number | null;
  readonly answeredAmends: readonly number[];
}

interface PreventedRow {
  readonly userNumber: number;
  readonly market: string;
  readonly sequence: number;
}

export const FILLS = 'orders.fills';
const PREVENTED = 'orders.prevented_matches';

function fillName(fill: FillRow): string {
  return `${fill.orderNumber} ${fill.sequence} ${fill.liquidity}`;
}

/** What the update makes of a row; `lots` and `quote` are of the fills that were new. */
function updated(row: OrderRow, update: Update, lots: number, quote: bigint): OrderRow {
  const isNews = update.lastSequence > row.lastSequence;
  const isAmended = update.amendSequence > row.amendSequence;
  const filledLots = row.filledLots + lots;
  const lastSequence = Math.max(row.lastSequence, update.lastSequence);
  const isAnswered = row.amendNumber !== null && update.answeredAmends.includes(row.amendNumber);
  return {
    ...row,
    firstSequence: least(row.firstSequence, update.firstSequence),
    lastSequence,
    remainingLots: (isNews ? update.remainingLots : null) ?? row.remainingLots,
    updatedAtMs: Math.max(row.updatedAtMs, update.timeMs),
    filledLots,
    filledQuoteMinor: row.filledQuoteMinor + quote,
    priceTicks: isAmended ? (update.priceTicks ?? 0) : row.priceTicks,
    quantityLots: (isAmended ? update.quantityLots : null) ?? row.quantityLots,
    amendSequence: Math.max(row.amendSequence, update.amendSequence),
    amendNumber: isAnswered ? null : row.amendNumber,
    reason: update.endReason ?? row.reason,
    status: statusAfter(row, update, filledLots),
  };
}

/** As the database has it: of what is there. */
function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function statusAfter(row: OrderRow, update: Update, filled: number): string {
  if (update.endStatus !== null) return update.endStatus;
  if (!isOpen(row.status)) return row.status;
  if (filled > 0) return 'partially_filled';
  if (update.lastSequence <= row.lastSequence) return row.status;
  return update.isUntriggered ? 'untriggered' : 'open';
}

function saveProjection({ view, values }: StatementContext): readonly object[] {
  const fresh = new Map<number, { lots: number; quote: bigint }>();
  for (const fill of jsonOf(values[0]) as FillRow[]) {
    if (view.find(FILLS, fillName(fill)) !== null) continue;
    view.put(FILLS, fillName(fill), fill);
    const sum = fresh.get(fill.orderNumber) ?? { lots: 0, quote: 0n };
    sum.lots += fill.quantityLots;
    sum.quote += BigInt(fill.quoteMinor);
    fresh.set(fill.orderNumber, sum);
  }
  for (const update of jsonOf(values[1]) as Update[]) {
    const row = view.find<OrderRow>(ORDERS, String(update.orderNumber));
    if (row === null) continue;
    const { lots, quote } = fresh.get(row.orderNumber) ?? { lots: 0, quote: 0n };
    const after = updated(row, update, lots, quote);
    view.put(ORDERS, String(row.orderNumber), after);
    const hasEnded = isOpen(row.status) && !isOpen(after.status);
    countDown(view, row, hasEnded, row.filledLots === 0 && lots > 0);
  }
  return [];
}

function countDown(view: View, row: OrderRow, hasEnded: boolean, isFirstFill: boolean): void {
  const name = `${row.userNumber} ${row.market}`;
  const count = view.find<CountRow>(OPEN_COUNTS, name);
  if (count === null) return;
  const isLess = isFirstFill && count.windowStartMs === windowStartOf(row.acceptedAtMs);
  if (!hasEnded && !isLess) return;
  view.put(OPEN_COUNTS, name, {
    ...count,
    openOrders: count.openOrders - (hasEnded ? 1 : 0),
    windowOrders: Math.max(0, count.windowOrders - (isLess ? 1 : 0)),
  });
}

function knownOrders({ view, values }: StatementContext): OrderRow[] {
  const found = numbersOf(values[0]).flatMap(
    (number) => view.find<OrderRow>(ORDERS, String(number)) ?? [],
  );
  return found.sort((a, b) => a.orderNumber - b.orderNumber);
}

/** The rows whose counts go down, locked by user and market. */
function countLocks({ view, values }: StatementContext): string[] {
  const filled = new Set((jsonOf(values[0]) as FillRow[]).map((fill) => fill.orderNumber));
  const names = (jsonOf(values[1]) as Update[]).flatMap((update) => {
    const row = view.find<OrderRow>(ORDERS, String(update.orderNumber));
    if (row === null) return [];
    const name = `${row.userNumber} ${row.market}`;
    const windowStartMs = view.find<CountRow>(OPEN_COUNTS, name)?.windowStartMs;
    const isLess =
      row.filledLots === 0 &&
      filled.has(row.orderNumber) &&
      windowStartMs === windowStartOf(row.acceptedAtMs);
    return isLess || (update.endStatus !== null && isOpen(row.status)) ? [`count ${name}`] : [];
  });
  return [...new Set(names)].sort();
}

export function withUnits(view: View, row: OrderRow): object {
  const market = view.find<MarketRow>(MARKETS, row.market);
  if (market === null) throw new Error(`no market ${row.market}`);
  const { base, quote, tickSize, lotSize } = market;
  const fees: Record<string, string> = {};
  const isOfOrder = (fill: FillRow): boolean => fill.orderNumber === row.orderNumber;
  for (const [, fill] of view.scan(FILLS, isOfOrder)) {
    const sum = BigInt(fees[fill.feeAsset] ?? '0') + BigInt(fill.feeMinor);
    fees[fill.feeAsset] = sum.toString();
  }
  return {
    ...orderColumns(view, row),
    base,
    quote,
    tickSize,
    lotSize,
    baseDecimals: decimalsOf(view, base),
    quoteDecimals: decimalsOf(view, quote),
    fees: Object.keys(fees).length === 0 ? null : fees,
  };
}

export const PROJECTION_STATEMENTS: readonly Statement[] = [
  {
    pattern: /AS "isOpen"\s+FROM orders\.orders WHERE order_number = ANY/,
    locks: (context) => knownOrders(context).map(({ orderNumber }) => `order ${orderNumber}`),
    run: (context) =>
      knownOrders(context).map(({ orderNumber, status }) => ({
        orderNumber,
        isOpen: isOpen(status),
      })),
  },
  { pattern: /INSERT INTO orders\.fills/, locks: countLocks, run: saveProjection },
  {
    pattern: /INSERT INTO orders\.prevented_matches/,
    run: ({ view, values }) => {
      for (const match of jsonOf(values[0]) as PreventedRow[]) {
        const name = `${match.market} ${match.sequence} ${match.userNumber}`;
        if (view.find(PREVENTED, name) === null) view.put(PREVENTED, name, match);
      }
      return [];
    },
  },
  {
    pattern: /WHERE o\.order_number = \$1 AND o\.user_number = \$2/,
    run: ({ view, values }) => {
      const row = view.find<OrderRow>(ORDERS, String(values[0]));
      return row !== null && row.userNumber === values[1] ? [withUnits(view, row)] : [];
    },
  },
  {
    pattern: /WHERE o\.user_number = \$1 AND o\.client_order_id = \$2/,
    run: ({ view, values }) => {
      const isNamed = (row: OrderRow): boolean =>
        row.userNumber === values[0] && row.clientOrderId === values[1];
      const found = view.scan(ORDERS, isNamed).map(([, row]) => row);
      const newest = found.sort((a, b) => b.orderNumber - a.orderNumber)[0];
      return newest === undefined ? [] : [withUnits(view, newest)];
    },
  },
];
