-- Order lists, of which one order decides about another, and pegged orders, which take their price
-- from the book.
SET LOCAL ROLE bourse_orders;

-- Its number is that of its command, the greatest of the list; its state is that of its orders.
CREATE TABLE orders.order_lists (
  list_number bigint PRIMARY KEY,
  user_number bigint NOT NULL,
  market text NOT NULL,
  kind text NOT NULL CONSTRAINT order_lists_kind_known CHECK (kind IN ('oco', 'oto', 'otoco')),
  client_list_id text,
  accepted_at_ms bigint NOT NULL
);
CREATE INDEX order_lists_by_user ON orders.order_lists (user_number, list_number DESC);

ALTER TABLE orders.orders
  ADD COLUMN list_number bigint,
  -- One of two that share one hold, which is the list's: hold_minor is what it alone would lock.
  ADD COLUMN is_pair boolean NOT NULL DEFAULT false,
  -- It waits for the working order of its list, before it waits for anything else.
  ADD COLUMN is_pending boolean NOT NULL DEFAULT false,
  ADD COLUMN peg_to text CONSTRAINT orders_peg_known CHECK (peg_to IN ('same', 'opposite')),
  ADD COLUMN peg_offset_levels integer,
  -- The worst price that it may take, as it was placed: price_ticks is the one that it has taken,
  -- once it has.
  ADD COLUMN peg_limit_ticks bigint,
  ADD CONSTRAINT orders_of_list_only
    CHECK (list_number IS NOT NULL OR NOT (is_pair OR is_pending)),
  ADD CONSTRAINT orders_peg_whole CHECK (
    (peg_to IS NULL) = (peg_offset_levels IS NULL)
    AND (peg_to IS NULL) = (peg_limit_ticks IS NULL));

CREATE INDEX orders_by_list ON orders.orders (list_number) WHERE list_number IS NOT NULL;

-- The key of a list names its number where that of an order names the order.
ALTER TABLE orders.request_keys
  DROP CONSTRAINT request_keys_kind_known,
  ADD CONSTRAINT request_keys_kind_known
    CHECK (kind IN ('client', 'header', 'list_client', 'list_header'));

-- What is pending waits like an order with a trigger.
CREATE OR REPLACE VIEW orders.open_lots AS
  SELECT user_number, market, side,
    (trigger_type IS NOT NULL OR is_pending) AND status IN ('accepted', 'untriggered')
      AS is_waiting,
    price_ticks, remaining_lots, quote_amount_minor - filled_quote_minor AS quote_left_minor
  FROM orders.orders WHERE is_open;

RESET ROLE;
