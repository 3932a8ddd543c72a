// The simulated tables as the audit's queries see them, so that the very audit which judges a real
// database judges a simulated one.
import type pg from 'pg';
import type { ListRow } from '../../../functions/orders/store/lists.ts';
import {
  ACCOUNTS,
  ENTRIES,
  HOLDS,
  type AccountRow,
  type EntryRow,
  type HoldRow,
} from '../store/ledger-statements.ts';
import { LISTS } from '../store/list-statements.ts';
import { ORDERS, type OrderRow } from '../store/orders-statements.ts';
import { FILLS, type FillRow } from '../store/projection-statements.ts';
import { SETTLED, STOPPED } from '../store/settlement-statements.ts';
import type { Tables } from '../store/tables.ts';

/** A query of the audit and the rows that answer it. */
type Answer = readonly [pattern: RegExp, rows: (tables: Tables) => readonly object[]];

function rowsOf<R extends object>(tables: Tables, table: string): R[] {
  return [...tables.rows(table).values()] as unknown as R[];
}

const ANSWERS: readonly Answer[] = [
  [/FROM settlement\.executions/, (tables) => rowsOf(tables, SETTLED)],
  [/FROM settlement\.stopped_markets/, (tables) => rowsOf(tables, STOPPED)],
  [
    /FROM ledger\.entries e[^]*WHERE e\.kind = 'trade'/,
    (tables) =>
      rowsOf<EntryRow>(tables, ENTRIES)
        .filter(({ kind }) => kind === 'trade')
        .sort((a, b) => a.entry - b.entry)
        .flatMap(({ entry, key, reference, postings }) =>
          postings.map(({ account, amount }) => {
            const [owner, asset] = account.split(' ');
            return { entry, business_key: key, reference_id: reference, owner, asset, amount };
          }),
        ),
  ],
  [
    /FROM ledger\.holds h/,
    (tables) =>
      rowsOf<HoldRow>(tables, HOLDS).map(({ hold, account, made, remaining }) => {
        const row = tables.rows(ACCOUNTS).get(account) as unknown as AccountRow | undefined;
        return { hold, owner: row?.owner ?? null, asset: row?.asset ?? null, made, remaining };
      }),
  ],
  [
    /FROM orders\.order_lists/,
    (tables) =>
      rowsOf<ListRow>(tables, LISTS).map(({ listNumber: number, userNumber, market, type }) => {
        return { number, userNumber, market, kind: type };
      }),
  ],
  [/FROM orders\.orders/, (tables) => rowsOf<OrderRow>(tables, ORDERS).map(auditedOrder)],
  [
    /FROM orders\.fills/,
    (tables) =>
      rowsOf<FillRow>(tables, FILLS).map((row) => ({
        ...row,
        quoteMinor: BigInt(row.quoteMinor),
        feeMinor: BigInt(row.feeMinor),
      })),
  ],
];

function auditedOrder(row: OrderRow): object {
  const { userNumber, side, type, timeInForce, postOnly, selfTradePrevention } = row;
  const { expiresAtMs, makerFeePpm, takerFeePpm, holdMinor } = row;
  const { displayLots, replacesNumber, listNumber, isPair, isPending, pegLimitTicks } = row;
  return {
    number: row.orderNumber,
    market: row.market,
    accepted: {
      userNumber,
      side,
      type,
      timeInForce,
      postOnly,
      selfTradePrevention,
      expiresAtMs,
      makerFeePpm,
      takerFeePpm,
      holdMinor,
      displayLots,
      replacesNumber,
      listNumber,
      isPair,
      isPending,
      pegLimitTicks,
      peg: row.pegTo === null ? null : { to: row.pegTo, offsetLevels: row.pegOffsetLevels },
      trigger: auditedTrigger(row),
    },
    priceTicks: row.priceTicks,
    quantityLots: row.quantityLots,
    status: row.status,
    reason: row.reason,
    lastSequence: row.lastSequence,
    amendSequence: row.amendSequence,
    remainingLots: row.remainingLots,
    filledLots: row.filledLots,
    filledQuote: row.filledQuoteMinor,
  };
}

function auditedTrigger(row: OrderRow): object | null {
  const { triggerKind: kind, triggerPriceTicks: priceTicks, trailBps } = row;
  const { activationPriceTicks: activation } = row;
  if (kind === null) return null;
  if (kind !== 'trailing_stop') return { kind, priceTicks };
  return { kind, trailBps, ...(activation === null ? {} : { activationPriceTicks: activation }) };
}

/** Answers the audit's queries; its cursors hand out all rows of a query at their first fetch. */
export function readTables(tables: Tables): pg.Client {
  const cursors = new Map<string, readonly object[]>();
  const answer = (text: string): readonly object[] => {
    const found = ANSWERS.find(([pattern]) => pattern.test(text));
    if (found === undefined) throw new Error(`the audit asks what is not answered here: ${text}`);
    return found[1](tables);
  };
  const query = (text: string): Promise<{ rows: readonly object[] }> => {
    const declared = /^DECLARE (\w+) NO SCROLL CURSOR FOR ([^]*)$/.exec(text);
    const fetched = /^FETCH (\d+) FROM (\w+)$/.exec(text);
    if (declared !== null) {
      cursors.set(declared[1] ?? '', answer(declared[2] ?? ''));
      return Promise.resolve({ rows: [] });
    }
    if (fetched !== null) {
      const name = fetched[2] ?? '';
      const rows = cursors.get(name) ?? [];
      cursors.set(name, rows.slice(Number(fetched[1])));
      return Promise.resolve({ rows: rows.slice(0, Number(fetched[1])) });
    }
    if (/^CLOSE /.test(text)) return Promise.resolve({ rows: [] });
    return Promise.resolve({ rows: answer(text) });
  };
  return { query } as unknown as pg.Client;
}
