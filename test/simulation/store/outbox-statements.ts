// The outboxes: rows of `orders.outbox` and `reference.outbox`.
import { jsonOf, numbersOf, type Statement, type StatementContext } from './statement.ts';

export interface OutboxRow {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
  readonly createdAtMs: number;
}

const SCHEMA = /\b(orders|reference)\.outbox/;

function tableOf(text: string): string {
  return `${SCHEMA.exec(text)?.[1] ?? ''}.outbox`;
}

function rowsOf(context: StatementContext): OutboxRow[] {
  const { text, view } = context;
  const rows = view.scan(tableOf(text), (row: OutboxRow) => row.id > 0).map(([, row]) => row);
  return rows.sort((a, b) => a.id - b.id);
}

function visible({ id, topic, partition, key, headers, value }: OutboxRow): object {
  return { id, topic, partition, key, headers, value };
}

export const OUTBOX_STATEMENTS: readonly Statement[] = [
  {
    pattern: /INSERT INTO \w+\.outbox/,
    run: ({ view, values, text, nowMs }) =>
      (jsonOf(values[0]) as Omit<OutboxRow, 'id' | 'createdAtMs'>[]).map((row, at) => {
        const table = tableOf(text);
        const id = numbersOf(values[1])[at] ?? view.tables.nextNumber(table);
        view.put(table, String(id), { ...row, id, createdAtMs: nowMs });
        return { id };
      }),
  },
  {
    pattern: /FROM \w+\.outbox\s+WHERE id = ANY/,
    run: (context) => {
      const ids = new Set(numbersOf(context.values[0]));
      return rowsOf(context)
        .filter(({ id }) => ids.has(id))
        .map(visible);
    },
  },
  {
    pattern: /^SELECT id FROM \w+\.outbox ORDER BY id/,
    run: (context) =>
      rowsOf(context)
        .slice(0, Number(context.values[0]))
        .map(({ id }) => ({ id })),
  },
  {
    pattern: /pg_try_advisory_xact_lock/,
    run: ({ values, tryLock }) => [{ locked: tryLock(`advisory ${String(values[0])}`) }],
  },
  {
    pattern: /FROM \w+\.outbox\s+WHERE id < \$1/,
    run: (context) => {
      const [below, olderThanMs, max] = context.values.map(Number);
      const table = tableOf(context.text);
      return rowsOf(context)
        .filter(({ id }) => id < (below ?? 0))
        .filter(
          ({ createdAtMs: atMs }) =>
            atMs <= context.nowMs - (olderThanMs ?? 0) || atMs > context.nowMs,
        )
        .slice(0, max)
        .filter(({ id }) => context.tryLock(`${table} ${id}`))
        .map(visible);
    },
  },
  {
    pattern: /DELETE FROM \w+\.outbox USING/,
    locks: ({ view, values, text }) => {
      const table = tableOf(text);
      return numbersOf(values[2])
        .filter((id) => view.find(table, String(id)) !== null)
        .map((id) => `${table} ${id}`);
    },
    run: ({ view, values, text }) => {
      for (const id of numbersOf(values[2])) view.remove(tableOf(text), String(id));
      return [];
    },
  },
];
