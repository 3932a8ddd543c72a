-- What the market-data function owns: public trades and the aggregated books, projected from
-- engine.executions. Records arrive in any order, repeated, and cut differently by two engines.
SET ROLE bourse_market_data;

CREATE TABLE market_data.books (
  market text PRIMARY KEY,
  -- Which sequences have been taken in: one range, save while records are on their way.
  applied int8multirange NOT NULL,
  -- Everything up to here has been taken in; the book holds it all, and perhaps more.
  contiguous_sequence bigint NOT NULL
    GENERATED ALWAYS AS (lower('{[1,)}'::int8multirange - applied) - 1) STORED,
  -- The market's clock at the newest event.
  changed_at_ms bigint NOT NULL
) WITH (fillfactor = 50);

-- A level that is gone stays as a row with 0 lots and the sequence of its end, so that an older
-- record cannot bring it back; it is deleted once everything before has been taken in. Only columns
-- outside the key ever change, so that updates stay on their page (HOT).
CREATE TABLE market_data.levels (
  market text NOT NULL,
  side text NOT NULL CONSTRAINT levels_side_known CHECK (side IN ('buy', 'sell')),
  price_ticks bigint NOT NULL CONSTRAINT levels_price_positive CHECK (price_ticks > 0),
  quantity_lots bigint NOT NULL CONSTRAINT levels_quantity_not_negative CHECK (quantity_lots >= 0),
  -- Last sequence of the record that the quantity comes from.
  sequence bigint NOT NULL,
  PRIMARY KEY (market, side, price_ticks)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Amounts in base units rather than ticks and lots: a market may change its steps later, a trade not.
CREATE TABLE market_data.trades (
  market text NOT NULL,
  sequence bigint NOT NULL,
  base_minor numeric(38, 0) NOT NULL,
  quote_minor numeric(38, 0) NOT NULL,
  taker_side text NOT NULL CONSTRAINT trades_taker_side_known CHECK (taker_side IN ('buy', 'sell')),
  time_ms bigint NOT NULL,
  PRIMARY KEY (market, sequence)
);

-- For pricing market orders. Each side is one step into the primary key of the levels.
CREATE VIEW market_data.best_prices AS
  SELECT b.market,
    (SELECT l.price_ticks FROM market_data.levels l
      WHERE l.market = b.market AND l.side = 'buy' AND l.quantity_lots > 0
      ORDER BY l.price_ticks DESC LIMIT 1) AS best_bid_ticks,
    (SELECT l.price_ticks FROM market_data.levels l
      WHERE l.market = b.market AND l.side = 'sell' AND l.quantity_lots > 0
      ORDER BY l.price_ticks LIMIT 1) AS best_ask_ticks
  FROM market_data.books b;

GRANT USAGE ON SCHEMA market_data TO bourse_orders;
GRANT SELECT ON market_data.best_prices TO bourse_orders;

RESET ROLE;
