// The statement that writes what an accept transaction has placed: orders, the names of their
// requests, and what counts into the use of their owners.
import type { Tx } from '../../../shared/db/pool.ts';
import { ORDER_WINDOW_MS } from '../../../shared/domain/order-window.ts';
import type { PlaceCommand } from '../../../shared/events/commands.ts';
import type { KnownKey } from '../decide/accept-context.ts';
import { pegColumns, triggerColumns, type AcceptedOrder } from '../decide/place.ts';
import type { UserMarket } from '../decide/touched.ts';

/** The stored window is that of what is written, or the next one. */
const IS_WINDOW_OF_NOW = `c.window_start_ms BETWEEN excluded.window_start_ms
         AND excluded.window_start_ms + ${ORDER_WINDOW_MS}`;

export interface NewKey extends KnownKey {
  readonly timeMs: number;
}

export interface NewOrder {
  readonly command: PlaceCommand;
  readonly market: string;
  readonly clientOrderId: string | null;
  readonly quoteAmountMinor: string | null;
  readonly outboxId: number;
  readonly notionalMinor: bigint;
  readonly isDay: boolean;
  /** Null for an order of its own. */
  readonly list: AcceptedOrder['list'] | null;
}

/** An amend as it counts into the use of its owner. */
export interface CountedAmend extends UserMarket {
  /** What it adds to the turnover of its day. */
  readonly notionalMinor: bigint;
  readonly timeMs: number;
}

/**
 * Inserts orders with their request keys, and counts them as open, into the day's turnover and into
 * their window, the last two with amends: one statement for the batch, so that counts are locked in
 * one order. Which window counts is what `orderWindowAt` says.
 */
export async function insertOrders(
  tx: Tx,
  orders: readonly NewOrder[],
  keys: readonly NewKey[],
  amends: readonly CountedAmend[],
): Promise<void> {
  if (orders.length === 0 && amends.length === 0) return;
  const rows = orders.map(toRow);
  const uses = [
    ...orders.map(({ command, market, notionalMinor }) =>
      toUse({ userNumber: command.userNumber, market, notionalMinor, timeMs: command.timeMs }, 1),
    ),
    ...amends.map((each) => toUse(each, 0)),
  ];
  await tx.query({
    name: 'orders-insert',
    text: `WITH placed AS (
       INSERT INTO orders.orders (order_number, user_number, client_order_id, market, side, type,
         time_in_force, post_only, self_trade_prevention, price_ticks, quantity_lots,
         quote_amount_minor, expires_at_ms, maker_fee_ppm, taker_fee_ppm, hold_minor,
         accepted_at_ms, updated_at_ms, outbox_id, remaining_lots, trigger_type,
         trigger_price_ticks, trail_bps, activation_price_ticks, display_lots, peg_to,
         peg_offset_levels, peg_limit_ticks, list_number, is_pair, is_pending, is_day,
         replaces_number)
       SELECT number, "userNumber", "clientOrderId", market, side, type, "timeInForce", "postOnly",
         "selfTradePrevention", "priceTicks", "quantityLots", "quoteAmountMinor", "expiresAtMs",
         "makerFeePpm", "takerFeePpm", "holdMinor", "timeMs", "timeMs", "outboxId",
         "quantityLots", "triggerKind", "triggerPriceTicks", "trailBps", "activationPriceTicks",
         "displayLots", "pegTo", "pegOffsetLevels", "pegLimitTicks", "listNumber", "isPair",
         "isPending", "isDay", "replacesNumber"
       FROM json_to_recordset($1::json) AS r (number bigint, "userNumber" bigint,
         "clientOrderId" text, market text, side text, type text, "timeInForce" text,
         "postOnly" boolean, "selfTradePrevention" text, "priceTicks" bigint,
         "quantityLots" bigint, "quoteAmountMinor" numeric, "expiresAtMs" bigint,
         "makerFeePpm" integer, "takerFeePpm" integer, "holdMinor" numeric, "timeMs" bigint,
         "outboxId" bigint, "triggerKind" text, "triggerPriceTicks" bigint, "trailBps" integer,
         "activationPriceTicks" bigint, "displayLots" bigint, "pegTo" text,
         "pegOffsetLevels" integer, "pegLimitTicks" bigint, "listNumber" bigint, "isPair" boolean,
         "isPending" boolean, "isDay" boolean,
         "replacesNumber" bigint)
     ), keyed AS (
       INSERT INTO orders.request_keys
         (user_number, kind, key, request_hash, order_number, created_at_ms)
       SELECT "userNumber", kind, key, decode("requestHash", 'hex'), "orderNumber", "timeMs"
       FROM json_to_recordset($2::json) AS k ("userNumber" bigint, kind text, key text,
         "requestHash" text, "orderNumber" bigint, "timeMs" bigint)
     )
     INSERT INTO orders.open_counts AS c
       (user_number, market, open_orders, turnover_day, turnover_minor, window_start_ms,
         window_orders)
     SELECT "userNumber", market, sum(orders),
       (to_timestamp(max("timeMs") / 1000.0) AT TIME ZONE 'UTC')::date, sum("notionalMinor"),
       max("timeMs") - max("timeMs") % ${ORDER_WINDOW_MS}, count(*)
     FROM json_to_recordset($3::json) AS u ("userNumber" bigint, market text, orders integer,
       "notionalMinor" numeric, "timeMs" bigint)
     GROUP BY "userNumber", market ORDER BY "userNumber", market
     ON CONFLICT (user_number, market) DO UPDATE SET
       open_orders = c.open_orders + excluded.open_orders,
       turnover_day = excluded.turnover_day,
       turnover_minor = excluded.turnover_minor + CASE
         WHEN c.turnover_day = excluded.turnover_day THEN c.turnover_minor ELSE 0 END,
       window_start_ms = CASE WHEN ${IS_WINDOW_OF_NOW}
         THEN c.window_start_ms ELSE excluded.window_start_ms END,
       window_orders = excluded.window_orders + CASE WHEN ${IS_WINDOW_OF_NOW}
         THEN c.window_orders ELSE 0 END`,
    values: [JSON.stringify(rows), JSON.stringify(keys), JSON.stringify(uses)],
  });
}

