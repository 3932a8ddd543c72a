// What requests for several markets read and write: markets, counts of open orders, deadlines.
import { OPEN_COUNTS, OUTBOX } from './orders-statements.ts';
import { MARKETS, type MarketRow } from './reference-statements.ts';
import { jsonOf, numbersOf, type Statement } from './statement.ts';

interface DeadlineRow {
  readonly userNumber: number;
  readonly market: string;
  readonly deadlineMs: number | null;
  readonly outboxId: number;
}

const DEADLINES = 'orders.deadlines';
const TAKES_NO_ORDERS = ['halted', 'cancel_only', 'closing', 'delisted'];

export const WIDE_STATEMENTS: readonly Statement[] = [
  {
    pattern: /^SELECT\s+\(SELECT json_agg[^]*'takesOrders'/,
    run: ({ view, values }) => {
      // No market has a schedule here.
      const markets = view.scan(MARKETS, () => true).map(([, row]) => row as MarketRow);
      const listed = markets.map(({ market, status }) => {
        return { market, takesOrders: !TAKES_NO_ORDERS.includes(status) };
      });
      const open = numbersOf(values[0]).flatMap((userNumber) =>
        markets.flatMap(({ market }) => {
          const count = view.find<{ openOrders: number }>(OPEN_COUNTS, `${userNumber} ${market}`);
          return (count?.openOrders ?? 0) > 0 ? [{ userNumber, market }] : [];
        }),
      );
      return [{ listed, open }];
    },
  },
  {
    pattern: /pg_advisory_xact_lock\(hashtextextended\('orders\.deadlines /,
    locks: ({ values }) => {
      const users = [...new Set(numbersOf(values[0]))].sort((a, b) => a - b);
      return users.map((user) => `deadlines ${user}`);
    },
    run: () => [],
  },
  {
    pattern: /FROM orders\.deadlines d WHERE d\.user_number = ANY/,
    run: ({ view, values }) => {
      const users = new Set(numbersOf(values[0]));
      const isTheirs = ({ userNumber }: DeadlineRow): boolean => users.has(userNumber);
      return view.scan(DEADLINES, isTheirs).map(([, { userNumber, market, outboxId }]) => {
        const isUnpublished = view.find(OUTBOX, String(outboxId)) !== null;
        return { userNumber, market, unpublishedId: isUnpublished ? outboxId : null };
      });
    },
  },
  {
    pattern: /INSERT INTO orders\.deadlines/,
    run: ({ view, values }) => {
      for (const row of jsonOf(values[0]) as DeadlineRow[]) {
        view.put(DEADLINES, `${row.userNumber} ${row.market}`, row);
      }
      return [];
    },
  },
];
