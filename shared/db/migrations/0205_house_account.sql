-- What the exchange gives its users out of its own pocket, and takes back: against the house account
-- of the asset, `house:<asset>`, which is funded from its fees and, like a user, never owes. So no
-- mistake can pay out more than somebody has put there before.
SET LOCAL ROLE bourse_ledger;

ALTER TABLE ledger.accounts
  DROP CONSTRAINT accounts_kind_matches_owner,
  ADD CONSTRAINT accounts_kind_matches_owner CHECK (
    CASE kind
      WHEN 'user' THEN starts_with(owner, 'usr_')
      WHEN 'fees' THEN starts_with(owner, 'fees:')
      WHEN 'house' THEN owner = 'house:' || asset
      WHEN 'custody' THEN owner = 'custody'
      ELSE false
    END);

ALTER TABLE ledger.entries
  DROP CONSTRAINT entries_kind_known,
  ADD CONSTRAINT entries_kind_known CHECK (kind IN ('deposit', 'trade', 'reversal', 'transfer',
    'adjustment', 'house_funding'));

CREATE OR REPLACE FUNCTION ledger.open_accounts(owners text[], assets text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO ledger.accounts (owner, asset, kind)
  SELECT w.owner, w.asset,
    CASE
      WHEN starts_with(w.owner, 'usr_') THEN 'user'
      WHEN starts_with(w.owner, 'fees:') THEN 'fees'
      WHEN starts_with(w.owner, 'house:') THEN 'house'
      WHEN w.owner = 'custody' THEN 'custody'
      ELSE 'unknown'
    END
  FROM unnest(owners, assets) w (owner, asset)
  WHERE NOT EXISTS (
    SELECT FROM ledger.accounts a WHERE a.owner = w.owner AND a.asset = w.asset)
  ORDER BY w.owner COLLATE "C", w.asset COLLATE "C"
  ON CONFLICT ON CONSTRAINT accounts_owner_asset_unique DO NOTHING;
END $$;

-- One entry of the house's, under the approval that it is done for: another of the same approval is
-- refused, whatever its amounts.
CREATE FUNCTION ledger.post_approved(p_kind text, p_approval text, p_owners text[], p_asset text,
  p_amounts numeric[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  legs integer := cardinality(p_owners);
  posted record;
BEGIN
  SELECT r.* INTO posted FROM ledger.post_entries(p_kind, p_owners,
    array_fill(p_asset, ARRAY[legs]), ARRAY[p_approval], ARRAY[p_kind], ARRAY[p_approval], NULL,
    NULL, array_fill(1, ARRAY[legs]), ARRAY(SELECT generate_series(1, legs)), p_amounts, '{}', '{}',
    '{}') r;
  IF cardinality(posted.repeats) > 0 THEN
    RAISE EXCEPTION 'the approval % was posted before', p_approval
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'entries_approval_once', SCHEMA = 'ledger',
        TABLE = 'entries';
  END IF;
END $$;

-- Credits a user from the house account of the asset, or debits them in its favour (a negative
-- amount). Refused with balances_available_not_negative when the one who gives has not so much
-- available. Answers what both have then.
CREATE FUNCTION ledger.admin_adjust(p_approval text, p_user text, p_asset text, p_amount numeric,
  OUT user_total numeric, OUT house_total numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  house text := 'house:' || p_asset;
BEGIN
  IF p_approval !~ '^apr_[0-9]{16}$' OR p_user !~ '^usr_[0-9]{16}$' THEN
    RAISE EXCEPTION 'an adjustment is of a user, and for an approval'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'adjustments_of_users';
  END IF;
  PERFORM ledger.post_approved('adjustment', p_approval, ARRAY[house, p_user], p_asset,
    ARRAY[-p_amount, p_amount]);
  SELECT a.total INTO user_total FROM ledger.accounts a
  WHERE a.owner = p_user AND a.asset = p_asset;
  SELECT a.total INTO house_total FROM ledger.accounts a
  WHERE a.owner = house AND a.asset = p_asset;
END $$;

-- Moves fees of an asset to its house account: out of the markets' accounts in the order in which
-- they were opened, never more than all of them together have, those that owe a rebate included.
-- Answers what fees and house have then.
CREATE FUNCTION ledger.admin_fund_house(p_approval text, p_asset text, p_amount numeric,
  OUT fees_total numeric, OUT house_total numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  house text := 'house:' || p_asset;
  givers text[];
  parts numeric[];
BEGIN
  PERFORM ledger.check_amounts(ARRAY[p_amount], true);
  IF p_approval !~ '^apr_[0-9]{16}$' THEN
    RAISE EXCEPTION 'a house account is funded for an approval'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'house_funded_for_approval';
  END IF;
  -- ':' is followed by ';': a range of the index, however many users there are.
  PERFORM FROM ledger.accounts a
  WHERE a.asset = p_asset AND (a.owner = house OR (a.owner >= 'fees:' AND a.owner < 'fees;'))
  ORDER BY a.account FOR NO KEY UPDATE;
  SELECT coalesce(sum(a.total), 0) INTO fees_total FROM ledger.accounts a
  WHERE a.asset = p_asset AND a.owner >= 'fees:' AND a.owner < 'fees;';
  IF p_amount > fees_total THEN
    RAISE EXCEPTION 'the fees in % are less than that', p_asset
      USING ERRCODE = 'check_violation', CONSTRAINT = 'house_funded_from_fees', SCHEMA = 'ledger',
        TABLE = 'accounts';
  END IF;
  SELECT array_agg(g.owner ORDER BY g.account),
    array_agg(-least(g.total, p_amount - g.before) ORDER BY g.account)
  INTO givers, parts
  FROM (
    SELECT a.account, a.owner::text AS owner, a.total,
      coalesce(sum(a.total) OVER (ORDER BY a.account
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM ledger.accounts a
    WHERE a.asset = p_asset AND a.owner >= 'fees:' AND a.owner < 'fees;' AND a.total > 0
  ) g
  WHERE g.before < p_amount;
  PERFORM ledger.post_approved('house_funding', p_approval, givers || house, p_asset,
    parts || p_amount);
  fees_total := fees_total - p_amount;
  SELECT a.total INTO house_total FROM ledger.accounts a
  WHERE a.owner = house AND a.asset = p_asset;
END $$;

REVOKE ALL ON FUNCTION ledger.post_approved, ledger.admin_adjust, ledger.admin_fund_house
  FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO bourse_admin;
GRANT EXECUTE ON FUNCTION ledger.admin_adjust, ledger.admin_fund_house TO bourse_admin;

RESET ROLE;
