-- Own orders, trades, prevented matches and lists, newest first (0216 says why the order is in the
-- views).
SET LOCAL ROLE bourse_orders_owner;

CREATE VIEW orders.own_orders WITH (security_barrier) AS
  SELECT o.order_number, o.user_number, o.client_order_id, o.market, o.side, o.type,
    o.time_in_force, o.post_only, o.self_trade_prevention, o.price_ticks, o.quantity_lots,
    o.quote_amount_minor, o.expires_at_ms, o.trigger_type, o.trigger_price_ticks, o.trail_bps,
    o.activation_price_ticks, o.display_lots, o.peg_to, o.peg_offset_levels, o.peg_limit_ticks,
    o.list_number, o.is_pair, o.is_day, o.replaces_number, o.maker_fee_ppm, o.taker_fee_ppm,
    o.accepted_at_ms, o.updated_at_ms, o.status, o.reason, o.first_sequence, o.last_sequence,
    o.remaining_lots, o.filled_lots, o.filled_quote_minor, o.amend_number, o.is_open
  FROM orders.orders o WHERE o.user_number = (SELECT reference.owner_number())
  ORDER BY o.order_number DESC;

CREATE VIEW orders.own_fills WITH (security_barrier) AS
  SELECT f.fill_number, f.order_number, f.user_number, f.market, f.sequence, f.side, f.liquidity,
    f.price_ticks, f.quantity_lots, f.quote_minor, f.fee_asset, f.fee_minor, f.traded_at_ms
  FROM orders.fills f WHERE f.user_number = (SELECT reference.owner_number())
  ORDER BY f.fill_number DESC;

CREATE VIEW orders.own_prevented_matches WITH (security_barrier) AS
  SELECT p.match_number, p.user_number, p.market, p.sequence, p.price_ticks, p.mode, p.taker_side,
    p.taker_order_number, p.taker_lots, p.maker_order_number, p.maker_lots, p.prevented_at_ms
  FROM orders.prevented_matches p WHERE p.user_number = (SELECT reference.owner_number())
  ORDER BY p.match_number DESC;

CREATE VIEW orders.own_order_lists WITH (security_barrier) AS
  SELECT l.list_number, l.user_number, l.client_list_id, l.kind, l.market, l.accepted_at_ms
  FROM orders.order_lists l WHERE l.user_number = (SELECT reference.owner_number())
  ORDER BY l.list_number DESC;

GRANT USAGE ON SCHEMA orders TO bourse_orders_own;
GRANT SELECT ON orders.own_orders, orders.own_fills, orders.own_prevented_matches,
  orders.own_order_lists TO bourse_orders_own;
-- Written by the function as before, and read for their owners alone. The projection goes on reading
-- what it has just written of fills and prevented matches.
REVOKE SELECT ON orders.order_lists FROM bourse_orders;

RESET ROLE;
