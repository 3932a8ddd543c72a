-- Orders that wait for a trigger price, and one place that says which orders are open.
SET LOCAL ROLE bourse_orders;

-- While is_open stays as it is, an update touches no column of an index, and its new row can stay
-- on the page of the old one (HOT) if there is room: with the status itself in the predicate of an
-- index, none could. An order is updated about as often as it is inserted, hence half a page.
ALTER TABLE orders.orders SET (fillfactor = 50);

ALTER TABLE orders.orders
  ADD COLUMN trigger_type text CONSTRAINT orders_trigger_known
    CHECK (trigger_type IN ('stop_loss', 'take_profit')),
  ADD COLUMN trigger_price_ticks bigint,
  ADD CONSTRAINT orders_trigger_whole
    CHECK ((trigger_type IS NULL) = (trigger_price_ticks IS NULL)),
  DROP CONSTRAINT orders_status_known,
  ADD CONSTRAINT orders_status_known CHECK (status IN ('accepted', 'untriggered', 'open',
    'partially_filled', 'filled', 'cancelled', 'expired', 'rejected')),
  ADD COLUMN is_open boolean NOT NULL GENERATED ALWAYS AS
    (status IN ('accepted', 'untriggered', 'open', 'partially_filled')) STORED;

DROP INDEX orders.orders_open_by_user;
CREATE INDEX orders_open_by_user ON orders.orders (user_number, order_number DESC) WHERE is_open;

RESET ROLE;
