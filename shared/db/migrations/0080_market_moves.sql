-- A market moves to another shard (docs/decisions/0007-moving-a-market.md). How far each move has
-- come is remembered here, so that the same command finishes one that was interrupted.
SET LOCAL ROLE bourse_reference;

-- While it is set the market is closed to every command. Who accepts reads it in the transaction of
-- the command, so a lock on this table tells that nobody is left who has read it open.
ALTER TABLE reference.markets ADD COLUMN moving_to integer
  CONSTRAINT markets_moving_elsewhere CHECK (moving_to >= 0 AND moving_to <> shard);

CREATE TABLE reference.market_moves (
  market text NOT NULL REFERENCES reference.markets (market),
  -- Counts the moves of the market, from 1: the engines know a move by it.
  move_number bigint NOT NULL CONSTRAINT market_moves_number_positive CHECK (move_number > 0),
  from_shard integer NOT NULL CONSTRAINT market_moves_from_not_negative CHECK (from_shard >= 0),
  to_shard integer NOT NULL CONSTRAINT market_moves_to_not_negative CHECK (to_shard >= 0),
  step text NOT NULL CONSTRAINT market_moves_step_known
    CHECK (step IN ('closed', 'handed_over', 'opened')),
  -- Where the new partition ended before the hand-over: the pieces of the state lie from there on.
  pieces_from bigint CONSTRAINT market_moves_pieces_known
    CHECK ((step = 'closed') = (pieces_from IS NULL)),
  closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  handed_over_at timestamptz,
  opened_at timestamptz,
  CONSTRAINT market_moves_pkey PRIMARY KEY (market, move_number),
  CONSTRAINT market_moves_elsewhere CHECK (from_shard <> to_shard)
);
CREATE UNIQUE INDEX market_moves_one_at_a_time ON reference.market_moves (market)
  WHERE step <> 'opened';

SET LOCAL ROLE bourse_orders;

-- Whoever moves a market must know that no command of it is still to be published: not which.
CREATE FUNCTION orders.has_unpublished(of_market text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT FROM orders.outbox o WHERE o.key = of_market) $$;
REVOKE ALL ON FUNCTION orders.has_unpublished(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orders.has_unpublished(text) TO bourse_reference;

RESET ROLE;
