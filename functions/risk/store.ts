// The SQL of the schema risk: what a user is shown, and what an operator sets.
import type { Pool, Queryable } from '../../shared/db/pool.ts';
import { withTransaction } from '../../shared/db/pool.ts';
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
     LEFT JOIN risk.accounts a USING (user_number)
     LEFT JOIN risk.account_changes c USING (user_number)
     GROUP BY a.user_number`,
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

/** The user's own limits and everybody's. */
export async function listLimits(db: Queryable, userNumber: number): Promise<Limit[]> {
  const result = await db.query<Limit>(
    `SELECT user_number AS "userNumber", scope, name, trim_scale(value)::text AS value
     FROM risk.limits WHERE user_number IN (0, $1::bigint) ORDER BY user_number, scope, name`,
    [userNumber],
  );
  return result.rows;
}

export async function listUses(
  db: Queryable,
  userNumber: number,
  markets: readonly string[],
): Promise<MarketUse[]> {
  const result = await db.query<MarketUse>(
    `SELECT u.market, u.open_orders AS "openOrders", u.waiting_orders AS "waitingOrders",
       u.open_tick_lots AS "openTickLots", u.open_quote_minor AS "openQuoteMinor",
       u.turnover_day::text AS "turnoverDay", u.turnover_minor AS "turnoverMinor",
       u.window_start_ms AS "windowStartMs", u.window_orders AS "windowOrders"
     FROM risk.uses_of(array_fill($1::bigint, ARRAY[cardinality($2::text[])]), $2::text[]) u`,
    [userNumber, markets],
  );
  return result.rows;
}

export async function listPositions(
  db: Queryable,
  userNumber: number,
  assets: readonly string[],
): Promise<PositionUse[]> {
  const result = await db.query<PositionUse>(
    `SELECT p.asset, p.total_minor AS "totalMinor", p.open_buys_minor AS "openBuysMinor"
     FROM risk.positions_of(array_fill($1::bigint, ARRAY[cardinality($2::text[])]), $2::text[]) p`,
    [userNumber, assets],
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
        const result = await tx.query<{ changed: boolean }>(
          'SELECT risk.set_flag($1, $2, $3, $4, $5) AS changed',
          [wanted.userNumber, wanted.flag, wanted.on, operator.actor, operator.reason],
        );
        return result.rows[0]?.changed === true;
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
  const result = await pool.query<{ changed: boolean }>(
    'SELECT risk.set_trade_group($1, $2, $3, $4) AS changed',
    [wanted.userNumber, wanted.group, operator.actor, operator.reason],
  );
  return result.rows[0]?.changed === true;
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
  const result = await pool.query<{ changed: boolean }>(
    'SELECT risk.set_limit($1, $2, $3, $4::numeric, $5, $6) AS changed',
    [wanted.userNumber, wanted.scope, wanted.name, wanted.value, operator.actor, operator.reason],
  );
  return result.rows[0]?.changed === true;
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
    'SELECT trade_group AS "group" FROM risk.accounts WHERE user_number = $1',
    [userNumber],
  );
  return result.rows[0]?.group ?? null;
}
