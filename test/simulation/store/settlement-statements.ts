// What settlement owns: events that are settled, markets that are stopped, volumes.
import { numbersOf, type Statement, textsOf, violation } from './statement.ts';

export interface SettledRow {
  readonly market: string;
  readonly sequence: number;
  readonly kind: string;
  readonly hash: string;
}

export interface VolumeRow {
  readonly quoteMinor: bigint;
  readonly trades: number;
}

export const SETTLED = 'settlement.executions';
export const STOPPED = 'settlement.stopped_markets';
export const VOLUMES = 'settlement.volumes';

function eventKeys(values: readonly unknown[]): string[] {
  const sequences = numbersOf(values[1]);
  return textsOf(values[0]).map((market, at) => `${market} ${sequences[at] ?? 0}`);
}

function byMarketAndSequence(left: string, right: string): number {
  const [market = '', sequence = ''] = left.split(' ');
  const [otherMarket = '', otherSequence = ''] = right.split(' ');
  if (market !== otherMarket) return market < otherMarket ? -1 : 1;
  return Number(sequence) - Number(otherSequence);
}

export const SETTLEMENT_STATEMENTS: readonly Statement[] = [
  {
    pattern: /INSERT INTO settlement\.executions/,
    locks: ({ values }) =>
      eventKeys(values)
        .sort(byMarketAndSequence)
        .map((key) => `settled ${key}`),
    run: ({ view, values, text }) => {
      const kinds = textsOf(values[2]);
      const hashes = textsOf(values[3]);
      return eventKeys(values).flatMap((name, at) => {
        if (view.find(SETTLED, name) !== null) {
          if (text.includes('ON CONFLICT')) return [];
          throw violation('executions_pkey');
        }
        const [market = '', sequence = ''] = name.split(' ');
        const row = { market, sequence: Number(sequence), kind: kinds[at], hash: hashes[at] };
        view.put(SETTLED, name, row);
        return [{ name }];
      });
    },
  },
  {
    pattern: /SELECT e\.market, e\.sequence, encode/,
    run: ({ view, values }) =>
      eventKeys(values).flatMap((key) => {
        const row = view.find<SettledRow>(SETTLED, key);
        if (row === null) return [];
        return [{ market: row.market, sequence: row.sequence, hash: row.hash }];
      }),
  },
  {
    pattern: /INSERT INTO settlement\.volumes/,
    locks: ({ values }) => {
      const [markets, days] = [textsOf(values[1]), textsOf(values[2])];
      const keys = textsOf(values[0]).map(
        (user, at) => `volume ${user} ${markets[at] ?? ''} ${days[at] ?? ''}`,
      );
      return [...new Set(keys)].sort();
    },
    run: ({ view, values }) => {
      const [markets, days] = [textsOf(values[1]), textsOf(values[2])];
      const amounts = textsOf(values[3]).map(BigInt);
      textsOf(values[0]).forEach((user, at) => {
        const key = `${user} ${markets[at] ?? ''} ${days[at] ?? ''}`;
        const row = view.find<VolumeRow>(VOLUMES, key) ?? { quoteMinor: 0n, trades: 0 };
        const quoteMinor = row.quoteMinor + (amounts[at] ?? 0n);
        view.put(VOLUMES, key, { quoteMinor, trades: row.trades + 1 });
      });
      return [];
    },
  },
  {
    pattern: /settlement\.refuse_stopped/,
    run: ({ view, values }) => {
      const stopped = [...textsOf(values[0])]
        .sort()
        .find((market) => view.find(STOPPED, market) !== null);
      if (stopped === undefined) return [];
      throw Object.assign(violation('market_not_stopped'), { detail: stopped });
    },
  },
  {
    pattern: /INSERT INTO settlement\.stopped_markets/,
    locks: ({ values }) => [`stopped ${String(values[0])}`],
    run: ({ view, values }) => {
      const [market, sequence, settledHash, refusedHash] = values;
      if (view.find(STOPPED, String(market)) === null) {
        view.put(STOPPED, String(market), { market, sequence, settledHash, refusedHash });
      }
      return [];
    },
  },
];
