// Assets and markets, as the operator writes them. What the engine tells of phases is read back by
// nobody here: the simulation has no market data.
import { jsonOf, type Statement } from './statement.ts';
import type { View } from './tables.ts';

export interface MarketRow {
  readonly market: string;
  readonly base: string;
  readonly quote: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly minNotional: string;
  readonly minPrice: string;
  readonly maxPrice: string;
  readonly protectionBps: number;
  readonly feePolicy: string;
  readonly selfTradeAllowed: boolean;
  readonly status: string;
  readonly version: number;
  readonly shard: number;
  readonly movingTo: number | null;
  readonly maxNotional: string | null;
  readonly staticPrice: string | null;
  readonly staticBps: number | null;
  readonly dynamicBps: number | null;
  readonly moveBps: number | null;
  readonly windowMs: number | null;
  readonly haltMs: number | null;
  readonly auctionMs: number | null;
  readonly maxOpenOrders: number | null;
  readonly maxWaitingOrders: number | null;
  readonly referenceMaxAgeMs: number | null;
  readonly selfTradeModes: readonly string[] | null;
  /** JSON. */
  readonly schedule: string | null;
}

export const MARKETS = 'reference.markets';
export const ASSETS = 'reference.assets';
export const COMMAND_NUMBERS = 'orders.command_number';

export function decimalsOf(view: View, asset: string): number {
  const row = view.find<{ readonly decimals: number }>(ASSETS, asset);
  if (row === null) throw new Error(`no asset ${asset}`);
  return row.decimals;
}

/** A row of reference.market_configs. */
export function storedMarket(view: View, row: MarketRow): object {
  const { market, status, shard, movingTo, schedule, ...rest } = row;
  const { staticPrice, staticBps, dynamicBps, moveBps, windowMs, haltMs, auctionMs, ...plain } =
    rest;
  const config = withoutNulls({
    market,
    ...plain,
    baseDecimals: decimalsOf(view, row.base),
    quoteDecimals: decimalsOf(view, row.quote),
    priceBand:
      staticBps === null && dynamicBps === null
        ? null
        : withoutNulls({ staticPrice, staticBps, dynamicBps }),
    interruption: moveBps === null ? null : { moveBps, windowMs, haltMs, auctionMs },
  });
  const entries: unknown = schedule === null ? [] : jsonOf(schedule);
  return { market, config, status, schedule: entries, shard, movingTo, told: null };
}

function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

const COLUMNS = [
  'market',
  'base',
  'quote',
  'tickSize',
  'lotSize',
  'minQuantity',
  'maxQuantity',
  'minNotional',
  'minPrice',
  'maxPrice',
  'protectionBps',
  'feePolicy',
  'selfTradeAllowed',
  'status',
  'version',
  'shard',
  'maxNotional',
  'staticPrice',
  'staticBps',
  'dynamicBps',
  'moveBps',
  'windowMs',
  'haltMs',
  'auctionMs',
  'maxOpenOrders',
  'maxWaitingOrders',
  'referenceMaxAgeMs',
  'selfTradeModes',
  'schedule',
] as const;

/** The end of each chain of the audit log; of its records, nothing here reads any. */
const AUDIT_HEADS = 'audit.heads';

export const REFERENCE_STATEMENTS: readonly Statement[] = [
  {
    pattern: /SELECT audit\.append\(/,
    locks: ({ values }) => [`${AUDIT_HEADS} ${String(values[0])}`],
    run: ({ view, values }) => {
      const stream = String(values[0]);
      const last = view.find<{ sequence: number }>(AUDIT_HEADS, stream)?.sequence ?? 0;
      const head = { sequence: last + 1 };
      view.put(AUDIT_HEADS, stream, head);
      return [head];
    },
  },
  {
    pattern: /LOCK TABLE reference\.markets/,
    locks: () => ['table reference.markets'],
    run: () => [],
  },
  {
    pattern: /SELECT decimals FROM reference\.assets/,
    run: ({ view, values }) => [{ decimals: decimalsOf(view, String(values[0])) }],
  },
  {
    pattern: /INSERT INTO reference\.markets/,
    run: ({ view, values }) => {
      const row = Object.fromEntries(COLUMNS.map((name, at) => [name, values[at]]));
      const before = view.find<MarketRow>(MARKETS, String(values[0]));
      const { shard = row['shard'], movingTo = null } = before ?? {};
      view.put(MARKETS, String(values[0]), { ...row, shard, movingTo });
      return [];
    },
  },
  {
    pattern: /INSERT INTO reference\.market_changes/,
    run: () => [],
  },
  {
    pattern: /orders\.next_command_number\(\)/,
    run: ({ view, nowMs }) => [{ number: view.tables.nextNumber(COMMAND_NUMBERS), timeMs: nowMs }],
  },
  {
    pattern: /^SELECT m\.config[^]*FROM reference\.market_configs m\s+LEFT JOIN/,
    run: ({ view, values }) =>
      view
        .scan(MARKETS, ({ market }: MarketRow) => values.length === 0 || market === values[0])
        .map(([, row]) => storedMarket(view, row)),
  },
];
