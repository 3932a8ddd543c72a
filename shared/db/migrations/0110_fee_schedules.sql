-- Fee schedules with a date and tiers, discounts of single users, and the volume that tiers follow
-- from, in one reference asset. Everything an operator sets is a version that says who and why.
SET LOCAL ROLE bourse_market_data;

-- For the worth of volumes: what an asset last traded at.
CREATE VIEW market_data.trade_prices AS
  SELECT market, sequence, base_minor, quote_minor, time_ms FROM market_data.trades;
GRANT USAGE ON SCHEMA market_data TO bourse_fees;
GRANT SELECT ON market_data.trade_prices, market_data.best_prices TO bourse_fees;

RESET ROLE;
SET LOCAL ROLE bourse_fees;

DROP VIEW fees.current_rates, fees.current_user_rates;
DROP FUNCTION fees.set_schedule(text, integer, integer);
DROP FUNCTION fees.set_user_terms(text, text, text, integer, integer);

-- A schedule is a market's own, or the exchange's, which holds where a market has none. Its row has
-- the rates of its first tier; the higher tiers are in fees.tiers. Without rates it has ended.
ALTER TABLE fees.schedules RENAME COLUMN market TO schedule;
ALTER TABLE fees.schedules
  ALTER COLUMN maker_ppm DROP NOT NULL,
  ALTER COLUMN taker_ppm DROP NOT NULL,
  ADD COLUMN tier text NOT NULL DEFAULT 'standard'
    CONSTRAINT schedules_tier_spelling CHECK (tier ~ '^[a-z0-9_]{1,32}$'),
  ADD COLUMN effective_from timestamptz,
  -- The least of all its tiers.
  ADD COLUMN maker_ppm_min integer,
  ADD COLUMN taker_ppm_min integer,
  ADD COLUMN actor text NOT NULL DEFAULT session_user
    CONSTRAINT schedules_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  ADD COLUMN reason text NOT NULL DEFAULT 'not given'
    CONSTRAINT schedules_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  ADD COLUMN database_role name NOT NULL DEFAULT session_user;

ALTER TABLE fees.schedules DISABLE TRIGGER schedules_append_only;
UPDATE fees.schedules SET effective_from = created_at, maker_ppm_min = maker_ppm,
  taker_ppm_min = taker_ppm;
ALTER TABLE fees.schedules ENABLE TRIGGER schedules_append_only;

ALTER TABLE fees.schedules
  ALTER COLUMN effective_from SET NOT NULL,
  DROP CONSTRAINT schedules_rebate_is_paid_for,
  ADD CONSTRAINT schedules_whole CHECK (num_nulls(maker_ppm, taker_ppm, maker_ppm_min,
    taker_ppm_min) IN (0, 4)),
  ADD CONSTRAINT schedules_bounds_hold
    CHECK (maker_ppm >= maker_ppm_min AND taker_ppm >= taker_ppm_min),
  -- Whichever tiers meet: what one side is given, the other side pays.
  ADD CONSTRAINT schedules_rebate_is_paid_for CHECK (maker_ppm_min + taker_ppm_min >= 0),
  ADD CONSTRAINT schedules_not_backdated CHECK (effective_from >= created_at),
  ADD CONSTRAINT schedules_name_spelling
    CHECK (schedule ~ '^([A-Z0-9]{2,10}-[A-Z0-9]{2,10}|exchange)$'),
  ADD CONSTRAINT schedules_exchange_never_ends
    CHECK (schedule <> 'exchange' OR maker_ppm IS NOT NULL);
CREATE INDEX schedules_by_date ON fees.schedules (schedule, effective_from DESC, version DESC);

