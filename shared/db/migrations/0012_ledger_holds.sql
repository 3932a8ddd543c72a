-- Holds, made inside the transaction that accepts what they are for (design decision 3). Everybody
-- locks accounts in rising account number and before anything that hangs on them, so that no two
-- transactions wait for each other.
SET ROLE bourse_ledger;

-- Amounts are whole: a column of whole numbers would round a fraction instead of refusing it.
CREATE FUNCTION ledger.check_amounts(amounts numeric[], positive boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM unnest(amounts) u (amount)
    WHERE u.amount IS NULL OR NOT (abs(u.amount) < 1e38) OR u.amount <> trunc(u.amount)
      OR (positive AND u.amount <= 0)
  ) THEN
    RAISE EXCEPTION 'an amount is not a whole number of base units, or not positive'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'amounts_whole_and_positive';
  END IF;
END $$;

-- Locks the accounts that exist, until the end of the transaction, and answers what is in them.
-- An account that is not answered was never opened: it is empty.
CREATE FUNCTION ledger.lock_balances(owners text[], assets text[])
RETURNS TABLE (owner text, asset text, total numeric, held numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
    SELECT a.owner::text, a.asset::text, a.total, a.held
    FROM (SELECT DISTINCT u.o, u.a FROM unnest(owners, assets) u (o, a)) w
    JOIN ledger.accounts a ON a.owner = w.o AND a.asset = w.a
    ORDER BY a.account
    FOR NO KEY UPDATE OF a;
END $$;

-- Makes one hold a position. All or nothing: refused with balances_available_not_negative when an
-- account does not cover its holds (an account that was never opened covers none), with holds_pkey
-- when a name was used before.
CREATE FUNCTION ledger.make_holds(
  hold_names text[], owners text[], assets text[], amounts numeric[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  made bigint;
BEGIN
  PERFORM ledger.check_amounts(amounts, true);
  PERFORM FROM ledger.lock_balances(owners, assets);
  WITH inserted AS (
    INSERT INTO ledger.holds (hold, account, made, remaining)
    SELECT w.hold, a.account, w.amount, w.amount
    FROM unnest(hold_names, owners, assets, amounts) w (hold, owner, asset, amount)
    JOIN ledger.accounts a ON a.owner = w.owner AND a.asset = w.asset
    RETURNING account, holds.made AS amount
  ), changed AS (
    UPDATE ledger.accounts a SET held = a.held + d.amount
    FROM (SELECT i.account, sum(i.amount) AS amount FROM inserted i GROUP BY i.account) d
    WHERE a.account = d.account
  )
  SELECT count(*) INTO made FROM inserted;
  IF made <> cardinality(hold_names) THEN
    RAISE EXCEPTION 'a hold names an account that was never opened'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'balances_available_not_negative',
        SCHEMA = 'ledger', TABLE = 'accounts';
  END IF;
END $$;

-- Adds to holds that exist; refused like make_holds. Throws holds_known when a name is unknown.
CREATE FUNCTION ledger.increase_holds(hold_names text[], amounts numeric[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  increased bigint;
BEGIN
  PERFORM ledger.check_amounts(amounts, true);
  PERFORM FROM ledger.accounts a
    WHERE a.account IN (
      SELECT h.account FROM unnest(hold_names) w (hold) JOIN ledger.holds h ON h.hold = w.hold)
    ORDER BY a.account FOR NO KEY UPDATE;
  WITH wanted AS (
    SELECT w.hold, sum(w.amount) AS amount
    FROM unnest(hold_names, amounts) w (hold, amount) GROUP BY w.hold
  ), increases AS (
    UPDATE ledger.holds h SET made = h.made + w.amount, remaining = h.remaining + w.amount
    FROM wanted w WHERE h.hold = w.hold
    RETURNING h.account, w.amount
  ), changed AS (
    UPDATE ledger.accounts a SET held = a.held + d.amount
    FROM (SELECT i.account, sum(i.amount) AS amount FROM increases i GROUP BY i.account) d
    WHERE a.account = d.account
  )
  SELECT count(*) INTO increased FROM increases;
  IF increased <> (SELECT count(DISTINCT w.hold) FROM unnest(hold_names) w (hold)) THEN
    RAISE EXCEPTION 'an increase names a hold that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'holds_known', SCHEMA = 'ledger',
        TABLE = 'holds';
  END IF;
END $$;

RESET ROLE;
