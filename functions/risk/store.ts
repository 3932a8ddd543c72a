// The SQL of the schema risk: what a user is shown, and what an operator sets.
import { changeAudited } from '../../shared/audit/append.ts';
import { byOperator, type JsonValue } from '../../shared/audit/record.ts';
import type { Pool, Queryable } from '../../shared/db/pool.ts';
import { withTransaction } from '../../shared/db/pool.ts';
import { userId } from '../../shared/domain/ids.ts';
import type { Limit, LimitName } from '../../shared/domain/risk-limits.ts';
import type { Operator } from '../../shared/operator/operator.ts';
import type { FlagFacts, MarketUse, PositionUse } from './decide.ts';

export const FLAGS = ['trading', 'withdrawal', 'frozen'] as const;
export type Flag = (typeof FLAGS)[number];

/** While a flag waits for its lock, one user in 64 waits behind it: so not for long, but again. */
const FLAG_LOCK_TIMEOUT_MS = 1_000;
const FLAG_TRIES_MAX = 10;
const LOCK_NOT_AVAILABLE = '55P03';

export async function findFlags(
  db: Queryable,
  userNumber: number,
): Promise<Record<Flag, FlagFacts>> {
  const result = await db.query<Record<Flag, boolean> & Record<`${Flag}At`, Date | null>>(
    `SELECT coalesce(a.trading, true) AS trading, coalesce(a.withdrawal, true) AS withdrawal,
       coalesce(a.frozen, false) AS frozen,
       max(c.changed_at) FILTER (WHERE c.what = 'trading') AS "tradingAt",
       max(c.changed_at) FILTER (WHERE c.what = 'withdrawal') AS "withdrawalAt",
       max(c.changed_at) FILTER (WHERE c.what = 'frozen') AS "frozenAt"
     FROM (SELECT $1::bigint AS user_number) u
     LEFT JOIN risk.own_account a USING (user_number)
     LEFT JOIN risk.own_account_changes c USING (user_number)
     GROUP BY a.user_number, a.trading, a.withdrawal, a.frozen`,
    [userNumber],
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('the flags of a user have no row');
  return {
    trading: { on: row.trading, changedAt: row.tradingAt },
    withdrawal: { on: row.withdrawal, changedAt: row.withdrawalAt },
    frozen: { on: row.frozen, changedAt: row.frozenAt },
  };
}

const LIMIT_COLUMNS = `user_number AS "userNumber", scope, name, trim_scale(value)::text AS value`;

/** Everybody's limits, then the user's own. */
export async function listLimits(db: Queryable, userNumber: number): Promise<Limit[]> {
  const result = await db.query<Limit>(
    `SELECT ${LIMIT_COLUMNS} FROM risk.common_limits
     UNION ALL
     SELECT ${LIMIT_COLUMNS} FROM risk.own_limits WHERE user_number = $1::bigint
     ORDER BY 1, 2, 3`,
    [userNumber],
  );
  return result.rows;
}

export async function listCommonLimits(db: Queryable): Promise<Limit[]> {
  const result = await db.query<Limit>(
    `SELECT ${LIMIT_COLUMNS} FROM risk.common_limits ORDER BY 1, 2, 3`,
  );
  return result.rows;
}

/** Of the owner whose role reads. */
export async function listUses(db: Queryable, markets: readonly string[]): Promise<MarketUse[]> {
  const result = await db.query<MarketUse>(
    `SELECT u.market, u.open_orders AS "openOrders", u.waiting_orders AS "waitingOrders",
       u.open_tick_lots AS "openTickLots", u.open_quote_minor AS "openQuoteMinor",
       u.turnover_day::text AS "turnoverDay", u.turnover_minor AS "turnoverMinor",
       u.window_start_ms AS "windowStartMs", u.window_orders AS "windowOrders"
     FROM risk.own_uses($1::text[]) u`,
    [markets],
  );
  return result.rows;
}

/** Of the owner whose role reads. */
export async function listPositions(
  db: Queryable,
  assets: readonly string[],
): Promise<PositionUse[]> {
  const result = await db.query<PositionUse>(
    `SELECT p.asset, p.total_minor AS "totalMinor", p.open_buys_minor AS "openBuysMinor"
     FROM risk.own_positions($1::text[]) p`,
    [assets],
  );
  return result.rows;
}

/**
 * Sets a flag; once this resolves, no order of the user is accepted that the flag forbids, not even
 * one that is being accepted now. Answers false when it was so already. Rejects when transactions
 * that accept orders do not come to an end: nothing is set then.
 */
export async function setFlag(
  pool: Pool,
  wanted: { readonly userNumber: number; readonly flag: Flag; readonly on: boolean },
  operator: Operator,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTransaction(pool, async (tx) => {
        await tx.query(`SET LOCAL lock_timeout = ${FLAG_LOCK_TIMEOUT_MS}`);
        return changeAccount(tx, 'flags.change', wanted.userNumber, operator, () =>
          tx.query<{ changed: boolean }>('SELECT risk.set_flag($1, $2, $3, $4, $5) AS changed', [
            wanted.userNumber,
            wanted.flag,
            wanted.on,
            operator.actor,
            operator.reason,
          ]),
        );
      });
    } catch (error) {
      if (!isLockTimeout(error) || attempt >= FLAG_TRIES_MAX) throw error;
    }
  }
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
}