CREATE TABLE fees.tiers (
  schedule text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  -- Base units of the reference asset; the first tier, from 0 on, is the schedule's own row.
  volume_minor_min numeric(38, 0) NOT NULL
    CONSTRAINT tiers_volume_positive CHECK (volume_minor_min > 0),
  tier text NOT NULL CONSTRAINT tiers_tier_spelling CHECK (tier ~ '^[a-z0-9_]{1,32}$'),
  maker_ppm integer NOT NULL,
  taker_ppm integer NOT NULL,
  CONSTRAINT tiers_pkey PRIMARY KEY (schedule, version, volume_minor_min),
  CONSTRAINT tiers_of_a_schedule FOREIGN KEY (schedule, version) REFERENCES fees.schedules,
  CONSTRAINT tiers_name_once UNIQUE (schedule, version, tier),
  CONSTRAINT tiers_rates_in_range
    CHECK (maker_ppm BETWEEN -1000000 AND 1000000 AND taker_ppm BETWEEN -1000000 AND 1000000)
);

-- A tier that came later could break what its schedule promises of all its tiers.
CREATE FUNCTION fees.check_tier() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM fees.schedules s WHERE s.schedule = new.schedule AND s.version = new.version
      AND new.maker_ppm >= s.maker_ppm_min AND new.taker_ppm >= s.taker_ppm_min
  ) THEN
    RAISE EXCEPTION 'the tier % is outside the bounds of its schedule', new.tier
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tiers_within_bounds';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER tiers_within_bounds BEFORE INSERT ON fees.tiers
  FOR EACH ROW EXECUTE FUNCTION fees.check_tier();
CREATE TRIGGER tiers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fees.tiers
  FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

ALTER TABLE fees.user_terms
  ADD COLUMN actor text NOT NULL DEFAULT session_user
    CONSTRAINT user_terms_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  ADD COLUMN reason text NOT NULL DEFAULT 'not given'
    CONSTRAINT user_terms_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  ADD COLUMN database_role name NOT NULL DEFAULT session_user;
-- Rebates by terms are few; who gets a discount must still pay for any of them.
CREATE INDEX user_terms_maker_rebates ON fees.user_terms (market, maker_ppm) WHERE maker_ppm < 0;
CREATE INDEX user_terms_taker_rebates ON fees.user_terms (market, taker_ppm) WHERE taker_ppm < 0;

-- Off both rates of a user, in every market; 0 ends it. Never below zero, nor below a rebate.
CREATE TABLE fees.discounts (
  user_id text COLLATE "C" NOT NULL
    CONSTRAINT discounts_user_spelling CHECK (user_id ~ '^usr_[0-9]{16}$'),
  version integer NOT NULL,
  off_ppm integer NOT NULL CONSTRAINT discounts_in_range CHECK (off_ppm BETWEEN 0 AND 1000000),
  effective_from timestamptz NOT NULL,
  actor text NOT NULL CONSTRAINT discounts_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL CONSTRAINT discounts_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  database_role name NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT discounts_pkey PRIMARY KEY (user_id, version),
  CONSTRAINT discounts_not_backdated CHECK (effective_from >= created_at)
);
CREATE INDEX discounts_by_date ON fees.discounts (user_id, effective_from DESC, version DESC);
CREATE TRIGGER discounts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fees.discounts
  FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

