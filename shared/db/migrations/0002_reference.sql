-- Assets and markets: what everybody reads and an operator writes. The command log holds the same
-- configuration for the engine; version orders the two.
SET ROLE bourse_reference;

CREATE TABLE reference.assets (
  asset text PRIMARY KEY CONSTRAINT assets_asset_spelling CHECK (asset ~ '^[A-Z0-9]{2,10}$'),
  name text NOT NULL,
  decimals smallint NOT NULL CONSTRAINT assets_decimals_in_range CHECK (decimals BETWEEN 0 AND 18)
);

CREATE TABLE reference.markets (
  market text PRIMARY KEY,
  base text NOT NULL REFERENCES reference.assets (asset),
  quote text NOT NULL REFERENCES reference.assets (asset),
  tick_size numeric NOT NULL,
  lot_size numeric NOT NULL,
  min_quantity numeric NOT NULL,
  max_quantity numeric NOT NULL,
  min_notional numeric NOT NULL,
  min_price numeric NOT NULL,
  max_price numeric NOT NULL,
  protection_bps integer NOT NULL,
  fee_policy text NOT NULL CONSTRAINT markets_fee_policy_known
    CHECK (fee_policy IN ('received', 'quote')),
  self_trade_allowed boolean NOT NULL,
  status text NOT NULL CONSTRAINT markets_status_known
    CHECK (status IN ('trading', 'cancel_only', 'halted')),
  version bigint NOT NULL CONSTRAINT markets_version_positive CHECK (version > 0),
  -- Which partition of the command log, and so which engine, the market belongs to.
  shard integer NOT NULL DEFAULT 0 CONSTRAINT markets_shard_not_negative CHECK (shard >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT markets_name_from_assets CHECK (market = base || '-' || quote),
  CONSTRAINT markets_assets_differ CHECK (base <> quote)
);

CREATE TABLE reference.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition integer NOT NULL,
  key text,
  headers jsonb NOT NULL,
  value text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA reference TO bourse_orders, bourse_settlement, bourse_fees,
  bourse_market_data, bourse_ledger, bourse_ledger_reader, bourse_engine;
GRANT SELECT ON reference.assets, reference.markets TO bourse_orders, bourse_settlement,
  bourse_fees, bourse_market_data, bourse_ledger, bourse_ledger_reader, bourse_engine;

RESET ROLE;
