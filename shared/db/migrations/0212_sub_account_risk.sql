-- Flags and trade group of a sub-account are those of its owner, looked up at each accept: so they
-- cannot come apart, not even where an account is made while its owner is frozen.
SET LOCAL ROLE bourse_risk_owner;

ALTER TABLE risk.accounts
  -- Of a sub-account: whose it is. Written with the row and never changed.
  ADD COLUMN owner_number bigint,
  ADD CONSTRAINT accounts_owner_is_another CHECK (owner_number <> user_number),
  ADD CONSTRAINT accounts_group_is_the_owners
    CHECK (owner_number IS NULL OR trade_group IS NULL);
CREATE INDEX accounts_by_owner ON risk.accounts (owner_number) WHERE owner_number IS NOT NULL;

-- Groups that no operator has chosen, above all that one would.
CREATE SEQUENCE risk.own_groups AS integer START WITH 1000000000 MINVALUE 1000000000;

-- What users adds a sub-account with. Its owner has a group from the first one on: orders that rest
-- already keep what they were placed with.
CREATE FUNCTION risk.add_sub_account(p_user bigint, p_owner bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own_group integer;
BEGIN
  PERFORM pg_advisory_xact_lock(7105115, risk.flag_lock(p_owner));
  INSERT INTO risk.accounts (user_number) VALUES (p_owner) ON CONFLICT DO NOTHING;
  IF (SELECT a.trade_group FROM risk.accounts a WHERE a.user_number = p_owner) IS NULL THEN
    own_group := nextval('risk.own_groups');
    INSERT INTO risk.account_changes (user_number, what, trade_group, actor, reason)
    VALUES (p_owner, 'group', own_group, 'users', 'the first sub-account');
    UPDATE risk.accounts SET trade_group = own_group WHERE user_number = p_owner;
  END IF;
  INSERT INTO risk.accounts (user_number, owner_number) VALUES (p_user, p_owner);
END $$;

-- As before; and whoever has sub-accounts has a group.
CREATE OR REPLACE FUNCTION risk.set_trade_group(
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
  IF p_group IS NULL AND EXISTS (SELECT FROM risk.accounts a WHERE a.owner_number = p_user) THEN
    RAISE EXCEPTION 'user % has sub-accounts', p_user USING ERRCODE = 'check_violation',
      CONSTRAINT = 'accounts_owner_has_group', SCHEMA = 'risk', TABLE = 'accounts';
  END IF;
  INSERT INTO risk.account_changes (user_number, what, trade_group, actor, reason)
  VALUES (p_user, 'group', p_group, p_actor, p_reason);
  UPDATE risk.accounts SET trade_group = p_group WHERE user_number = p_user;
  RETURN true;
END $$;

-- What holds of users, with what comes from their owners. A lock of an owner is taken with those of
-- the users: whoever sets the owner's flag waits for orders of all the owner's accounts.
CREATE FUNCTION risk.share_flag_locks(p_users bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7105115, s.lock) FROM (
    SELECT risk.flag_lock(u.n) AS lock FROM unnest(p_users) u (n)
    UNION
    SELECT risk.flag_lock(a.owner_number) FROM risk.accounts a
    WHERE a.user_number = ANY (p_users) AND a.owner_number IS NOT NULL
    ORDER BY 1
  ) s;
END $$;

CREATE VIEW risk.effective_accounts AS
  SELECT a.user_number, a.owner_number, a.trading AND coalesce(o.trading, true) AS trading,
    a.withdrawal AND coalesce(o.withdrawal, true) AS withdrawal,
    a.frozen OR coalesce(o.frozen, false) AS frozen,
    coalesce(o.trade_group, a.trade_group) AS trade_group
  FROM risk.accounts a LEFT JOIN risk.accounts o ON o.user_number = a.owner_number;

-- As before, with the owners.
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
  PERFORM risk.share_flag_locks(p_users);
  SELECT json_agg(json_build_object('userNumber', a.user_number, 'trading', a.trading,
      'frozen', a.frozen, 'tradeGroup', a.trade_group)) INTO accounts
  FROM risk.effective_accounts a WHERE a.user_number = ANY (p_users);
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

-- Whether one of the users is frozen, and stays so or not until the transaction ends: whoever sets
-- the flag waits for it. Volatile: the second statement sees what was committed before the lock.
CREATE FUNCTION risk.read_for_transfer(p_users bigint[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM risk.share_flag_locks(p_users);
  RETURN EXISTS (SELECT FROM risk.effective_accounts a
    WHERE a.user_number = ANY (p_users) AND a.frozen);
END $$;

REVOKE ALL ON FUNCTION risk.add_sub_account, risk.share_flag_locks, risk.read_for_transfer
  FROM PUBLIC;
GRANT USAGE ON SCHEMA risk TO bourse_users;
GRANT EXECUTE ON FUNCTION risk.add_sub_account, risk.read_for_transfer TO bourse_users;
-- For the operator.
GRANT SELECT (user_number, trade_group) ON risk.effective_accounts TO bourse_risk;

RESET ROLE;
