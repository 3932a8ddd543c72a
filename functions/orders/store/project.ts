// Writes what the engine did into the orders and fills tables. Repeats change nothing: a fill is
// inserted once, sums grow only by inserted fills, and state follows the highest sequence seen. The
// first fill of an order takes it off the window in which it was accepted, if that is counted yet.
import { crashPoint } from '../../../shared/config/crash-point.ts';
import { withDecidedTransaction, type Pool, type Tx } from '../../../shared/db/pool.ts';
import { ORDER_WINDOW_MS } from '../../../shared/domain/order-window.ts';
import type { PreventedMatch } from '../decide/prevented.ts';
import type { OrderUpdate, Projection } from '../decide/project.ts';

/**
 * Saves one batch. Answers the order numbers that are unknown here: their events are of another
 * database, and the caller says so in the log.
 */
export async function saveProjection(pool: Pool, projection: Projection): Promise<number[]> {
  if (projection.updates.length === 0) return [];
  const numbers = projection.updates.map((update) => update.orderNumber);
  const known = await withDecidedTransaction(pool, {
    open: (tx) => lockProjected(tx, numbers),
    decide: (_tx, locked) => {
      crashPoint('orders.project.before-commit');
      return locked;
    },
    write: (tx, locked) => [
      writeProjection(tx, projection, locked),
      insertPrevented(tx, projection.prevented, locked),
    ],
  });
  return numbers.filter((number) => !known.has(number));
}

interface Known {
  readonly isOpen: boolean;
}

/** Rows first and in order: two batches that touch the same orders wait instead of deadlocking. */
async function lockProjected(tx: Tx, numbers: readonly number[]): Promise<Map<number, Known>> {
  const locked = await tx.query<{ orderNumber: number; isOpen: boolean }>({
    name: 'orders-project-lock',
    text: `SELECT order_number AS "orderNumber", is_open AS "isOpen"
     FROM orders.orders WHERE order_number = ANY ($1::bigint[])
     ORDER BY order_number FOR NO KEY UPDATE`,
    values: [numbers],
  });
  return new Map(locked.rows.map((row) => [row.orderNumber, row]));
}

async function writeProjection(
  tx: Tx,
  projection: Projection,
  known: ReadonlyMap<number, Known>,
): Promise<void> {
  const updates = projection.updates.flatMap((update) => {
    const order = known.get(update.orderNumber);
    return order === undefined ? [] : [toRow(update, order)];
  });
  await tx.query({
    name: 'orders-project',
    text: `WITH inserted AS (
       INSERT INTO orders.fills (order_number, user_number, market, sequence, side, liquidity,
         price_ticks, quantity_lots, quote_minor, fee_asset, fee_minor, traded_at_ms)
       SELECT "orderNumber", "userNumber", market, sequence, side, liquidity, "priceTicks",
         "quantityLots", "quoteMinor", "feeAsset", "feeMinor", "tradedAtMs"
       FROM json_to_recordset($1::json) AS f ("orderNumber" bigint, "userNumber" bigint,
         market text, sequence bigint, side text, liquidity text, "priceTicks" bigint,
         "quantityLots" bigint, "quoteMinor" numeric, "feeAsset" text, "feeMinor" numeric,
         "tradedAtMs" bigint)
       ORDER BY market, sequence, liquidity
       ON CONFLICT ON CONSTRAINT fills_once DO NOTHING
       RETURNING order_number, quantity_lots, quote_minor
     ), filled AS (
       SELECT order_number, sum(quantity_lots)::bigint AS lots, sum(quote_minor) AS quote
       FROM inserted GROUP BY order_number
     ), updated AS (
       SELECT u.*, coalesce(f.lots, 0) AS lots, coalesce(f.quote, 0) AS quote
       FROM json_to_recordset($2::json) AS u ("orderNumber" bigint, "lastSequence" bigint,
         "firstSequence" bigint, "remainingLots" bigint, "timeMs" bigint, "endStatus" text,
         "endReason" text, "amendSequence" bigint, "priceTicks" bigint, "quantityLots" bigint,
         "answeredAmends" jsonb, "wasOpen" boolean, "isUntriggered" boolean)
       LEFT JOIN filled f ON f.order_number = u."orderNumber"
     ), changed AS (
       UPDATE orders.orders o SET
         first_sequence = least(o.first_sequence, u."firstSequence"),
         last_sequence = greatest(o.last_sequence, u."lastSequence"),
         remaining_lots = CASE WHEN u."lastSequence" > o.last_sequence
           THEN coalesce(u."remainingLots", o.remaining_lots) ELSE o.remaining_lots END,
         updated_at_ms = greatest(o.updated_at_ms, u."timeMs"),
         filled_lots = o.filled_lots + u.lots,
         filled_quote_minor = o.filled_quote_minor + u.quote,
         price_ticks = CASE WHEN u."amendSequence" > o.amend_sequence
           THEN u."priceTicks" ELSE o.price_ticks END,
         quantity_lots = CASE WHEN u."amendSequence" > o.amend_sequence
           THEN coalesce(u."quantityLots", o.quantity_lots) ELSE o.quantity_lots END,
         amend_sequence = greatest(o.amend_sequence, u."amendSequence"),
         amend_number = CASE WHEN u."answeredAmends" @> to_jsonb(o.amend_number)
           THEN NULL ELSE o.amend_number END,
         reason = coalesce(u."endReason", o.reason),
         status = CASE
           WHEN u."endStatus" IS NOT NULL THEN u."endStatus"
           WHEN NOT o.is_open THEN o.status
           WHEN o.filled_lots + u.lots > 0 THEN 'partially_filled'
           WHEN u."lastSequence" <= o.last_sequence THEN o.status
           WHEN u."isUntriggered" THEN 'untriggered'
           ELSE 'open' END
       FROM updated u WHERE o.order_number = u."orderNumber"
       RETURNING o.user_number, o.market, u."wasOpen" AND NOT o.is_open AS is_end,
         u.lots > 0 AND o.filled_lots = u.lots AS is_first_fill,
         o.accepted_at_ms - o.accepted_at_ms % ${ORDER_WINDOW_MS} AS window_start_ms
     ), less AS (
       SELECT c.user_number, c.market, count(*) FILTER (WHERE c.is_end)::integer AS ended,
         array_agg(c.window_start_ms) FILTER (WHERE c.is_first_fill) AS filled
       FROM changed c
       WHERE c.is_end OR c.is_first_fill
       GROUP BY c.user_number, c.market
     ), locked AS (
       SELECT c.user_number, c.market, e.ended, e.filled FROM less e
       JOIN orders.open_counts c USING (user_number, market)
       WHERE e.ended > 0 OR c.window_start_ms = ANY (e.filled)
       ORDER BY c.user_number, c.market FOR UPDATE OF c
     )
     UPDATE orders.open_counts c SET open_orders = c.open_orders - l.ended,
       window_orders = greatest(0, c.window_orders
         - coalesce(cardinality(array_positions(l.filled, c.window_start_ms)), 0))
     FROM locked l WHERE c.user_number = l.user_number AND c.market = l.market`,
    values: [
      JSON.stringify(projection.fills.filter((fill) => known.has(fill.orderNumber))),
      JSON.stringify(updates),
    ],
  });
}

