// How the columns of an order are called in code.

/** The columns of `OrderRow`, for a SELECT on `orders.orders o`. */
export const ORDER_COLUMNS = orderColumns('orders.orders');
/** The same, for a SELECT on `orders.own_orders o`. */
export const OWN_ORDER_COLUMNS = orderColumns('orders.own_orders');

function orderColumns(table: 'orders.orders' | 'orders.own_orders'): string {
  return `
  o.order_number AS "orderNumber", o.user_number AS "userNumber",
  o.client_order_id AS "clientOrderId", o.market, o.side, o.type,
  o.time_in_force AS "timeInForce", o.post_only AS "postOnly",
  o.self_trade_prevention AS "selfTradePrevention", o.price_ticks AS "priceTicks",
  o.quantity_lots AS "quantityLots", o.quote_amount_minor AS "quoteAmountMinor",
  o.expires_at_ms AS "expiresAtMs", o.trigger_type AS "triggerKind",
  o.trigger_price_ticks AS "triggerPriceTicks", o.trail_bps AS "trailBps",
  o.activation_price_ticks AS "activationPriceTicks", o.display_lots AS "displayLots",
  o.peg_to AS "pegTo", o.peg_offset_levels AS "pegOffsetLevels",
  o.peg_limit_ticks AS "pegLimitTicks",
  o.list_number AS "listNumber", o.is_pair AS "isPair",
  o.is_day AS "isDay", o.replaces_number AS "replacesNumber",
  CASE WHEN o.reason = 'ORDER_REPLACED' THEN (SELECT n.order_number FROM ${table} n
    WHERE n.replaces_number = o.order_number AND n.first_sequence = o.last_sequence + 1)
    END AS "replacedBy",
  o.maker_fee_ppm AS "makerFeePpm",
  o.taker_fee_ppm AS "takerFeePpm", o.accepted_at_ms AS "acceptedAtMs",
  o.updated_at_ms AS "updatedAtMs", o.status, o.reason,
  o.last_sequence AS "lastSequence", o.remaining_lots AS "remainingLots",
  o.filled_lots AS "filledLots", o.filled_quote_minor AS "filledQuoteMinor",
  o.amend_number IS NOT NULL AS "amendPending"`;
}
