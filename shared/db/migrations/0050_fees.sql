-- Fee rates in parts per million: a schedule per market, and terms of single users. Both are
-- versioned and append-only; an order keeps the rates that were in force when it was accepted.
SET ROLE bourse_fees;

CREATE TABLE fees.schedules (
  market text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  maker_ppm integer NOT NULL,
  taker_ppm integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT schedules_pkey PRIMARY KEY (market, version),
  CONSTRAINT schedules_rates_in_range
    CHECK (maker_ppm BETWEEN -1000000 AND 1000000 AND taker_ppm BETWEEN -1000000 AND 1000000),
  -- What one side is given the other side pays.
  CONSTRAINT schedules_rebate_is_paid_for CHECK (maker_ppm + taker_ppm >= 0)
);

-- A version without rates ends the user's own terms: the schedule holds again.
CREATE TABLE fees.user_terms (
  user_id text COLLATE "C" NOT NULL
    CONSTRAINT user_terms_user_spelling CHECK (user_id ~ '^usr_[0-9]{16}$'),
  market text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  tier text NOT NULL CONSTRAINT user_terms_tier_spelling CHECK (tier ~ '^[a-z0-9_]{1,32}$'),
  maker_ppm integer,
  taker_ppm integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_terms_pkey PRIMARY KEY (user_id, market, version),
  CONSTRAINT user_terms_both_rates_or_none CHECK ((maker_ppm IS NULL) = (taker_ppm IS NULL)),
  CONSTRAINT user_terms_rates_in_range
    CHECK (maker_ppm BETWEEN -1000000 AND 1000000 AND taker_ppm BETWEEN -1000000 AND 1000000)
);

CREATE FUNCTION fees.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on fees.% is refused: rates are versioned, never changed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_NAME, SCHEMA = 'fees',
      TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER schedules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fees.schedules
  FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();
CREATE TRIGGER user_terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fees.user_terms
  FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

-- Both functions answer the version in force; the rates already in force make no new version, so
-- that seeding twice changes nothing. Two at once wait for each other.
CREATE FUNCTION fees.set_schedule(p_market text, p_maker_ppm integer, p_taker_ppm integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  newest fees.schedules;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('fees.schedules ' || p_market, 0));
  SELECT s.* INTO newest FROM fees.schedules s WHERE s.market = p_market
  ORDER BY s.version DESC LIMIT 1;
  IF newest.maker_ppm = p_maker_ppm AND newest.taker_ppm = p_taker_ppm THEN
    RETURN newest.version;
  END IF;
  INSERT INTO fees.schedules (market, version, maker_ppm, taker_ppm)
  VALUES (p_market, coalesce(newest.version, 0) + 1, p_maker_ppm, p_taker_ppm);
  RETURN coalesce(newest.version, 0) + 1;
END $$;

CREATE FUNCTION fees.set_user_terms(
  p_user_id text, p_market text, p_tier text, p_maker_ppm integer, p_taker_ppm integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  newest fees.user_terms;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('fees.user_terms ' || p_user_id || p_market, 0));
  SELECT t.* INTO newest FROM fees.user_terms t WHERE t.user_id = p_user_id AND t.market = p_market
  ORDER BY t.version DESC LIMIT 1;
  IF newest.tier = p_tier AND newest.maker_ppm IS NOT DISTINCT FROM p_maker_ppm
    AND newest.taker_ppm IS NOT DISTINCT FROM p_taker_ppm THEN
    RETURN newest.version;
  END IF;
  INSERT INTO fees.user_terms (user_id, market, version, tier, maker_ppm, taker_ppm)
  VALUES (p_user_id, p_market, coalesce(newest.version, 0) + 1, p_tier, p_maker_ppm, p_taker_ppm);
  RETURN coalesce(newest.version, 0) + 1;
END $$;

-- Published: the schedule of each market, and the terms of users who have their own.
CREATE VIEW fees.current_rates AS
  SELECT DISTINCT ON (market) market, version, maker_ppm, taker_ppm, created_at
  FROM fees.schedules ORDER BY market, version DESC;

CREATE VIEW fees.current_user_rates AS
  SELECT user_id, market, version, tier, maker_ppm, taker_ppm, created_at
  FROM (
    SELECT DISTINCT ON (user_id, market) *
    FROM fees.user_terms ORDER BY user_id, market, version DESC
  ) newest
  WHERE maker_ppm IS NOT NULL;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA fees FROM PUBLIC;
GRANT USAGE ON SCHEMA fees TO bourse_orders, bourse_market_data;
GRANT SELECT ON fees.current_rates, fees.current_user_rates TO bourse_orders, bourse_market_data;

RESET ROLE;
