-- Account flags, limits and trade groups: what the risk function owns, and what orders reads of it in
-- the transaction that accepts.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bourse_risk') THEN
    BEGIN
      CREATE ROLE bourse_risk NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this server was migrated at the same moment
    END;
  END IF;
END $$;

CREATE SCHEMA risk AUTHORIZATION bourse_risk;

SET LOCAL ROLE bourse_reference;
GRANT USAGE ON SCHEMA reference TO bourse_risk;
GRANT SELECT ON reference.assets, reference.markets TO bourse_risk;
RESET ROLE;

SET LOCAL ROLE bourse_ledger;
GRANT USAGE ON SCHEMA ledger TO bourse_risk;
GRANT SELECT ON ledger.balances TO bourse_risk;
RESET ROLE;

SET LOCAL ROLE bourse_orders;

-- What was accepted on a UTC day, in quote: counted in the row that an accept writes anyway. Without
-- a precision, because a sum must never be what an order fails of.
ALTER TABLE orders.open_counts
  ADD COLUMN turnover_day date,
  ADD COLUMN turnover_minor numeric NOT NULL DEFAULT 0;

CREATE VIEW orders.market_uses AS
  SELECT user_number, market, open_orders, turnover_day, turnover_minor FROM orders.open_counts;

CREATE VIEW orders.open_lots AS
  SELECT user_number, market, side,
    trigger_type IS NOT NULL AND status IN ('accepted', 'untriggered') AS is_waiting,
    price_ticks, remaining_lots, quote_amount_minor - filled_quote_minor AS quote_left_minor
  FROM orders.orders WHERE is_open;

GRANT USAGE ON SCHEMA orders TO bourse_risk;
GRANT SELECT ON orders.market_uses, orders.open_lots TO bourse_risk;
RESET ROLE;

SET LOCAL ROLE bourse_risk;

-- What holds now; no row: everything is allowed, and the user is in no group.
CREATE TABLE risk.accounts (
  user_number bigint PRIMARY KEY CONSTRAINT accounts_user_positive CHECK (user_number > 0),
  trading boolean NOT NULL DEFAULT true,
  withdrawal boolean NOT NULL DEFAULT true,
  frozen boolean NOT NULL DEFAULT false,
  trade_group integer CONSTRAINT accounts_trade_group_positive CHECK (trade_group > 0)
);

-- Each change of it, for ever: a flag is on or off, a group has a number or none.
CREATE TABLE risk.account_changes (
  change_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_number bigint NOT NULL,
  what text NOT NULL CONSTRAINT account_changes_what_known
    CHECK (what IN ('trading', 'withdrawal', 'frozen', 'group')),
  is_on boolean,
  trade_group integer,
  actor text NOT NULL
    CONSTRAINT account_changes_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL
    CONSTRAINT account_changes_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  -- What the actor says of himself can be anything; this is who the database knew.
  database_role name NOT NULL DEFAULT session_user,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT account_changes_flag_or_group CHECK ((what = 'group') = (is_on IS NULL))
);
CREATE INDEX account_changes_by_user ON risk.account_changes (user_number, change_number DESC);

-- Limits that hold now. User 0 is everybody; scope is a market, for positions an asset, `*` for all.
-- Amounts are whole units of the market's base or quote, or of the asset: decimals as on the wire.
CREATE TABLE risk.limits (
  user_number bigint NOT NULL CONSTRAINT limits_user_not_negative CHECK (user_number >= 0),
  scope text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL CONSTRAINT limits_name_known CHECK (name IN ('open_orders_max',
    'waiting_orders_max', 'order_quantity_max', 'order_notional_max', 'open_notional_max',
    'position_max', 'turnover_max')),
  value numeric(38, 18) NOT NULL CONSTRAINT limits_value_not_negative CHECK (value >= 0),
  CONSTRAINT limits_pkey PRIMARY KEY (user_number, scope, name),
  CONSTRAINT limits_scope_fits CHECK (
    scope = '*' OR scope ~ (CASE name WHEN 'position_max' THEN '^[A-Z0-9]{2,10}$'
      ELSE '^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$' END)),
  CONSTRAINT limits_counts_are_whole CHECK (
    name NOT IN ('open_orders_max', 'waiting_orders_max') OR value = trunc(value))
);

