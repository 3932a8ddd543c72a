// What the orders function reads and writes when it accepts.
import {
  jsonOf,
  numbersOf,
  type Statement,
  type StatementContext,
  textsOf,
  violation,
} from './statement.ts';
import type { OutboxRow } from './outbox-statements.ts';
import { COMMAND_NUMBERS, MARKETS, storedMarket, type MarketRow } from './reference-statements.ts';
import type { View } from './tables.ts';

/** A row of orders.orders under the names that the code gives its columns. */
export interface OrderRow {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly clientOrderId: string | null;
  readonly market: string;
  readonly side: string;
  readonly type: string;
  readonly timeInForce: string;
  readonly postOnly: boolean;
  readonly selfTradePrevention: string;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteAmountMinor: string | null;
  readonly expiresAtMs: number | null;
  readonly triggerKind: string | null;
  readonly triggerPriceTicks: number | null;
  readonly trailBps: number | null;
  readonly activationPriceTicks: number | null;
  readonly displayLots: number | null;
  readonly pegTo: string | null;
  readonly pegOffsetLevels: number | null;
  readonly pegLimitTicks: number | null;
  readonly listNumber: number | null;
  readonly isPair: boolean;
  readonly isPending: boolean;
  readonly isDay: boolean;
  readonly replacesNumber: number | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly holdMinor: string;
  readonly acceptedAtMs: number;
  readonly updatedAtMs: number;
  readonly outboxId: number;
  readonly status: string;
  readonly reason: string | null;
  readonly firstSequence: number | null;
  readonly lastSequence: number;
  readonly remainingLots: number;
  readonly filledLots: number;
  readonly filledQuoteMinor: bigint;
  readonly amendSequence: number;
  readonly amendNumber: number | null;
}

/** A row of orders.open_counts; the turnover of the day is left out. */
export interface CountRow {
  readonly openOrders: number;
  readonly windowStartMs: number;
  readonly windowOrders: number;
}

interface KeyRow {
  readonly requestHash: string;
  readonly orderNumber: number;
  readonly createdAtMs: number;
}

