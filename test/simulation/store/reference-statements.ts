// Assets and markets, as the operator writes them.
import type { Statement } from './statement.ts';
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
}

export const MARKETS = 'reference.markets';
export const ASSETS = 'reference.assets';
export const COMMAND_NUMBERS = 'orders.command_number';

export function decimalsOf(view: View, asset: string): number {
  const row = view.find<{ readonly decimals: number }>(ASSETS, asset);
  if (row === null) throw new Error(`no asset ${asset}`);
  return row.decimals;
}

export function configColumns(view: View, row: MarketRow): object {
  return {
    ...row,
    baseDecimals: decimalsOf(view, row.base),
    quoteDecimals: decimalsOf(view, row.quote),
  };
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
] as const;

export const REFERENCE_STATEMENTS: readonly Statement[] = [
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
    pattern: /orders\.next_command_number\(\)/,
    run: ({ view, nowMs }) => [{ number: view.tables.nextNumber(COMMAND_NUMBERS), timeMs: nowMs }],
  },
  {
    pattern: /^SELECT m\.market, m\.base[^]*FROM reference\.markets m\s+JOIN/,
    run: ({ view, values }) =>
      view
        .scan(MARKETS, ({ market }: MarketRow) => values.length === 0 || market === values[0])
        .map(([, row]) => configColumns(view, row)),
  },
];