/**
 * Field by field: an object of so many fields that is spread together becomes a hash table, which
 * took 9 kB an order, straight into the old generation of the heap.
 */
function toRow(order: NewOrder): object {
  const { command, list } = order;
  const trigger = triggerColumns(command.trigger ?? null);
  const peg = pegColumns(command.peg ?? null, command.priceTicks);
  return {
    number: command.number,
    userNumber: command.userNumber,
    clientOrderId: order.clientOrderId,
    market: order.market,
    side: command.side,
    type: command.type,
    timeInForce: command.timeInForce,
    postOnly: command.postOnly,
    selfTradePrevention: command.selfTradePrevention,
    priceTicks: command.priceTicks,
    quantityLots: command.quantityLots,
    quoteAmountMinor: order.quoteAmountMinor,
    expiresAtMs: command.expiresAtMs,
    makerFeePpm: command.makerFeePpm,
    takerFeePpm: command.takerFeePpm,
    holdMinor: command.holdMinor,
    timeMs: command.timeMs,
    outboxId: order.outboxId,
    triggerKind: trigger.triggerKind,
    triggerPriceTicks: trigger.triggerPriceTicks,
    trailBps: trigger.trailBps,
    activationPriceTicks: trigger.activationPriceTicks,
    displayLots: command.displayLots ?? null,
    pegTo: peg.pegTo,
    pegOffsetLevels: peg.pegOffsetLevels,
    pegLimitTicks: peg.pegLimitTicks,
    listNumber: list?.listNumber ?? null,
    isPair: list?.isPair ?? false,
    isPending: list?.isPending ?? false,
    isDay: order.isDay,
    replacesNumber: command.replaces?.orderNumber ?? null,
  };
}

function toUse({ notionalMinor, ...each }: CountedAmend, orders: number): object {
  return { ...each, orders, notionalMinor: notionalMinor.toString() };
}
