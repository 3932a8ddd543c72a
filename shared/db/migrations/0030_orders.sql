-- What the orders function owns: accepted orders, their projected state, request keys, own fills,
-- and the outbox of the command log.
SET ROLE bourse_orders;

-- Names every command for ever; an order has the number of the command that placed it.
CREATE SEQUENCE orders.command_number AS bigint;

CREATE TABLE orders.orders (
  order_number bigint PRIMARY KEY,
  user_number bigint NOT NULL,
  client_order_id text,
  market text NOT NULL,
  side text NOT NULL,
  type text NOT NULL,
  time_in_force text NOT NULL,
  post_only boolean NOT NULL,
  self_trade_prevention text NOT NULL,
  -- The limit price; for a market order the worst price that its hold covers.
  price_ticks bigint NOT NULL,
  -- Total quantity; for an order sized by quote amount the most lots that its hold covers.
  quantity_lots bigint NOT NULL,
  quote_amount_minor numeric(38, 0),
  expires_at_ms bigint,
  maker_fee_ppm integer NOT NULL,
  taker_fee_ppm integer NOT NULL,
  hold_minor numeric(38, 0) NOT NULL,
  accepted_at_ms bigint NOT NULL,
  outbox_id bigint NOT NULL,
  -- Projected from engine.executions, by the highest sequence seen.
  status text NOT NULL DEFAULT 'accepted' CONSTRAINT orders_status_known CHECK (status IN
    ('accepted', 'open', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected')),
  reason text,
  last_sequence bigint NOT NULL DEFAULT 0,
  remaining_lots bigint NOT NULL,
  filled_lots bigint NOT NULL DEFAULT 0,
  filled_quote_minor numeric(38, 0) NOT NULL DEFAULT 0,
  amend_sequence bigint NOT NULL DEFAULT 0,
  -- The command number of an amend that the engine has not answered yet.
  amend_number bigint,
  updated_at_ms bigint NOT NULL,
  -- No constraint ties filled_lots to quantity_lots: a fill made after a growing amend may be
  -- projected before the amend itself. The audit checks it (M6).
  CONSTRAINT orders_remaining_not_negative CHECK (remaining_lots >= 0)
) WITH (fillfactor = 80);

CREATE INDEX orders_by_user ON orders.orders (user_number, order_number DESC);
CREATE INDEX orders_by_client_id ON orders.orders (user_number, client_order_id, order_number DESC)
  WHERE client_order_id IS NOT NULL;
CREATE INDEX orders_open_by_user ON orders.orders (user_number, order_number DESC)
  WHERE status IN ('accepted', 'open', 'partially_filled');

-- A client's own names for requests: the same key and request is answered as the first time.
CREATE TABLE orders.request_keys (
  user_number bigint NOT NULL,
  kind text NOT NULL CONSTRAINT request_keys_kind_known CHECK (kind IN ('client', 'header')),
  key text NOT NULL,
  request_hash bytea NOT NULL,
  order_number bigint NOT NULL,
  created_at_ms bigint NOT NULL,
  CONSTRAINT request_keys_pkey PRIMARY KEY (user_number, kind, key)
);
CREATE INDEX request_keys_by_age ON orders.request_keys (created_at_ms);

-- How many orders a user has open in a market: a limit that is checked on every order.
CREATE TABLE orders.open_counts (
  user_number bigint NOT NULL,
  market text NOT NULL,
  open_orders integer NOT NULL CONSTRAINT open_counts_not_negative CHECK (open_orders >= 0),
  PRIMARY KEY (user_number, market)
) WITH (fillfactor = 50);

-- One row per side of a trade, for its owner.
CREATE TABLE orders.fills (
  fill_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_number bigint NOT NULL,
  user_number bigint NOT NULL,
  market text NOT NULL,
  sequence bigint NOT NULL,
  side text NOT NULL,
  liquidity text NOT NULL CONSTRAINT fills_liquidity_known CHECK (liquidity IN ('maker', 'taker')),
  price_ticks bigint NOT NULL,
  quantity_lots bigint NOT NULL,
  quote_minor numeric(38, 0) NOT NULL,
  fee_asset text NOT NULL,
  fee_minor numeric(38, 0) NOT NULL,
  traded_at_ms bigint NOT NULL,
  CONSTRAINT fills_once UNIQUE (order_number, sequence, liquidity)
);
CREATE INDEX fills_by_user ON orders.fills (user_number, fill_number DESC);

CREATE TABLE orders.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition integer NOT NULL,
  key text,
  headers jsonb NOT NULL,
  value text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Whoever else writes commands draws their numbers here, so that no two commands share one.
CREATE FUNCTION orders.next_command_number() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT nextval('orders.command_number') $$;
REVOKE ALL ON FUNCTION orders.next_command_number() FROM PUBLIC;
GRANT USAGE ON SCHEMA orders TO bourse_reference;
GRANT EXECUTE ON FUNCTION orders.next_command_number() TO bourse_reference;

RESET ROLE;