/** Field by field, as in insert-orders.ts. */
function toRow(update: OrderUpdate, { isOpen }: Known): object {
  const { end, amend } = update;
  return {
    orderNumber: update.orderNumber,
    firstSequence: update.firstSequence,
    lastSequence: update.lastSequence,
    remainingLots: update.remainingLots,
    isUntriggered: update.isUntriggered,
    timeMs: update.timeMs,
    wasOpen: isOpen,
    endStatus: end?.status ?? null,
    endReason: end?.reason ?? null,
    amendSequence: amend?.sequence ?? 0,
    priceTicks: amend?.priceTicks ?? null,
    quantityLots: amend?.quantityLots ?? null,
    answeredAmends: update.answeredAmends,
  };
}

/** Rows of orders that are known here; each once, by market, sequence and user. */
async function insertPrevented(
  tx: Tx,
  matches: readonly PreventedMatch[],
  known: ReadonlyMap<number, Known>,
): Promise<void> {
  const rows = matches.filter(
    ({ takerOrderNumber: taker, makerOrderNumber: maker }) =>
      (taker !== null && known.has(taker)) || (maker !== null && known.has(maker)),
  );
  if (rows.length === 0) return;
  await tx.query({
    name: 'orders-project-prevented',
    text: `INSERT INTO orders.prevented_matches (user_number, market, sequence, price_ticks, mode,
       taker_side, taker_order_number, taker_lots, maker_order_number, maker_lots, prevented_at_ms)
     SELECT "userNumber", market, sequence, "priceTicks", mode, "takerSide", "takerOrderNumber",
       "takerLots", "makerOrderNumber", "makerLots", "preventedAtMs"
     FROM json_to_recordset($1::json) AS p ("userNumber" bigint, market text, sequence bigint,
       "priceTicks" bigint, mode text, "takerSide" text, "takerOrderNumber" bigint,
       "takerLots" bigint, "makerOrderNumber" bigint, "makerLots" bigint, "preventedAtMs" bigint)
     ORDER BY market, sequence, "userNumber"
     ON CONFLICT ON CONSTRAINT prevented_matches_once DO NOTHING`,
    values: [JSON.stringify(rows)],
  });
}