/** Null: in no group any more. */
export async function setTradeGroup(
  pool: Pool,
  wanted: { readonly userNumber: number; readonly group: number | null },
  operator: Operator,
): Promise<boolean> {
  return withTransaction(pool, (tx) =>
    changeAccount(tx, 'groups.change', wanted.userNumber, operator, () =>
      tx.query<{ changed: boolean }>('SELECT risk.set_trade_group($1, $2, $3, $4) AS changed', [
        wanted.userNumber,
        wanted.group,
        operator.actor,
        operator.reason,
      ]),
    ),
  );
}

type Answer = Promise<{ readonly rows: readonly { readonly changed: boolean }[] }>;

/** Under the lock that the change takes itself, so that nobody comes between look and change. */
async function changeAccount(
  tx: Queryable,
  action: string,
  userNumber: number,
  operator: Operator,
  change: () => Answer,
): Promise<boolean> {
  await tx.query('SELECT pg_advisory_xact_lock(7105115, risk.flag_lock($1))', [userNumber]);
  const subject = userId(userNumber);
  const head = {
    stream: 'risk',
    action,
    subject,
    requestId: null,
    ...byOperator(operator),
  } as const;
  const { rows } = await changeAudited(tx, head, () => readAccount(tx, userNumber), change);
  return rows[0]?.changed === true;
}

async function readAccount(tx: Queryable, userNumber: number): Promise<JsonValue> {
  const result = await tx.query<{ account: JsonValue }>(
    `SELECT json_build_object('trading', coalesce(a.trading, true),
       'withdrawal', coalesce(a.withdrawal, true), 'frozen', coalesce(a.frozen, false),
       'tradeGroup', a.trade_group) AS account
     FROM (SELECT $1::bigint AS user_number) u LEFT JOIN risk.accounts a USING (user_number)`,
    [userNumber],
  );
  return result.rows[0]?.account ?? null;
}

/** User 0 is everybody; a null value ends the limit. */
export async function setLimit(
  pool: Pool,
  wanted: {
    readonly userNumber: number;
    readonly scope: string;
    readonly name: LimitName;
    readonly value: string | null;
  },
  operator: Operator,
): Promise<boolean> {
  const { userNumber, scope, name, value } = wanted;
  const subject = userNumber === 0 ? 'everybody' : userId(userNumber);
  const head = { stream: 'risk', action: 'limits.change', subject, requestId: null } as const;
  return withTransaction(pool, async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('risk.limits', 0))`);
    const { rows } = await changeAudited(
      tx,
      { ...head, ...byOperator(operator) },
      async () => ({ scope, name, value: await findLimit(tx, wanted) }),
      () =>
        tx.query<{ changed: boolean }>(
          'SELECT risk.set_limit($1, $2, $3, $4::numeric, $5, $6) AS changed',
          [userNumber, scope, name, value, operator.actor, operator.reason],
        ),
    );
    return rows[0]?.changed === true;
  });
}

async function findLimit(
  tx: Queryable,
  limit: { readonly userNumber: number; readonly scope: string; readonly name: LimitName },
): Promise<string | null> {
  const result = await tx.query<{ value: string }>(
    `SELECT trim_scale(value)::text AS value FROM risk.limits
     WHERE user_number = $1 AND scope = $2 AND name = $3`,
    [limit.userNumber, limit.scope, limit.name],
  );
  return result.rows[0]?.value ?? null;
}

export interface ChangeRow {
  readonly at: Date;
  readonly text: string;
  readonly actor: string;
  readonly reason: string;
}

/** What was changed of a user (0: of everybody's limits), newest first. */
export async function listChanges(
  db: Queryable,
  userNumber: number,
  rowsMax: number,
): Promise<ChangeRow[]> {
  const result = await db.query<ChangeRow>(
    `SELECT * FROM (
       SELECT changed_at AS at, actor, reason, CASE what WHEN 'group'
         THEN 'group ' || coalesce(trade_group::text, 'none')
         ELSE what || CASE WHEN is_on THEN ' on' ELSE ' off' END END AS text
       FROM risk.account_changes WHERE user_number = $1
       UNION ALL
       SELECT changed_at, actor, reason, concat_ws(' ', 'limit', scope, name,
         coalesce(trim_scale(value)::text, 'none'))
       FROM risk.limit_changes WHERE user_number = $1
     ) c ORDER BY at DESC LIMIT $2`,
    [userNumber, rowsMax],
  );
  return result.rows;
}

export async function findTradeGroup(db: Queryable, userNumber: number): Promise<number | null> {
  const result = await db.query<{ group: number | null }>(
    'SELECT trade_group AS "group" FROM risk.effective_accounts WHERE user_number = $1',
    [userNumber],
  );
  return result.rows[0]?.group ?? null;
}
