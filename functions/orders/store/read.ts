// Reads of a user's own orders and fills, as a role that sees no others (`read-own.ts`). Every
// statement is bound to the user as well: what is not yours is not found.
import type { Pool, Tx } from '../../../shared/db/pool.ts';
import type { Side } from '../../../shared/domain/order.ts';
import type { FeeSums, MarketUnits, OrderRow, OrderWithUnits } from '../decide/order-row.ts';
import type { PreventedMatch } from '../decide/prevented.ts';
import { OWN_ORDER_COLUMNS } from './order-columns.ts';
import { readOwn } from './read-own.ts';

type JoinedRow = OrderRow & MarketUnits & { fees: FeeSums | null };

const SELECT_ORDERS = `
  SELECT ${OWN_ORDER_COLUMNS}, m.base, m.quote, b.decimals AS "baseDecimals",
    q.decimals AS "quoteDecimals", trim_scale(m.tick_size)::text AS "tickSize",
    trim_scale(m.lot_size)::text AS "lotSize",
    (SELECT json_object_agg(f.fee_asset, f.fee::text) FROM
      (SELECT fee_asset, sum(fee_minor) AS fee FROM orders.own_fills
        WHERE order_number = o.order_number GROUP BY fee_asset) f) AS fees
  FROM orders.own_orders o
  JOIN reference.markets m ON m.market = o.market
  JOIN reference.assets b ON b.asset = m.base
  JOIN reference.assets q ON q.asset = m.quote`;

export async function findOrder(
  pool: Pool,
  userNumber: number,
  orderNumber: number,
): Promise<OrderWithUnits | null> {
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<JoinedRow>({
      name: 'orders-find',
      text: `${SELECT_ORDERS} WHERE o.order_number = $1 AND o.user_number = $2`,
      values: [orderNumber, userNumber],
    }),
  );
  const row = result.rows[0];
  return row === undefined ? null : toOrder(row);
}

/** The newest order under that name: a name may be used again a day after its order ended. */
export async function findOrderByClientId(
  pool: Pool,
  userNumber: number,
  clientOrderId: string,
): Promise<OrderWithUnits | null> {
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<JoinedRow>({
      name: 'orders-find-client',
      text: `${SELECT_ORDERS}
       WHERE o.user_number = $1 AND o.client_order_id = $2
       ORDER BY o.order_number DESC LIMIT 1`,
      values: [userNumber, clientOrderId],
    }),
  );
  const row = result.rows[0];
  return row === undefined ? null : toOrder(row);
}

/** The user's orders among these, by number. */
export async function findOrders(
  pool: Pool,
  userNumber: number,
  orderNumbers: readonly number[],
): Promise<Map<number, OrderWithUnits>> {
  if (orderNumbers.length === 0) return new Map();
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<JoinedRow>({
      name: 'orders-find-many',
      text: `${SELECT_ORDERS} WHERE o.user_number = $1 AND o.order_number = ANY ($2::bigint[])`,
      values: [userNumber, orderNumbers],
    }),
  );
  return new Map(result.rows.map((row) => [row.orderNumber, toOrder(row)]));
}

/** The user's orders that were placed with these lists, by rising number. */
export async function findOrdersOfLists(
  tx: Tx,
  userNumber: number,
  listNumbers: readonly number[],
): Promise<OrderWithUnits[]> {
  if (listNumbers.length === 0) return [];
  const result = await tx.query<JoinedRow>({
    name: 'orders-find-of-lists',
    text: `${SELECT_ORDERS} WHERE o.user_number = $1 AND o.list_number = ANY ($2::bigint[])
     ORDER BY o.order_number`,
    values: [userNumber, listNumbers],
  });
  return result.rows.map(toOrder);
}

/** The newest order under each name that there is. */
export async function findNumbersByClientIds(
  pool: Pool,
  userNumber: number,
  clientOrderIds: readonly string[],
): Promise<Map<string, number>> {
  if (clientOrderIds.length === 0) return new Map();
  const result = await readOwn(pool, userNumber, (tx) =>
    tx.query<{ clientOrderId: string; orderNumber: number }>({
      name: 'orders-find-client-many',
      text: `SELECT o.client_order_id AS "clientOrderId", max(o.order_number) AS "orderNumber"
       FROM orders.own_orders o
       WHERE o.user_number = $1 AND o.client_order_id = ANY ($2::text[])
       GROUP BY o.client_order_id`,
      values: [userNumber, clientOrderIds],
    }),
  );
  return new Map(result.rows.map((row) => [row.clientOrderId, row.orderNumber]));
}

export interface OrderFilter {
  readonly userNumber: number;
  /** Null: all. */
  readonly markets: readonly string[] | null;
  readonly openOnly: boolean;
  /** Only orders with a lower number; null begins at the newest. */
  readonly before: number | null;
  readonly limit: number;
}

