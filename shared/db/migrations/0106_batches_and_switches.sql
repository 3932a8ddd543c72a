-- Named batches, dead-man deadlines, and accounts that an operator has blocked.
SET LOCAL ROLE bourse_orders;

-- A client's own name for a batch, and what became of each of its orders: an order number, or the
-- code and text of its refusal. Kept only if something of the batch was accepted.
CREATE TABLE orders.batch_keys (
  user_number bigint NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  results json NOT NULL,
  created_at_ms bigint NOT NULL,
  CONSTRAINT batch_keys_pkey PRIMARY KEY (user_number, key)
);
CREATE INDEX batch_keys_by_age ON orders.batch_keys (created_at_ms);

-- The dead-man deadline that was accepted last; null when it was taken away. The engine has it once
-- the record of the outbox row is in the log: until then it goes out again before a later one.
CREATE TABLE orders.deadlines (
  user_number bigint NOT NULL,
  market text NOT NULL,
  deadline_ms bigint,
  outbox_id bigint NOT NULL,
  CONSTRAINT deadlines_pkey PRIMARY KEY (user_number, market)
) WITH (fillfactor = 50);

-- Every block of an account and every end of one, for ever; the newest row of a user holds. Who
-- accepts an order reads it in the order's own transaction, so a lock on this table tells that
-- nobody is left who has read the account as free.
CREATE TABLE orders.account_blocks (
  block_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_number bigint NOT NULL
    CONSTRAINT account_blocks_user_positive CHECK (user_number > 0),
  is_blocked boolean NOT NULL,
  operator text NOT NULL CONSTRAINT account_blocks_operator_named
    CHECK (length(operator) BETWEEN 1 AND 100),
  reason text NOT NULL CONSTRAINT account_blocks_reason_given
    CHECK (length(reason) BETWEEN 1 AND 1000),
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The rows of the outbox with its commands, one a market.
  outbox_ids bigint[] NOT NULL
);
CREATE INDEX account_blocks_newest ON orders.account_blocks (user_number, block_number DESC);

CREATE FUNCTION orders.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on orders.% is refused: its history is never changed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_NAME, SCHEMA = 'orders',
      TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER account_blocks_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON orders.account_blocks
  FOR EACH STATEMENT EXECUTE FUNCTION orders.refuse_change();

RESET ROLE;
