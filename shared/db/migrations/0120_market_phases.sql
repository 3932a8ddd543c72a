-- Phases, limits and protections of markets: the same rules as shared/events/fields.ts and
-- mayFollow of shared/domain/market.ts, so that a row can always become a command.
SET LOCAL ROLE bourse_reference;

-- Whether a market may go from one status to another; NULL before its first configuration.
CREATE FUNCTION reference.may_follow(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN from_status IS NOT DISTINCT FROM 'delisted' THEN false
    WHEN to_status = 'delisted' THEN from_status IS NOT DISTINCT FROM 'closing'
    ELSE from_status IS DISTINCT FROM 'closing' OR to_status = 'closing'
  END
$$;

CREATE FUNCTION reference.is_status(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT status IN ('trading', 'cancel_only', 'halted', 'post_only', 'limit_only', 'pre_open',
    'auction', 'closing', 'delisted')
$$;

-- A list of {"atMs", "status"} by rising time.
CREATE FUNCTION reference.is_schedule(schedule jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  entry jsonb;
  before_ms numeric := -1;
BEGIN
  IF jsonb_typeof(schedule) <> 'array' OR jsonb_array_length(schedule) NOT BETWEEN 1 AND 32 THEN
    RETURN false;
  END IF;
  FOR entry IN SELECT * FROM jsonb_array_elements(schedule) LOOP
    IF jsonb_typeof(entry) <> 'object' OR entry - '{atMs,status}'::text[] <> '{}'
      OR jsonb_typeof(entry -> 'atMs') IS DISTINCT FROM 'number'
      OR (entry ->> 'atMs')::numeric % 1 <> 0
      OR (entry ->> 'atMs')::numeric NOT BETWEEN before_ms + 1 AND 9007199254740991
      OR reference.is_status(entry ->> 'status') IS NOT TRUE
    THEN
      RETURN false;
    END IF;
    before_ms := (entry ->> 'atMs')::numeric;
  END LOOP;
  RETURN true;
END $$;

ALTER TABLE reference.markets
  DROP CONSTRAINT markets_status_known,
  ADD CONSTRAINT markets_status_known CHECK (reference.is_status(status)),
  -- Most price x quantity of one order, in quote.
  ADD COLUMN max_notional numeric CONSTRAINT markets_max_notional_in_range
    CHECK (max_notional >= 0 AND max_notional < 1e20 AND min_scale(max_notional) <= 18),
  -- The static price band, round a price that the operator sets, and the one round the last trade.
  ADD COLUMN static_price numeric,
  ADD COLUMN static_bps integer CONSTRAINT markets_static_bps_in_range
    CHECK (static_bps BETWEEN 1 AND 9999),
  ADD COLUMN dynamic_bps integer CONSTRAINT markets_dynamic_bps_in_range
    CHECK (dynamic_bps BETWEEN 1 AND 9999),
  ADD CONSTRAINT markets_static_band_whole
    CHECK (num_nonnulls(static_price, static_bps) IN (0, 2)),
  ADD CONSTRAINT markets_static_price_on_tick CHECK (static_price > 0
    AND static_price % tick_size = 0 AND static_price / tick_size <= 4294967295),
  -- What interrupts a market that moves too fast.
  ADD COLUMN move_bps integer CONSTRAINT markets_move_bps_in_range
    CHECK (move_bps BETWEEN 1 AND 9999),
  ADD COLUMN window_ms integer CONSTRAINT markets_window_in_slots
    CHECK (window_ms BETWEEN 60 AND 86400000 AND window_ms % 60 = 0),
  ADD COLUMN halt_ms integer CONSTRAINT markets_halt_in_range
    CHECK (halt_ms BETWEEN 0 AND 86400000),
  ADD COLUMN auction_ms integer CONSTRAINT markets_auction_in_range
    CHECK (auction_ms BETWEEN 1 AND 86400000),
  ADD CONSTRAINT markets_interruption_whole
    CHECK (num_nonnulls(move_bps, window_ms, halt_ms, auction_ms) IN (0, 4)),
  ADD COLUMN max_open_orders bigint CONSTRAINT markets_max_open_orders_in_range
    CHECK (max_open_orders BETWEEN 1 AND 9007199254740991),
  ADD COLUMN max_waiting_orders bigint CONSTRAINT markets_max_waiting_orders_in_range
    CHECK (max_waiting_orders BETWEEN 1 AND 9007199254740991),
  ADD COLUMN reference_max_age_ms bigint CONSTRAINT markets_reference_max_age_in_range
    CHECK (reference_max_age_ms BETWEEN 1 AND 9007199254740991),
  -- Which modes orders may ask for beside none; NULL: all.
  ADD COLUMN self_trade_modes text[] CONSTRAINT markets_self_trade_modes_known
    CHECK (cardinality(self_trade_modes) > 0 AND array_position(self_trade_modes, NULL) IS NULL
      AND self_trade_modes <@ '{cancel_taker,cancel_maker,cancel_both,decrement,none}'),
  -- Changes of status to come. What has passed stays until the next change of the row.
  ADD COLUMN schedule jsonb CONSTRAINT markets_schedule_well_made
    CHECK (reference.is_schedule(schedule));

-- The status that a market has at a time, by its row alone: entries that may not follow what was
-- before have no effect.
CREATE FUNCTION reference.planned_status(status text, schedule jsonb, at_ms numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  entry jsonb;
BEGIN
  FOR entry IN SELECT * FROM jsonb_array_elements(coalesce(schedule, '[]')) LOOP
    EXIT WHEN (entry ->> 'atMs')::numeric > at_ms;
    IF reference.may_follow(status, entry ->> 'status') THEN
      status := entry ->> 'status';
    END IF;
  END LOOP;
  RETURN status;
END $$;

CREATE FUNCTION reference.check_status_follows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  before text;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    before := reference.planned_status(OLD.status, OLD.schedule,
      extract(epoch FROM clock_timestamp()) * 1000);
  END IF;
  IF NOT reference.may_follow(before, NEW.status) THEN
    RAISE EXCEPTION '% cannot become % from %', NEW.market, NEW.status, coalesce(before, 'nothing')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'markets_status_follows',
        SCHEMA = 'reference', TABLE = 'markets';
  END IF;
  RETURN NULL;
END $$;

-- After the row, because before it nobody knows whether INSERT ... ON CONFLICT inserts. An update
-- that leaves the status out, as a move's, may leave what is delisted as it is.
CREATE TRIGGER markets_status_follows AFTER INSERT OR UPDATE OF status ON reference.markets
  FOR EACH ROW EXECUTE FUNCTION reference.check_status_follows();

-- A market's configuration as its command carries it: what is not set is left out.
CREATE VIEW reference.market_configs AS
  SELECT m.market, m.status, m.schedule, m.version, m.shard, m.moving_to, m.updated_at,
    json_strip_nulls(json_build_object(
      'market', m.market, 'base', m.base, 'quote', m.quote,
      'baseDecimals', b.decimals, 'quoteDecimals', q.decimals,
      'tickSize', trim_scale(m.tick_size)::text, 'lotSize', trim_scale(m.lot_size)::text,
      'minQuantity', trim_scale(m.min_quantity)::text,
      'maxQuantity', trim_scale(m.max_quantity)::text,
      'minNotional', trim_scale(m.min_notional)::text,
      'minPrice', trim_scale(m.min_price)::text, 'maxPrice', trim_scale(m.max_price)::text,
      'protectionBps', m.protection_bps, 'feePolicy', m.fee_policy,
      'selfTradeAllowed', m.self_trade_allowed, 'version', m.version,
      'maxNotional', trim_scale(m.max_notional)::text,
      'priceBand', CASE WHEN num_nonnulls(m.static_bps, m.dynamic_bps) > 0 THEN json_build_object(
        'staticPrice', trim_scale(m.static_price)::text, 'staticBps', m.static_bps,
        'dynamicBps', m.dynamic_bps) END,
      'interruption', CASE WHEN m.move_bps IS NOT NULL THEN json_build_object(
        'moveBps', m.move_bps, 'windowMs', m.window_ms,
        'haltMs', m.halt_ms, 'auctionMs', m.auction_ms) END,
      'maxOpenOrders', m.max_open_orders, 'maxWaitingOrders', m.max_waiting_orders,
      'referenceMaxAgeMs', m.reference_max_age_ms, 'selfTradeModes', m.self_trade_modes
    )) AS config
  FROM reference.markets m
  JOIN reference.assets b ON b.asset = m.base
  JOIN reference.assets q ON q.asset = m.quote;

-- Who changed a market, why, and what it was before and after. Nothing of this is ever changed.
CREATE TABLE reference.market_changes (
  change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  market text NOT NULL REFERENCES reference.markets (market),
  version bigint NOT NULL CONSTRAINT market_changes_version_positive CHECK (version > 0),
  actor text NOT NULL CONSTRAINT market_changes_actor
    CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  -- NULL only for what no person did, such as the seed of a new exchange.
  reason text CONSTRAINT market_changes_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  -- NULL for the first configuration.
  before jsonb,
  after jsonb NOT NULL,
  -- What the actor says of himself can be anything; this is who the database knew.
  database_role name NOT NULL DEFAULT session_user,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT market_changes_once UNIQUE (market, version)
);

CREATE FUNCTION reference.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER market_changes_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON reference.market_changes
  FOR EACH STATEMENT EXECUTE FUNCTION reference.refuse_change();

GRANT SELECT ON reference.market_configs TO bourse_orders, bourse_market_data;

SET LOCAL ROLE bourse_market_data;

-- What the engine has told of each market's phase. Every group of columns has the sequence that it
-- is of, and only a higher one changes it: records may come in any order, and again.
CREATE TABLE market_data.phases (
  market text PRIMARY KEY,
  -- Versions rise with sequences, so the highest that came is that of the newest configuration.
  version bigint CONSTRAINT phases_version_positive CHECK (version > 0),
  status text CONSTRAINT phases_status_known CHECK (status IN ('trading', 'cancel_only', 'halted',
    'post_only', 'limit_only', 'pre_open', 'auction', 'closing', 'delisted')),
  cause text CONSTRAINT phases_cause_known
    CHECK (cause IN ('configuration', 'schedule', 'interruption', 'resumption')),
  since_ms bigint,
  -- Until when an interruption stays in this status.
  until_ms bigint,
  -- What the trade that began an interruption was too far away from.
  reference_ticks bigint CONSTRAINT phases_reference_positive CHECK (reference_ticks > 0),
  sequence bigint,
  CONSTRAINT phases_status_whole CHECK (num_nonnulls(status, cause, since_ms, sequence) IN (0, 4)),
  -- 0 when nothing would trade.
  indicative_ticks bigint,
  indicative_lots bigint,
  surplus_side text CONSTRAINT phases_surplus_side_known CHECK (surplus_side IN ('buy', 'sell')),
  surplus_lots bigint,
  indicative_ms bigint,
  indicative_sequence bigint,
  CONSTRAINT phases_indication_whole CHECK (num_nonnulls(indicative_ticks, indicative_lots,
    surplus_lots, indicative_ms, indicative_sequence) IN (0, 5)),
  uncrossed_ticks bigint,
  uncrossed_lots bigint,
  uncrossed_ms bigint,
  uncrossed_sequence bigint,
  CONSTRAINT phases_uncrossing_whole CHECK (
    num_nonnulls(uncrossed_ticks, uncrossed_lots, uncrossed_ms, uncrossed_sequence) IN (0, 4))
) WITH (fillfactor = 50);

-- For whoever must know what the engine does with an order now: `ToldPhase` of
-- shared/domain/market-phase.ts.
CREATE VIEW market_data.current_phases AS
  SELECT market, json_build_object('version', version, 'status', status, 'cause', cause,
    'sinceMs', since_ms, 'untilMs', until_ms) AS told
  FROM market_data.phases WHERE status IS NOT NULL;

GRANT USAGE ON SCHEMA market_data TO bourse_reference;
GRANT SELECT ON market_data.current_phases TO bourse_orders, bourse_reference;

RESET ROLE;