-- Each change, for ever; without a value the limit ended.
CREATE TABLE risk.limit_changes (
  change_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_number bigint NOT NULL,
  scope text NOT NULL,
  name text NOT NULL,
  value numeric(38, 18),
  actor text NOT NULL
    CONSTRAINT limit_changes_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL
    CONSTRAINT limit_changes_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  database_role name NOT NULL DEFAULT session_user,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX limit_changes_by_user ON risk.limit_changes (user_number, change_number DESC);

CREATE FUNCTION risk.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on risk.% is refused: it is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_NAME, SCHEMA = 'risk',
      TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER account_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
  ON risk.account_changes FOR EACH STATEMENT EXECUTE FUNCTION risk.refuse_change();
CREATE TRIGGER limit_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
  ON risk.limit_changes FOR EACH STATEMENT EXECUTE FUNCTION risk.refuse_change();

-- "A flag that is committed stops the next order": no transaction that accepts an order of the user
-- may have looked before and commit after. So each takes a lock that it shares with all others before
-- it looks (read_for_accept), and whoever sets a flag takes the same lock for himself: it is granted
-- when nobody is left who has looked, and who comes later waits and then sees the flag. Not a lock on
-- the account's row, which most users have not got; nor on the table, which a backup would keep from
-- the operator for hours. Users share 64 locks: a batch of 200 users must not fill the server's
-- table of locks, and a flag makes only one user in 64 wait, for as long as one accept takes.
CREATE FUNCTION risk.flag_lock(p_user bigint) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$ SELECT (p_user % 64)::integer $$;

-- Answers whether anything changed.
CREATE FUNCTION risk.set_flag(
  p_user bigint, p_flag text, p_on boolean, p_actor text, p_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_on boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(7105115, risk.flag_lock(p_user));
  INSERT INTO risk.accounts (user_number) VALUES (p_user) ON CONFLICT DO NOTHING;
  SELECT CASE p_flag WHEN 'trading' THEN a.trading WHEN 'withdrawal' THEN a.withdrawal
    WHEN 'frozen' THEN a.frozen END INTO is_on
  FROM risk.accounts a WHERE a.user_number = p_user;
  IF is_on = p_on THEN
    RETURN false;
  END IF;
  INSERT INTO risk.account_changes (user_number, what, is_on, actor, reason)
  VALUES (p_user, p_flag, p_on, p_actor, p_reason);
  UPDATE risk.accounts a SET
    trading = CASE p_flag WHEN 'trading' THEN p_on ELSE a.trading END,
    withdrawal = CASE p_flag WHEN 'withdrawal' THEN p_on ELSE a.withdrawal END,
    frozen = CASE p_flag WHEN 'frozen' THEN p_on ELSE a.frozen END
  WHERE a.user_number = p_user;
  RETURN true;
END $$;

CREATE FUNCTION risk.set_trade_group(
  p_user bigint, p_group integer, p_actor text, p_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held integer;
BEGIN
  PERFORM pg_advisory_xact_lock(7105115, risk.flag_lock(p_user));
  INSERT INTO risk.accounts (user_number) VALUES (p_user) ON CONFLICT DO NOTHING;
  SELECT a.trade_group INTO held FROM risk.accounts a WHERE a.user_number = p_user;
  IF held IS NOT DISTINCT FROM p_group THEN
    RETURN false;
  END IF;
  INSERT INTO risk.account_changes (user_number, what, trade_group, actor, reason)
  VALUES (p_user, 'group', p_group, p_actor, p_reason);
  UPDATE risk.accounts SET trade_group = p_group WHERE user_number = p_user;
  RETURN true;
END $$;

-- Null ends a limit.
CREATE FUNCTION risk.set_limit(p_user bigint, p_scope text, p_name text, p_value numeric,
  p_actor text, p_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held numeric;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('risk.limits', 0));
  SELECT l.value INTO held FROM risk.limits l
  WHERE l.user_number = p_user AND l.scope = p_scope AND l.name = p_name;
  IF held IS NOT DISTINCT FROM p_value THEN
    RETURN false;
  END IF;
  IF p_value IS NULL THEN
    DELETE FROM risk.limits
    WHERE user_number = p_user AND scope = p_scope AND name = p_name;
  ELSE
    INSERT INTO risk.limits VALUES (p_user, p_scope, p_name, p_value)
    ON CONFLICT ON CONSTRAINT limits_pkey DO UPDATE SET value = excluded.value;
  END IF;
  INSERT INTO risk.limit_changes (user_number, scope, name, value, actor, reason)
  VALUES (p_user, p_scope, p_name, p_value, p_actor, p_reason);
  RETURN true;
END $$;

-- What users have open and have had accepted, by market. Orders sized by quote amount have no lots
-- that mean anything: they count by what is left of the amount.
CREATE FUNCTION risk.uses_of(p_users bigint[], p_markets text[])
RETURNS TABLE (user_number bigint, market text, open_orders integer, waiting_orders bigint,
  open_tick_lots numeric, open_quote_minor numeric, turnover_day date, turnover_minor numeric)
LANGUAGE sql STABLE AS $$
  SELECT w.user_number, w.market, coalesce(c.open_orders, 0), coalesce(o.waiting_orders, 0),
    coalesce(o.tick_lots, 0), coalesce(o.quote_minor, 0), c.turnover_day,
    coalesce(c.turnover_minor, 0)
  FROM unnest(p_users, p_markets) w (user_number, market)
  LEFT JOIN orders.market_uses c ON c.user_number = w.user_number AND c.market = w.market
  LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.is_waiting) AS waiting_orders,
      sum(l.price_ticks::numeric * l.remaining_lots) FILTER (WHERE l.quote_left_minor IS NULL)
        AS tick_lots,
      sum(l.quote_left_minor) AS quote_minor
    FROM orders.open_lots l WHERE l.user_number = w.user_number AND l.market = w.market
  ) o ON true
$$;

-- What users have of an asset, held or not, and what their open buys would add, in base units.
CREATE FUNCTION risk.positions_of(p_users bigint[], p_assets text[])
RETURNS TABLE (user_number bigint, asset text, total_minor numeric, open_buys_minor numeric)
LANGUAGE sql STABLE AS $$
  SELECT w.user_number, w.asset, coalesce(b.total, 0), coalesce(o.minor, 0)
  FROM unnest(p_users, p_assets) w (user_number, asset)
  LEFT JOIN ledger.balances b
    ON b.owner = 'usr_' || lpad(w.user_number::text, 16, '0') AND b.asset = w.asset
  LEFT JOIN LATERAL (
    SELECT sum(trunc(g.lots * m.lot_size * 10::numeric ^ a.decimals)) AS minor FROM (
      SELECT l.market, sum(l.remaining_lots) AS lots FROM orders.open_lots l
      WHERE l.user_number = w.user_number AND l.side = 'buy' AND l.quote_left_minor IS NULL
        AND split_part(l.market, '-', 1) = w.asset
      GROUP BY l.market
    ) g
    JOIN reference.markets m ON m.market = g.market
    JOIN reference.assets a ON a.asset = m.base
  ) o ON true
$$;

-- Published: what an accept is decided on, for the users and markets of a batch; null when there is
-- nothing to say of any of them, as for most. Volatile, so that each statement in it sees what was
-- committed when it begins: after the locks. Who has a limit on what he uses is locked for himself,
-- so that two instances cannot count the same use twice.
CREATE FUNCTION risk.read_for_accept(p_users bigint[], p_markets text[]) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  accounts json;
  limits json;
  uses json;
  positions json;
BEGIN
  IF cardinality(p_users) = 0 THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock_shared(7105115, s.lock) FROM (
    SELECT DISTINCT risk.flag_lock(u.n) AS lock FROM unnest(p_users) u (n) ORDER BY 1
  ) s;
  SELECT json_agg(json_build_object('userNumber', a.user_number, 'trading', a.trading,
      'frozen', a.frozen, 'tradeGroup', a.trade_group)) INTO accounts
  FROM risk.accounts a WHERE a.user_number = ANY (p_users);
  SELECT json_agg(json_build_object('userNumber', l.user_number, 'scope', l.scope,
      'name', l.name, 'value', trim_scale(l.value)::text)) INTO limits
  FROM risk.limits l
  WHERE l.user_number = ANY (p_users || 0::bigint) AND l.scope = ANY (p_markets || '*'::text
    || ARRAY(SELECT DISTINCT split_part(m.name, '-', 1) FROM unnest(p_markets) m (name)));
  IF limits IS NOT NULL THEN
    SELECT u.uses, u.positions INTO uses, positions
    FROM risk.read_uses(p_users, p_markets) u;
  ELSIF accounts IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN json_build_object('accounts', coalesce(accounts, '[]'), 'limits', coalesce(limits, '[]'),
    'uses', coalesce(uses, '[]'), 'positions', coalesce(positions, '[]'));
END $$;

-- The part of it that only limits on use need; the sum over open orders is not for nothing.
CREATE FUNCTION risk.read_uses(p_users bigint[], p_markets text[], OUT uses json,
  OUT positions json)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  limited_users bigint[];
  limited_markets text[];
  holding_users bigint[];
  assets text[];
BEGIN
  SELECT array_agg(w.u), array_agg(w.m) INTO limited_users, limited_markets
  FROM unnest(p_users, p_markets) w (u, m)
  WHERE EXISTS (SELECT FROM risk.limits l WHERE l.user_number IN (0, w.u) AND l.scope IN ('*', w.m)
    AND l.name IN ('waiting_orders_max', 'open_notional_max', 'turnover_max'));
  SELECT array_agg(d.u), array_agg(d.a) INTO holding_users, assets FROM (
    SELECT DISTINCT w.u, split_part(w.m, '-', 1) FROM unnest(p_users, p_markets) w (u, m)
  ) d (u, a)
  WHERE EXISTS (SELECT FROM risk.limits l WHERE l.user_number IN (0, d.u) AND l.scope IN ('*', d.a)
    AND l.name = 'position_max');
  IF limited_users IS NULL AND holding_users IS NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(7105116, s.lock) FROM (
    SELECT DISTINCT (u.n % 2147483647)::integer AS lock
    FROM unnest(limited_users || holding_users) u (n) ORDER BY 1
  ) s;
  SELECT json_agg(json_build_object('userNumber', u.user_number, 'market', u.market,
      'waitingOrders', u.waiting_orders, 'openTickLots', u.open_tick_lots::text,
      'openQuoteMinor', u.open_quote_minor::text, 'turnoverDay', u.turnover_day,
      'turnoverMinor', u.turnover_minor::text)) INTO uses
  FROM risk.uses_of(limited_users, limited_markets) u;
  SELECT json_agg(json_build_object('userNumber', p.user_number, 'asset', p.asset,
      'totalMinor', p.total_minor::text, 'openBuysMinor', p.open_buys_minor::text)) INTO positions
  FROM risk.positions_of(holding_users, assets) p;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA risk FROM PUBLIC;
GRANT USAGE ON SCHEMA risk TO bourse_orders;
GRANT EXECUTE ON FUNCTION risk.read_for_accept(bigint[], text[]) TO bourse_orders;

RESET ROLE;
