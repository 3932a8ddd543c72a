-- Orders and amends of a user that a market has accepted in one window of ten seconds: counted in
-- the row that an accept writes anyway, and held to a limit of risk's.
SET LOCAL ROLE bourse_orders;

-- Windows begin at multiples of 10,000 ms since 1970; 0 before the first.
ALTER TABLE orders.open_counts
  ADD COLUMN window_start_ms bigint NOT NULL DEFAULT 0,
  ADD COLUMN window_orders integer NOT NULL DEFAULT 0
    CONSTRAINT open_counts_window_not_negative CHECK (window_orders >= 0);

CREATE OR REPLACE VIEW orders.market_uses AS
  SELECT user_number, market, open_orders, turnover_day, turnover_minor, window_start_ms,
    window_orders
  FROM orders.open_counts;

RESET ROLE;

SET LOCAL ROLE bourse_risk;

ALTER TABLE risk.limits
  DROP CONSTRAINT limits_name_known,
  ADD CONSTRAINT limits_name_known CHECK (name IN ('open_orders_max', 'waiting_orders_max',
    'order_quantity_max', 'order_notional_max', 'open_notional_max', 'position_max',
    'turnover_max', 'orders_per_10s_max')),
  DROP CONSTRAINT limits_counts_are_whole,
  ADD CONSTRAINT limits_counts_are_whole CHECK (
    name NOT IN ('open_orders_max', 'waiting_orders_max', 'orders_per_10s_max')
    OR value = trunc(value));

-- As before, with the window.
DROP FUNCTION risk.uses_of(bigint[], text[]);
CREATE FUNCTION risk.uses_of(p_users bigint[], p_markets text[])
RETURNS TABLE (user_number bigint, market text, open_orders integer, waiting_orders bigint,
  open_tick_lots numeric, open_quote_minor numeric, turnover_day date, turnover_minor numeric,
  window_start_ms bigint, window_orders integer)
LANGUAGE sql STABLE AS $$
  SELECT w.user_number, w.market, coalesce(c.open_orders, 0), coalesce(o.waiting_orders, 0),
    coalesce(o.tick_lots, 0), coalesce(o.quote_minor, 0), c.turnover_day,
    coalesce(c.turnover_minor, 0), coalesce(c.window_start_ms, 0), coalesce(c.window_orders, 0)
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

-- As before, with the counts of windows: of these alone, one row is read and nothing is summed.
DROP FUNCTION risk.read_uses(bigint[], text[]);
CREATE FUNCTION risk.read_uses(p_users bigint[], p_markets text[], OUT uses json,
  OUT positions json, OUT windows json)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  limited_users bigint[];
  limited_markets text[];
  holding_users bigint[];
  assets text[];
  rated_users bigint[];
  rated_markets text[];
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
  SELECT array_agg(w.u), array_agg(w.m) INTO rated_users, rated_markets
  FROM unnest(p_users, p_markets) w (u, m)
  WHERE EXISTS (SELECT FROM risk.limits l WHERE l.user_number IN (0, w.u) AND l.scope IN ('*', w.m)
    AND l.name = 'orders_per_10s_max');
  IF limited_users IS NULL AND holding_users IS NULL AND rated_users IS NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(7105116, s.lock) FROM (
    SELECT DISTINCT (u.n % 2147483647)::integer AS lock
    FROM unnest(limited_users || holding_users || rated_users) u (n) ORDER BY 1
  ) s;
  IF limited_users IS NOT NULL THEN
    SELECT json_agg(json_build_object('userNumber', u.user_number, 'market', u.market,
        'waitingOrders', u.waiting_orders, 'openTickLots', u.open_tick_lots::text,
        'openQuoteMinor', u.open_quote_minor::text, 'turnoverDay', u.turnover_day,
        'turnoverMinor', u.turnover_minor::text)) INTO uses
    FROM risk.uses_of(limited_users, limited_markets) u;
  END IF;
  IF holding_users IS NOT NULL THEN
    SELECT json_agg(json_build_object('userNumber', p.user_number, 'asset', p.asset,
        'totalMinor', p.total_minor::text, 'openBuysMinor', p.open_buys_minor::text)) INTO positions
    FROM risk.positions_of(holding_users, assets) p;
  END IF;
  IF rated_users IS NOT NULL THEN
    SELECT json_agg(json_build_object('userNumber', c.user_number, 'market', c.market,
        'startMs', c.window_start_ms, 'orders', c.window_orders)) INTO windows
    FROM unnest(rated_users, rated_markets) w (u, m)
    JOIN orders.market_uses c ON c.user_number = w.u AND c.market = w.m;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION risk.read_for_accept(p_users bigint[], p_markets text[]) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  accounts json;
  limits json;
  uses json;
  positions json;
  windows json;
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
    SELECT u.uses, u.positions, u.windows INTO uses, positions, windows
    FROM risk.read_uses(p_users, p_markets) u;
  ELSIF accounts IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN json_build_object('accounts', coalesce(accounts, '[]'), 'limits', coalesce(limits, '[]'),
    'uses', coalesce(uses, '[]'), 'positions', coalesce(positions, '[]'),
    'windows', coalesce(windows, '[]'));
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA risk FROM PUBLIC;

RESET ROLE;
