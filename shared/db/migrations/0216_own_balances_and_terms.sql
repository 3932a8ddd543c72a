-- Own rows of the ledger, of fees and of risk. Each view is a barrier: no condition of a statement is
-- looked at before the owner's, but for those that can tell nothing. A barrier also hides its indexes
-- from the ORDER BY of a statement, so lists that are read page by page have their order in here. The
-- owner is a subquery, because the planner would look into a plain call: the plan that it keeps for
-- everybody must not be made for whoever comes first.
SET LOCAL ROLE bourse_ledger;

CREATE VIEW ledger.own_balances WITH (security_barrier) AS
  SELECT a.owner, a.account, a.asset, a.total, a.held
  FROM ledger.accounts a WHERE a.owner = (SELECT reference.owner_id());

-- Read account by account, each backwards along its index. The accounts are an array and no join, so
-- that nothing stands between the planner and that index.
CREATE VIEW ledger.own_postings WITH (security_barrier) AS
  SELECT p.account, p.asset, p.entry, p.leg, p.amount, p.balance_after, e.kind, e.reference_type,
    e.reference_id, e.created_at
  FROM ledger.postings p JOIN ledger.entries e ON e.entry = p.entry
  WHERE p.account = ANY (ARRAY(
    SELECT a.account FROM ledger.accounts a WHERE a.owner = (SELECT reference.owner_id())))
  ORDER BY p.account, p.entry DESC, p.leg DESC;

GRANT USAGE ON SCHEMA ledger TO bourse_ledger_own;
GRANT SELECT ON ledger.own_balances, ledger.own_postings TO bourse_ledger_own;
-- From here on the ledger function can read nothing but these.
REVOKE ALL ON ledger.balances, ledger.account_postings FROM bourse_ledger_reader;

RESET ROLE;
SET LOCAL ROLE bourse_fees_owner;

CREATE VIEW fees.own_account WITH (security_barrier) AS
  SELECT a.user_id, coalesce(o.volume_minor, a.volume_minor) AS volume_minor,
    coalesce(o.tier_day, a.tier_day) AS tier_day
  FROM fees.accounts a LEFT JOIN fees.accounts o ON o.user_id = a.owner_id
  WHERE a.user_id = (SELECT reference.owner_id());

CREATE VIEW fees.own_rates WITH (security_barrier) AS
  SELECT r.user_id, r.market, r.tier, r.maker_ppm, r.taker_ppm, r.has_terms, r.off_ppm
  FROM fees.current_user_rates r WHERE r.user_id = (SELECT reference.owner_id());

GRANT USAGE ON SCHEMA fees TO bourse_fees_own;
GRANT SELECT ON fees.own_account, fees.own_rates TO bourse_fees_own;
-- What everybody may see.
GRANT SELECT ON fees.current_rates, fees.current_schedules, fees.tiers, fees.reference_asset
  TO bourse_fees_own;

RESET ROLE;
SET LOCAL ROLE bourse_market_data_owner;
GRANT USAGE ON SCHEMA market_data TO bourse_fees_own;
GRANT SELECT ON market_data.best_prices TO bourse_fees_own;

RESET ROLE;
SET LOCAL ROLE bourse_settlement_owner;

CREATE VIEW settlement.own_volumes WITH (security_barrier) AS
  SELECT v.user_id, v.market, v.day, v.quote_minor
  FROM settlement.volumes v WHERE v.user_id = (SELECT reference.owner_id());
GRANT USAGE ON SCHEMA settlement TO bourse_fees_own;
GRANT SELECT ON settlement.own_volumes TO bourse_fees_own;

RESET ROLE;
-- What risk knows of somebody's balances and orders it asks as the owner of its functions: its login
-- never needs to.
SET LOCAL ROLE bourse_ledger;
GRANT USAGE ON SCHEMA ledger TO bourse_risk_owner;
GRANT SELECT ON ledger.balances TO bourse_risk_owner;
REVOKE ALL ON ledger.balances FROM bourse_risk;
REVOKE ALL ON SCHEMA ledger FROM bourse_risk;
RESET ROLE;
SET LOCAL ROLE bourse_orders_owner;
GRANT USAGE ON SCHEMA orders TO bourse_risk_owner;
GRANT SELECT ON orders.market_uses, orders.open_lots TO bourse_risk_owner;
REVOKE ALL ON orders.market_uses, orders.open_lots FROM bourse_risk;
REVOKE ALL ON SCHEMA orders FROM bourse_risk;
RESET ROLE;
SET LOCAL ROLE bourse_reference_owner;
GRANT EXECUTE ON FUNCTION reference.owner_number TO bourse_risk_owner;
RESET ROLE;

SET LOCAL ROLE bourse_risk_owner;

CREATE VIEW risk.own_account WITH (security_barrier) AS
  SELECT a.user_number, a.trading, a.withdrawal, a.frozen
  FROM risk.effective_accounts a WHERE a.user_number = (SELECT reference.owner_number());

-- A sub-account is changed with the account of its owner, too.
CREATE VIEW risk.own_account_changes WITH (security_barrier) AS
  SELECT (SELECT reference.owner_number()) AS user_number, c.what, c.changed_at
  FROM risk.account_changes c WHERE c.user_number = ANY (ARRAY[(SELECT reference.owner_number()),
    (SELECT a.owner_number FROM risk.accounts a
      WHERE a.user_number = (SELECT reference.owner_number()))]);

CREATE VIEW risk.own_limits WITH (security_barrier) AS
  SELECT l.user_number, l.scope, l.name, l.value
  FROM risk.limits l WHERE l.user_number = (SELECT reference.owner_number());

-- What holds for everybody.
CREATE VIEW risk.common_limits AS
  SELECT l.user_number, l.scope, l.name, l.value FROM risk.limits l WHERE l.user_number = 0;

-- Like views, of what is only worked out where it is asked for.
CREATE FUNCTION risk.own_uses(p_markets text[])
RETURNS TABLE (user_number bigint, market text, open_orders integer, waiting_orders bigint,
  open_tick_lots numeric, open_quote_minor numeric, turnover_day date, turnover_minor numeric,
  window_start_ms bigint, window_orders integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.* FROM risk.uses_of(
    array_fill(reference.owner_number(), ARRAY[cardinality(p_markets)]), p_markets) u
  WHERE reference.owner_number() IS NOT NULL
$$;
CREATE FUNCTION risk.own_positions(p_assets text[])
RETURNS TABLE (user_number bigint, asset text, total_minor numeric, open_buys_minor numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.* FROM risk.positions_of(
    array_fill(reference.owner_number(), ARRAY[cardinality(p_assets)]), p_assets) p
  WHERE reference.owner_number() IS NOT NULL
$$;
REVOKE ALL ON FUNCTION risk.own_uses, risk.own_positions FROM PUBLIC;
-- These take whomever they are given; they are called by functions of this schema.
REVOKE EXECUTE ON FUNCTION risk.uses_of, risk.positions_of, risk.read_uses, risk.read_for_accept
  FROM bourse_risk;

GRANT USAGE ON SCHEMA risk TO bourse_risk_own;
GRANT SELECT ON risk.own_account, risk.own_account_changes, risk.own_limits, risk.common_limits
  TO bourse_risk_own;
GRANT EXECUTE ON FUNCTION risk.own_uses, risk.own_positions TO bourse_risk_own;
-- For the operator.
GRANT SELECT ON risk.common_limits TO bourse_risk;

RESET ROLE;