-- What volumes are measured in. One for ever: the volumes of schedules and tiers are in its units.
CREATE TABLE fees.reference_asset (
  only_one boolean PRIMARY KEY DEFAULT true CONSTRAINT reference_asset_one CHECK (only_one),
  asset text NOT NULL,
  actor text NOT NULL
    CONSTRAINT reference_asset_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL
    CONSTRAINT reference_asset_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  database_role name NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER reference_asset_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
  ON fees.reference_asset FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

-- The market whose last trade of a day prices an asset from then on; null: none any more.
CREATE TABLE fees.conversion_markets (
  asset text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  market text,
  actor text NOT NULL
    CONSTRAINT conversion_markets_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL
    CONSTRAINT conversion_markets_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  database_role name NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT conversion_markets_pkey PRIMARY KEY (asset, version)
);
CREATE TRIGGER conversion_markets_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
  ON fees.conversion_markets FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

-- Whole reference assets for one whole asset, and when that was so.
CREATE TABLE fees.reference_prices (
  price_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset text COLLATE "C" NOT NULL,
  price numeric(38, 18) NOT NULL CONSTRAINT reference_prices_positive CHECK (price > 0),
  priced_at timestamptz NOT NULL,
  -- The trade it was taken from; both null when an operator said it.
  market text,
  sequence bigint,
  actor text NOT NULL
    CONSTRAINT reference_prices_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL
    CONSTRAINT reference_prices_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  database_role name NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT reference_prices_trade_once UNIQUE (asset, market, sequence),
  CONSTRAINT reference_prices_not_ahead CHECK (priced_at <= created_at)
);
CREATE INDEX reference_prices_by_time
  ON fees.reference_prices (asset, priced_at DESC, price_number DESC);
CREATE TRIGGER reference_prices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
  ON fees.reference_prices FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

-- The volume of the 30 UTC days before a day, and the tier of the exchange's schedule it reached.
-- Computed again with another result, a day has one more revision.
CREATE TABLE fees.account_tiers (
  user_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  revision integer NOT NULL,
  tier text NOT NULL,
  volume_minor numeric(38, 0) NOT NULL
    CONSTRAINT account_tiers_volume_not_negative CHECK (volume_minor >= 0),
  computed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT account_tiers_pkey PRIMARY KEY (user_id, day, revision)
);
CREATE TRIGGER account_tiers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fees.account_tiers
  FOR EACH STATEMENT EXECUTE FUNCTION fees.refuse_change();

-- Users for whom there is anything to look up, with the volume that counts now: whoever has no row
-- here pays the first tier, and that is known after one step into an index.
CREATE TABLE fees.accounts (
  user_id text COLLATE "C" PRIMARY KEY,
  tier_day date,
  volume_minor numeric(38, 0) NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
INSERT INTO fees.accounts (user_id) SELECT DISTINCT user_id FROM fees.user_terms;

-- Which version holds in which market now: the market's own, or else the exchange's. Views like
-- these are joined through (user_id, market): each part is a step or two into an index.
CREATE VIEW fees.current_schedules AS
  SELECT m.market,
    CASE WHEN own.maker_ppm IS NULL THEN e.schedule ELSE own.schedule END AS schedule,
    CASE WHEN own.maker_ppm IS NULL THEN e.version ELSE own.version END AS version,
    CASE WHEN own.maker_ppm IS NULL THEN e.tier ELSE own.tier END AS tier,
    coalesce(own.maker_ppm, e.maker_ppm) AS maker_ppm,
    coalesce(own.taker_ppm, e.taker_ppm) AS taker_ppm,
    coalesce(own.maker_ppm_min, e.maker_ppm_min) AS maker_ppm_min,
    coalesce(own.taker_ppm_min, e.taker_ppm_min) AS taker_ppm_min,
    CASE WHEN own.maker_ppm IS NULL THEN e.effective_from ELSE own.effective_from END
      AS effective_from
  FROM reference.markets m
  LEFT JOIN LATERAL (
    SELECT s.* FROM fees.schedules s
    WHERE s.schedule = m.market AND s.effective_from <= now()
    ORDER BY s.effective_from DESC, s.version DESC LIMIT 1
  ) own ON true
  LEFT JOIN LATERAL (
    SELECT s.* FROM fees.schedules s
    WHERE s.schedule = 'exchange' AND s.effective_from <= now() AND own.maker_ppm IS NULL
    ORDER BY s.effective_from DESC, s.version DESC LIMIT 1
  ) e ON true
  WHERE coalesce(own.maker_ppm, e.maker_ppm) IS NOT NULL;

-- Published: what everybody pays in a market, and what a user pays where that is something else.
CREATE VIEW fees.current_rates AS
  SELECT market, version, maker_ppm, taker_ppm, effective_from FROM fees.current_schedules;

-- Own terms win; else the tier's rates, less the discount.
CREATE VIEW fees.current_user_rates AS
  SELECT a.user_id, s.market, coalesce(t.version, s.version) AS version,
    coalesce(t.tier, r.tier, s.tier) AS tier,
    CASE WHEN t.version IS NOT NULL THEN t.maker_ppm
      ELSE least(coalesce(r.maker_ppm, s.maker_ppm),
        greatest(coalesce(r.maker_ppm, s.maker_ppm) - coalesce(d.off_ppm, 0), 0,
          -s.taker_ppm_min, -d.terms_taker_ppm_min))
      END AS maker_ppm,
    CASE WHEN t.version IS NOT NULL THEN t.taker_ppm
      ELSE least(coalesce(r.taker_ppm, s.taker_ppm),
        greatest(coalesce(r.taker_ppm, s.taker_ppm) - coalesce(d.off_ppm, 0), 0,
          -s.maker_ppm_min, -d.terms_maker_ppm_min))
      END AS taker_ppm,
    t.version IS NOT NULL AS has_terms,
    CASE WHEN t.version IS NULL THEN coalesce(d.off_ppm, 0) ELSE 0 END AS off_ppm
  FROM fees.accounts a
  CROSS JOIN fees.current_schedules s
  LEFT JOIN LATERAL (
    SELECT t.* FROM fees.user_terms t
    WHERE t.user_id = a.user_id AND t.market = s.market ORDER BY t.version DESC LIMIT 1
  ) t ON t.maker_ppm IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT r.* FROM fees.tiers r
    WHERE r.schedule = s.schedule AND r.version = s.version
      AND r.volume_minor_min <= a.volume_minor
    ORDER BY r.volume_minor_min DESC LIMIT 1
  ) r ON true
  LEFT JOIN LATERAL (
    SELECT d.off_ppm,
      (SELECT min(x.maker_ppm) FROM fees.user_terms x
        WHERE x.market = s.market AND x.maker_ppm < 0) AS terms_maker_ppm_min,
      (SELECT min(x.taker_ppm) FROM fees.user_terms x
        WHERE x.market = s.market AND x.taker_ppm < 0) AS terms_taker_ppm_min
    FROM fees.discounts d
    WHERE d.user_id = a.user_id AND d.effective_from <= now()
    ORDER BY d.effective_from DESC, d.version DESC LIMIT 1
  ) d ON true;

-- Whoever sets rates waits for whoever is at it: what is checked below is over all of them.
CREATE FUNCTION fees.lock_rates() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('fees.rates', 0)) $$;