/** Newest first. */
export async function listOrders(pool: Pool, filter: OrderFilter): Promise<OrderWithUnits[]> {
  const result = await readOwn(pool, filter.userNumber, (tx) =>
    tx.query<JoinedRow>(
      `${SELECT_ORDERS}
       WHERE o.user_number = $1 AND o.order_number < $2
         AND ($3::text[] IS NULL OR o.market = ANY ($3))
         ${filter.openOnly ? 'AND o.is_open' : ''}
       ORDER BY o.order_number DESC LIMIT $4`,
      [filter.userNumber, filter.before ?? Number.MAX_SAFE_INTEGER, filter.markets, filter.limit],
    ),
  );
  return result.rows.map(toOrder);
}

export interface FillRow {
  readonly fillNumber: number;
  readonly orderNumber: number;
  readonly market: string;
  readonly sequence: number;
  readonly side: Side;
  readonly liquidity: 'maker' | 'taker';
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteMinor: string;
  readonly feeAsset: string;
  readonly feeMinor: string;
  readonly tradedAtMs: number;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly quoteDecimals: number;
  readonly feeDecimals: number;
}

export interface FillFilter {
  readonly userNumber: number;
  /** Null: all. */
  readonly markets: readonly string[] | null;
  readonly orderNumber: number | null;
  readonly before: number | null;
  readonly limit: number;
}

/** Newest first, by the number that the projection gave them. */
export async function listFills(pool: Pool, filter: FillFilter): Promise<FillRow[]> {
  const result = await readOwn(pool, filter.userNumber, (tx) =>
    tx.query<FillRow>(
      `SELECT f.fill_number AS "fillNumber", f.order_number AS "orderNumber", f.market, f.sequence,
         f.side, f.liquidity, f.price_ticks AS "priceTicks", f.quantity_lots AS "quantityLots",
         f.quote_minor AS "quoteMinor", f.fee_asset AS "feeAsset", f.fee_minor AS "feeMinor",
         f.traded_at_ms AS "tradedAtMs", trim_scale(m.tick_size)::text AS "tickSize",
         trim_scale(m.lot_size)::text AS "lotSize", q.decimals AS "quoteDecimals",
         a.decimals AS "feeDecimals"
       FROM orders.own_fills f
       JOIN reference.markets m ON m.market = f.market
       JOIN reference.assets q ON q.asset = m.quote
       JOIN reference.assets a ON a.asset = f.fee_asset
       WHERE f.user_number = $1 AND f.fill_number < $2
         AND ($3::text[] IS NULL OR f.market = ANY ($3))
         AND ($4::bigint IS NULL OR f.order_number = $4)
       ORDER BY f.fill_number DESC LIMIT $5`,
      [
        filter.userNumber,
        filter.before ?? Number.MAX_SAFE_INTEGER,
        filter.markets,
        filter.orderNumber,
        filter.limit,
      ],
    ),
  );
  return result.rows;
}

export interface PreventedRow extends PreventedMatch {
  readonly matchNumber: number;
  readonly tickSize: string;
  readonly lotSize: string;
}

/** Newest first, by the number that the projection gave them. */
export async function listPrevented(pool: Pool, filter: FillFilter): Promise<PreventedRow[]> {
  const result = await readOwn(pool, filter.userNumber, (tx) =>
    tx.query<PreventedRow>(
      `SELECT p.match_number AS "matchNumber", p.user_number AS "userNumber", p.market, p.sequence,
         p.price_ticks AS "priceTicks", p.mode, p.taker_side AS "takerSide",
         p.taker_order_number AS "takerOrderNumber", p.taker_lots AS "takerLots",
         p.maker_order_number AS "makerOrderNumber", p.maker_lots AS "makerLots",
         p.prevented_at_ms AS "preventedAtMs", trim_scale(m.tick_size)::text AS "tickSize",
         trim_scale(m.lot_size)::text AS "lotSize"
       FROM orders.own_prevented_matches p
       JOIN reference.markets m ON m.market = p.market
       WHERE p.user_number = $1 AND p.match_number < $2
         AND ($3::text[] IS NULL OR p.market = ANY ($3))
         AND ($4::bigint IS NULL OR p.taker_order_number = $4 OR p.maker_order_number = $4)
       ORDER BY p.match_number DESC LIMIT $5`,
      [
        filter.userNumber,
        filter.before ?? Number.MAX_SAFE_INTEGER,
        filter.markets,
        filter.orderNumber,
        filter.limit,
      ],
    ),
  );
  return result.rows;
}

function toOrder(row: JoinedRow): OrderWithUnits {
  const { base, quote, baseDecimals, quoteDecimals, tickSize, lotSize, fees, ...order } = row;
  return {
    order,
    units: { base, quote, baseDecimals, quoteDecimals, tickSize, lotSize },
    fees: fees ?? {},
    decimals: { [base]: baseDecimals, [quote]: quoteDecimals },
  };
}
