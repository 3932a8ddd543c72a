-- Icebergs, trailing stops, day orders, orders that take the place of others, and matches that
-- self-trade prevention kept from being trades.
SET LOCAL ROLE bourse_orders;

ALTER TABLE orders.orders
  -- What an iceberg shows at a time; null for any other order.
  ADD COLUMN display_lots bigint CONSTRAINT orders_display_positive CHECK (display_lots > 0),
  -- The engine knows no DAY: time_in_force is what it was told, GTD, and expires_at_ms the midnight.
  ADD COLUMN is_day boolean NOT NULL DEFAULT false,
  ADD COLUMN trail_bps integer,
  ADD COLUMN activation_price_ticks bigint,
  -- The order whose place this one was to take; the engine says whether it did.
  ADD COLUMN replaces_number bigint,
  -- Sequence of the first event of the order. An order that was replaced ended right before the
  -- first event of the one that took its place: so they are paired, whatever else wanted the place.
  ADD COLUMN first_sequence bigint,
  DROP CONSTRAINT orders_trigger_known,
  ADD CONSTRAINT orders_trigger_known
    CHECK (trigger_type IN ('stop_loss', 'take_profit', 'trailing_stop')),
  DROP CONSTRAINT orders_trigger_whole,
  ADD CONSTRAINT orders_trigger_whole CHECK (
    coalesce(trigger_type IN ('stop_loss', 'take_profit'), false)
      = (trigger_price_ticks IS NOT NULL)
    AND coalesce(trigger_type = 'trailing_stop', false) = (trail_bps IS NOT NULL)
    AND (activation_price_ticks IS NULL OR trail_bps IS NOT NULL)),
  ADD CONSTRAINT orders_day_is_gtd CHECK (NOT is_day OR time_in_force = 'GTD');

CREATE INDEX orders_by_replaced ON orders.orders (replaces_number)
  WHERE replaces_number IS NOT NULL;

-- One row for each user of a match: nobody reads of an order that is not his own. Of two orders of
-- one user both stand in one row; of two users of one trade group each has a row with his own.
CREATE TABLE orders.prevented_matches (
  match_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_number bigint NOT NULL,
  market text NOT NULL,
  sequence bigint NOT NULL,
  price_ticks bigint NOT NULL,
  -- The taker's, which decided.
  mode text NOT NULL,
  taker_side text NOT NULL
    CONSTRAINT prevented_matches_side_known CHECK (taker_side IN ('buy', 'sell')),
  taker_order_number bigint,
  taker_lots bigint,
  maker_order_number bigint,
  maker_lots bigint,
  prevented_at_ms bigint NOT NULL,
  CONSTRAINT prevented_matches_once UNIQUE (market, sequence, user_number),
  CONSTRAINT prevented_matches_taker_whole
    CHECK ((taker_order_number IS NULL) = (taker_lots IS NULL)),
  CONSTRAINT prevented_matches_maker_whole
    CHECK ((maker_order_number IS NULL) = (maker_lots IS NULL)),
  CONSTRAINT prevented_matches_of_somebody
    CHECK (taker_order_number IS NOT NULL OR maker_order_number IS NOT NULL)
);
CREATE INDEX prevented_matches_by_user
  ON orders.prevented_matches (user_number, match_number DESC);

RESET ROLE;