-- Refuses rates with which a rebate could be more than the fee of the other side: over the tiers of
-- all versions that hold now or will, and the terms of all users, in the market. An order keeps its
-- rates while it rests, so what a version before these has granted is not looked at.
CREATE FUNCTION fees.check_rebates(p_market text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  maker_min integer;
  taker_min integer;
BEGIN
  WITH own AS (
    SELECT s.* FROM fees.schedules s WHERE s.schedule = p_market AND s.effective_from >= coalesce((
      SELECT max(h.effective_from) FROM fees.schedules h
      WHERE h.schedule = p_market AND h.effective_from <= now()), '-infinity')
  ), common AS (
    SELECT s.* FROM fees.schedules s WHERE s.schedule = 'exchange'
      AND s.effective_from >= coalesce((SELECT max(h.effective_from) FROM fees.schedules h
        WHERE h.schedule = 'exchange' AND h.effective_from <= now()), '-infinity')
      AND (NOT EXISTS (SELECT FROM own WHERE own.effective_from <= now())
        OR EXISTS (SELECT FROM own WHERE own.maker_ppm IS NULL))
  ), terms AS (
    SELECT DISTINCT ON (t.user_id) t.* FROM fees.user_terms t WHERE t.market = p_market
    ORDER BY t.user_id, t.version DESC
  ), bounds AS (
    SELECT maker_ppm_min, taker_ppm_min FROM own
    UNION ALL SELECT maker_ppm_min, taker_ppm_min FROM common
    UNION ALL SELECT maker_ppm, taker_ppm FROM terms
  )
  SELECT min(b.maker_ppm_min), min(b.taker_ppm_min) INTO maker_min, taker_min FROM bounds b;
  IF maker_min + taker_min < 0 THEN
    RAISE EXCEPTION 'in % a maker may have % ppm and meet a taker who has % ppm: the rebate is more '
      'than the fee', p_market, maker_min, taker_min USING ERRCODE = 'check_violation', CONSTRAINT = 'rates_rebate_is_paid_for';
  END IF;
END $$;

-- Sets a schedule from a time on, at once without one, and answers its version. `p_tiers` is a list
-- of {tier, volumeMinorMin, makerPpm, takerPpm}, the first from volume 0 on; null ends a market's
-- own schedule. What holds at that time already makes no new version.
CREATE FUNCTION fees.set_schedule(p_schedule text, p_tiers jsonb, p_effective_from timestamptz,
  p_actor text, p_reason text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  given jsonb := coalesce(p_tiers, '[]');
  first_tier jsonb := given -> 0;
  held fees.schedules;
  held_tiers jsonb;
  next_version integer;
  from_time timestamptz;
  each_market text;
BEGIN
  PERFORM fees.lock_rates();
  SELECT s.* INTO held FROM fees.schedules s
  WHERE s.schedule = p_schedule AND s.effective_from <= coalesce(p_effective_from, now())
  ORDER BY s.effective_from DESC, s.version DESC LIMIT 1;
  SELECT jsonb_agg(x ORDER BY (x ->> 'volumeMinorMin')::numeric) INTO held_tiers FROM (
    SELECT jsonb_build_object('tier', held.tier, 'volumeMinorMin', '0', 'makerPpm', held.maker_ppm,
      'takerPpm', held.taker_ppm) WHERE held.maker_ppm IS NOT NULL
    UNION ALL
    SELECT jsonb_build_object('tier', t.tier, 'volumeMinorMin', t.volume_minor_min::text,
      'makerPpm', t.maker_ppm, 'takerPpm', t.taker_ppm)
    FROM fees.tiers t WHERE t.schedule = held.schedule AND t.version = held.version
  ) h (x);
  IF held.version IS NOT NULL AND coalesce(held_tiers, '[]') = given
    AND (p_effective_from IS NULL OR p_effective_from = held.effective_from) THEN
    RETURN held.version;
  END IF;
  IF coalesce((first_tier ->> 'volumeMinorMin')::numeric, 0) <> 0 THEN
    RAISE EXCEPTION 'the first tier of a schedule begins at volume 0'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'schedules_begin_at_zero';
  END IF;
  SELECT coalesce(max(s.version), 0) + 1 INTO next_version
  FROM fees.schedules s WHERE s.schedule = p_schedule;
  -- Two transactions may commit in another order than they began: the later version must win.
  from_time := coalesce(p_effective_from, greatest(now(), held.effective_from));
  INSERT INTO fees.schedules (schedule, version, tier, maker_ppm, taker_ppm, maker_ppm_min,
    taker_ppm_min, effective_from, actor, reason)
  SELECT p_schedule, next_version, coalesce(first_tier ->> 'tier', 'standard'),
    (first_tier ->> 'makerPpm')::integer, (first_tier ->> 'takerPpm')::integer,
    min((x ->> 'makerPpm')::integer), min((x ->> 'takerPpm')::integer), from_time, p_actor, p_reason
  FROM jsonb_array_elements(given) x;
  INSERT INTO fees.tiers (schedule, version, volume_minor_min, tier, maker_ppm, taker_ppm)
  SELECT p_schedule, next_version, (x ->> 'volumeMinorMin')::numeric, x ->> 'tier',
    (x ->> 'makerPpm')::integer, (x ->> 'takerPpm')::integer
  FROM jsonb_array_elements(given - 0) x;
  FOR each_market IN
    SELECT p_schedule WHERE p_schedule <> 'exchange'
    UNION SELECT m.market FROM reference.markets m WHERE p_schedule = 'exchange'
  LOOP
    PERFORM fees.check_rebates(each_market);
  END LOOP;
  RETURN next_version;
END $$;

-- One tier for a market, from now on.
CREATE FUNCTION fees.set_schedule(p_market text, p_maker_ppm integer, p_taker_ppm integer)
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT fees.set_schedule(p_market, jsonb_build_array(jsonb_build_object('tier', 'standard',
    'volumeMinorMin', '0', 'makerPpm', p_maker_ppm, 'takerPpm', p_taker_ppm)), NULL,
    session_user::text, 'not given')
$$;

CREATE FUNCTION fees.set_user_terms(p_user_id text, p_market text, p_tier text,
  p_maker_ppm integer, p_taker_ppm integer, p_actor text, p_reason text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  newest fees.user_terms;
BEGIN
  PERFORM fees.lock_rates();
  SELECT t.* INTO newest FROM fees.user_terms t WHERE t.user_id = p_user_id AND t.market = p_market
  ORDER BY t.version DESC LIMIT 1;
  IF newest.tier = p_tier AND newest.maker_ppm IS NOT DISTINCT FROM p_maker_ppm
    AND newest.taker_ppm IS NOT DISTINCT FROM p_taker_ppm THEN
    RETURN newest.version;
  END IF;
  INSERT INTO fees.user_terms (user_id, market, version, tier, maker_ppm, taker_ppm, actor, reason)
  VALUES (p_user_id, p_market, coalesce(newest.version, 0) + 1, p_tier, p_maker_ppm, p_taker_ppm,
    p_actor, p_reason);
  INSERT INTO fees.accounts (user_id) VALUES (p_user_id) ON CONFLICT DO NOTHING;
  PERFORM fees.check_rebates(p_market);
  RETURN coalesce(newest.version, 0) + 1;
END $$;

CREATE FUNCTION fees.set_user_terms(
  p_user_id text, p_market text, p_tier text, p_maker_ppm integer, p_taker_ppm integer)
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT fees.set_user_terms(p_user_id, p_market, p_tier, p_maker_ppm, p_taker_ppm,
    session_user::text, 'not given')
$$;

CREATE FUNCTION fees.set_discount(p_user_id text, p_off_ppm integer,
  p_effective_from timestamptz, p_actor text, p_reason text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held fees.discounts;
  next_version integer;
BEGIN
  PERFORM fees.lock_rates();
  SELECT d.* INTO held FROM fees.discounts d
  WHERE d.user_id = p_user_id AND d.effective_from <= coalesce(p_effective_from, now())
  ORDER BY d.effective_from DESC, d.version DESC LIMIT 1;
  IF held.off_ppm = p_off_ppm
    AND (p_effective_from IS NULL OR p_effective_from = held.effective_from) THEN
    RETURN held.version;
  END IF;
  SELECT coalesce(max(d.version), 0) + 1 INTO next_version
  FROM fees.discounts d WHERE d.user_id = p_user_id;
  INSERT INTO fees.discounts (user_id, version, off_ppm, effective_from, actor, reason)
  VALUES (p_user_id, next_version, p_off_ppm,
    coalesce(p_effective_from, greatest(now(), held.effective_from)), p_actor, p_reason);
  INSERT INTO fees.accounts (user_id) VALUES (p_user_id) ON CONFLICT DO NOTHING;
  RETURN next_version;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA fees FROM PUBLIC;
GRANT SELECT ON fees.current_rates, fees.current_user_rates TO bourse_orders, bourse_market_data;

RESET ROLE;