interface FeeRates {
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

interface BestPrices {
  readonly bestBidTicks: number | null;
  readonly bestAskTicks: number | null;
}

export const ORDERS = 'orders.orders';
export const KEYS = 'orders.request_keys';
export const OPEN_COUNTS = 'orders.open_counts';
export const OUTBOX = 'orders.outbox';
/** By `user market`. */
export const RATES = 'fees.rates';
export const BEST_PRICES = 'market_data.best_prices';

const WINDOW_MS = 10_000;

/** Where the window begins in which an order of this time is counted. */
export function windowStartOf(timeMs: number): number {
  return Math.floor(timeMs / WINDOW_MS) * WINDOW_MS;
}

const OPEN_STATUSES = ['accepted', 'untriggered', 'open', 'partially_filled'];

export function isOpen(status: string): boolean {
  return OPEN_STATUSES.includes(status);
}

/** The columns of an order that the code reads. */
export function orderColumns(view: View, row: OrderRow): object {
  const { amendNumber, filledQuoteMinor, ...columns } = row;
  return {
    ...columns,
    replacedBy: replacedBy(view, row),
    filledQuoteMinor: filledQuoteMinor.toString(),
    amendPending: amendNumber !== null,
  };
}

/** The order that took its place: its first event came right after the end of this one. */
function replacedBy(view: View, { orderNumber, lastSequence, reason }: OrderRow): number | null {
  if (reason !== 'ORDER_REPLACED') return null;
  const isNext = (row: OrderRow): boolean =>
    row.replacesNumber === orderNumber && row.firstSequence === lastSequence + 1;
  return view.scan(ORDERS, isNext)[0]?.[1].orderNumber ?? null;
}

function readForAccept({ view, values, text, nowMs }: StatementContext): readonly object[] {
  const numbers = Array.from({ length: Number(values[0]) }, () =>
    view.tables.nextNumber(COMMAND_NUMBERS),
  );
  const outboxIds = Array.from({ length: Number(values[7]) }, () => view.tables.nextNumber(OUTBOX));
  const users = numbersOf(values[1]);
  const markets = textsOf(values[2]);
  const pairs = users.map((userNumber, at) => ({ userNumber, market: markets[at] ?? '' }));
  const kinds = textsOf(values[4]);
  const names = textsOf(values[5]);
  const keys = numbersOf(values[3]).flatMap((userNumber, at) => {
    const [kind = '', key = ''] = [kinds[at], names[at]];
    const row = view.find<KeyRow>(KEYS, `${userNumber} ${kind} ${key}`);
    if (row === null) return [];
    return [{ userNumber, kind, key, requestHash: row.requestHash, orderNumber: row.orderNumber }];
  });
  const openCounts = pairs.flatMap((pair) => {
    const row = view.find<CountRow>(OPEN_COUNTS, `${pair.userNumber} ${pair.market}`);
    return row === null ? [] : [{ ...pair, openOrders: row.openOrders }];
  });
  const withBest = text.includes('market_data.best_prices');
  const elsewhere = numbersOf(values[10]).flatMap((orderNumber) => {
    const row = view.find<OrderRow>(ORDERS, String(orderNumber));
    return row === null ? [] : [row.market];
  });
  const terms = [...new Set([...markets, ...elsewhere])].flatMap((market) =>
    termsOf(view, market, withBest),
  );
  const ownRates = pairs.flatMap((pair) => {
    const rates = view.find<FeeRates>(RATES, `${pair.userNumber} ${pair.market}`);
    return rates === null ? [] : [{ ...pair, ...rates }];
  });
  const orNull = <Item>(items: Item[]): Item[] | null => (items.length === 0 ? null : items);
  return [
    {
      nowMs,
      numbers,
      outboxIds,
      openCounts: orNull(openCounts),
      keys: orNull(keys),
      terms: orNull(terms),
      ownRates: orNull(ownRates),
      // Nobody is blocked here, nor has a flag or a limit: their locks are shared, and keep nobody
      // waiting.
      blockedUsers: null,
      risk: null,
    },
  ];
}

function termsOf(view: View, name: string, withBest: boolean): object[] {
  const market = view.find<MarketRow>(MARKETS, name);
  if (market === null) return [];
  const best = withBest ? view.find<BestPrices>(BEST_PRICES, name) : null;
  return [
    {
      ...storedMarket(view, market),
      isMoving: market.movingTo !== null,
      // Everybody has rates of their own here: the schedule's apply to nobody.
      makerFeePpm: 0,
      takerFeePpm: 0,
      bestBidTicks: best?.bestBidTicks ?? null,
      bestAskTicks: best?.bestAskTicks ?? null,
    },
  ];
}

interface Placed {
  readonly number: number;
  readonly userNumber: number;
  readonly market: string;
  readonly timeMs: number;
  readonly quantityLots: number;
}

/** What counts into the use of a user and market; amends are no new order. */
interface Added {
  readonly userNumber: number;
  readonly market: string;
  readonly orders: number;
  readonly timeMs: number;
}

interface Keyed extends KeyRow {
  readonly userNumber: number;
  readonly kind: string;
  readonly key: string;
  readonly timeMs: number;
}

function keyNames(values: readonly unknown[]): string[] {
  return (jsonOf(values[1]) as Keyed[]).map(({ userNumber, kind, key }) =>
    [userNumber, kind, key].join(' '),
  );
}

function countNames(values: readonly unknown[]): string[] {
  const names = (jsonOf(values[2]) as Added[]).map((row) => `${row.userNumber} ${row.market}`);
  return [...new Set(names)].sort();
}

function insertOrders({ view, values }: StatementContext): readonly object[] {
  for (const row of jsonOf(values[0]) as Placed[]) {
    const name = String(row.number);
    if (view.find(ORDERS, name) !== null) throw violation('orders_pkey');
    const { number, timeMs, ...columns } = row;
    view.put(ORDERS, name, {
      ...columns,
      orderNumber: number,
      acceptedAtMs: timeMs,
      updatedAtMs: timeMs,
      remainingLots: row.quantityLots,
      status: 'accepted',
      reason: null,
      firstSequence: null,
      lastSequence: 0,
      filledLots: 0,
      filledQuoteMinor: 0n,
      amendSequence: 0,
      amendNumber: null,
    });
  }
  for (const added of jsonOf(values[2]) as Added[]) countUp(view, added);
  for (const { userNumber, kind, key, requestHash, orderNumber, timeMs } of jsonOf(
    values[1],
  ) as Keyed[]) {
    const name = `${userNumber} ${kind} ${key}`;
    if (view.find(KEYS, name) !== null) throw violation('request_keys_pkey');
    view.put(KEYS, name, { requestHash, orderNumber, createdAtMs: timeMs });
  }
  return [];
}

function countUp(view: View, { userNumber, market, orders, timeMs }: Added): void {
  const name = `${userNumber} ${market}`;
  const row = view.find<CountRow>(OPEN_COUNTS, name);
  const startMs = windowStartOf(timeMs);
  const storedMs = row?.windowStartMs ?? 0;
  const isOfNow = storedMs === startMs || storedMs === startMs + WINDOW_MS;
  view.put(OPEN_COUNTS, name, {
    openOrders: (row?.openOrders ?? 0) + orders,
    windowStartMs: isOfNow ? storedMs : startMs,
    windowOrders: (isOfNow ? (row?.windowOrders ?? 0) : 0) + 1,
  });
}

function wantedOrders({ values, view }: StatementContext): OrderRow[] {
  const users = numbersOf(values[1]);
  const found = numbersOf(values[0]).flatMap((number, at) => {
    const row = view.find<OrderRow>(ORDERS, String(number));
    return row !== null && row.userNumber === users[at] ? [row] : [];
  });
  return [...new Set(found)].sort((a, b) => a.orderNumber - b.orderNumber);
}

function findUnpublished({ view, values }: StatementContext): readonly object[] {
  const users = numbersOf(values[0]);
  const markets = textsOf(values[1]);
  const owners = new Set(users.map((user, at) => `${user} ${markets[at] ?? ''}`));
  const ids = new Set<number>();
  const isTheirs = (row: OrderRow): boolean =>
    owners.has(`${row.userNumber} ${row.market}`) && isOpen(row.status);
  for (const [, row] of view.scan(ORDERS, isTheirs)) {
    if (view.find(OUTBOX, String(row.outboxId)) !== null) ids.add(row.outboxId);
  }
  return [...ids].map((id) => ({ id }));
}

function repeatUnpublished({ view, values }: StatementContext): readonly object[] {
  const last = new Map<string, number>();
  const partitionOf = (row: OutboxRow): string => `${row.topic} ${row.partition} ${row.key ?? ''}`;
  for (const id of numbersOf(values[0])) {
    const row = view.find<OutboxRow>(OUTBOX, String(id));
    if (row === null) continue;
    last.set(partitionOf(row), Math.max(last.get(partitionOf(row)) ?? 0, id));
  }
  const isBefore = (row: OutboxRow): boolean => row.id <= (last.get(partitionOf(row)) ?? 0);
  return view
    .scan(OUTBOX, isBefore)
    .map(([, row]) => row)
    .sort((a, b) => a.id - b.id)
    .map(({ topic, partition, key, headers, value }) => ({
      topic,
      partition,
      key,
      headers,
      value,
    }));
}

export const ORDERS_STATEMENTS: readonly Statement[] = [
  // Whether the database is back.
  { pattern: /^SELECT 1$/, run: () => [{ one: 1 }] },
  // There are no roles here: who reads is known by what is asked.
  { pattern: /^SELECT set_config\('role', \$1, true\)/, run: () => [{}] },
  { pattern: /nextval\('orders\.command_number'\)[^]*AS "openCounts"/, run: readForAccept },
  {
    pattern: /FROM orders\.orders o\s+WHERE \(o\.order_number, o\.user_number\) IN/,
    locks: (context) => wantedOrders(context).map(({ orderNumber }) => `order ${orderNumber}`),
    run: (context) =>
      wantedOrders(context).map((row) => {
        const isUnpublished = context.view.find(OUTBOX, String(row.outboxId)) !== null;
        return {
          ...orderColumns(context.view, row),
          unpublishedId: isUnpublished ? row.outboxId : null,
        };
      }),
  },
  {
    pattern: /^SELECT nextval\('orders\.outbox_id_seq'\)/,
    run: ({ view, values }) =>
      Array.from({ length: Number(values[0]) }, () => ({ id: view.tables.nextNumber(OUTBOX) })),
  },
  { pattern: /SELECT DISTINCT x\.id/, run: findUnpublished },
  { pattern: /SELECT x\.topic, x\.partition, x\.key/, run: repeatUnpublished },
  {
    pattern: /INSERT INTO orders\.orders/,
    locks: ({ values }) => [
      ...keyNames(values).map((name) => `key ${name}`),
      ...countNames(values).map((name) => `count ${name}`),
    ],
    run: insertOrders,
  },
  {
    pattern: /UPDATE orders\.orders o SET amend_number/,
    run: ({ view, values }) => {
      const numbers = numbersOf(values[1]);
      numbersOf(values[0]).forEach((order, at) => {
        const row = view.find<OrderRow>(ORDERS, String(order));
        if (row !== null) view.put(ORDERS, String(order), { ...row, amendNumber: numbers[at] });
      });
      return [];
    },
  },
  // Nobody sends batches here.
  { pattern: /DELETE FROM orders\.batch_keys/, run: () => [] },
  {
    pattern: /DELETE FROM orders\.request_keys/,
    run: ({ view, values, isFree }) => {
      const isOld = (row: KeyRow): boolean => {
        if (row.createdAtMs >= Number(values[0])) return false;
        const isOfKey = ({ orderNumber, listNumber, status }: OrderRow): boolean =>
          isOpen(status) && (orderNumber === row.orderNumber || listNumber === row.orderNumber);
        return view.scan(ORDERS, isOfKey).length === 0;
      };
      const forgotten = view.scan(KEYS, isOld).filter(([name]) => isFree(`key ${name}`));
      for (const [name] of forgotten) view.remove(KEYS, name);
      return forgotten.map(() => ({}));
    },
  },
];
