-- What the settlement function owns: which events are settled, which markets are stopped, and how
-- much each user traded.
SET ROLE bourse_settlement;

-- Every event of every market, once. The hash is of the event's content: another engine's record of
-- the same (market, sequence) must have the same, however it cut its batches.
CREATE TABLE settlement.executions (
  market text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CONSTRAINT executions_sequence_positive CHECK (sequence > 0),
  kind text COLLATE "C" NOT NULL,
  content_hash bytea NOT NULL,
  settled_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT executions_pkey PRIMARY KEY (market, sequence)
);

-- Two engines told different stories: nothing more is settled here until a person has looked.
CREATE TABLE settlement.stopped_markets (
  market text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL,
  settled_hash bytea NOT NULL,
  refused_hash bytea NOT NULL,
  stopped_at timestamptz NOT NULL DEFAULT now()
);

-- Quote volume by user, market and UTC day of the trade; fee tiers follow from it.
CREATE TABLE settlement.volumes (
  user_id text COLLATE "C" NOT NULL,
  market text COLLATE "C" NOT NULL,
  day date NOT NULL,
  quote_minor numeric(38, 0) NOT NULL,
  trades bigint NOT NULL,
  CONSTRAINT volumes_pkey PRIMARY KEY (user_id, market, day)
) WITH (fillfactor = 50);

CREATE VIEW settlement.user_volumes AS
  SELECT user_id, market, day, quote_minor, trades FROM settlement.volumes;

GRANT USAGE ON SCHEMA settlement TO bourse_fees;
GRANT SELECT ON settlement.user_volumes TO bourse_fees;

RESET ROLE;
