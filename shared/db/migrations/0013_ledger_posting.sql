-- Journal entries: the one function that posts, and what is built on it. A batch of entries comes
-- as parallel arrays; one call is a handful of set-based statements, whatever the batch.
SET ROLE bourse_ledger;

-- Posts entries of one kind and takes amounts out of holds, all or nothing.
--
-- account_owners/assets  the accounts of the batch; those that do not exist are opened
-- entry_*                one position an entry; reverses and metadata may be shorter or null
-- posting_entries        position of the posting's entry (from 1), rising
-- posting_accounts       position of its account in account_owners
-- take_entries           position of the entry that takes from the hold, 0 for a plain release
--
-- An entry whose (kind, key) was posted before is a repeat: it changes nothing, neither do its
-- takes, and its position is answered in repeats. With other postings than before the whole call
-- is refused with entries_business_key_reused. numbers answers each position's entry.
CREATE FUNCTION ledger.post_entries(
  entry_kind text,
  account_owners text[], account_assets text[],
  entry_keys text[], entry_reference_types text[], entry_reference_ids text[],
  entry_reverses bigint[], entry_metadata jsonb[],
  posting_entries integer[], posting_accounts integer[], posting_amounts numeric[],
  take_entries integer[], take_holds text[], take_amounts numeric[],
  OUT numbers bigint[], OUT repeats integer[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Pinned plans: every set joins a table through its primary key. Left alone, the planner reads the
-- whole table into a hash as soon as that looks cheaper.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  account_ids bigint[];
  entry_count integer := cardinality(entry_keys);
  changed integer;
  fresh_posting_entries integer[] := posting_entries;
  fresh_posting_accounts integer[] := posting_accounts;
  fresh_posting_amounts numeric[] := posting_amounts;
  fresh_take_holds text[] := take_holds;
  fresh_take_amounts numeric[] := take_amounts;
BEGIN
  repeats := '{}';
  numbers := '{}';
  PERFORM ledger.check_amounts(posting_amounts, false), ledger.check_amounts(take_amounts, true);

  -- 1. Resolve, opening what is missing, and lock in rising account number. Holds hang on their
  -- account's lock.
  FOR attempt IN 1..2 LOOP
    account_ids := ARRAY(
      SELECT a.account
      FROM unnest(account_owners, account_assets) WITH ORDINALITY w (owner, asset, position)
      JOIN ledger.accounts a ON a.owner = w.owner AND a.asset = w.asset
      ORDER BY w.position);
    EXIT WHEN cardinality(account_ids) = cardinality(account_owners);
    -- Another transaction's account that our snapshot does not show: begin again with a new one.
    IF attempt = 2 THEN
      RAISE EXCEPTION 'an account was opened by another transaction meanwhile'
        USING ERRCODE = 'serialization_failure';
    END IF;
    PERFORM ledger.open_accounts(account_owners, account_assets);
  END LOOP;
  PERFORM FROM ledger.accounts a
    WHERE a.account IN (
      SELECT u.id FROM unnest(account_ids) u (id)
      UNION
      SELECT h.account FROM unnest(take_holds) t (hold) JOIN ledger.holds h ON h.hold = t.hold)
    ORDER BY a.account FOR NO KEY UPDATE;

  -- 2. The entries. Keys are inserted in order for the same reason that accounts are locked so.
  IF entry_count > 0 THEN
    numbers := ARRAY(SELECT nextval('ledger.entry_numbers') FROM generate_series(1, entry_count));
    INSERT INTO ledger.entries
      (entry, kind, business_key, reference_type, reference_id, reverses, metadata)
    SELECT e.entry, entry_kind, e.key, e.reference_type, e.reference_id, e.reverses, e.metadata
    FROM unnest(numbers, entry_keys, entry_reference_types, entry_reference_ids, entry_reverses,
      entry_metadata) e (entry, key, reference_type, reference_id, reverses, metadata)
    ORDER BY e.key, e.entry
    ON CONFLICT ON CONSTRAINT entries_business_key_unique DO NOTHING;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> entry_count THEN
      SELECT array_agg(k.position::integer ORDER BY k.position) INTO repeats
      FROM unnest(numbers) WITH ORDINALITY k (entry, position)
      WHERE NOT EXISTS (SELECT FROM ledger.entries e WHERE e.entry = k.entry);
      SELECT array_agg(p.entry ORDER BY p.position), array_agg(p.account ORDER BY p.position),
        array_agg(p.amount ORDER BY p.position)
      INTO fresh_posting_entries, fresh_posting_accounts, fresh_posting_amounts
      FROM unnest(posting_entries, posting_accounts, posting_amounts)
        WITH ORDINALITY p (entry, account, amount, position)
      WHERE p.entry <> ALL (repeats);
      SELECT array_agg(t.hold), array_agg(t.amount) INTO fresh_take_holds, fresh_take_amounts
      FROM unnest(take_entries, take_holds, take_amounts) t (entry, hold, amount)
      WHERE t.entry <> ALL (repeats);
    END IF;

    -- 3. The postings, each with its account's total after it.
    INSERT INTO ledger.postings (entry, leg, account, asset, amount, balance_after)
    SELECT numbers[p.entry], row_number() OVER (PARTITION BY p.entry ORDER BY p.position),
      a.account, a.asset, p.amount,
      a.total + sum(p.amount) OVER (PARTITION BY a.account ORDER BY p.position)
    FROM unnest(fresh_posting_entries, fresh_posting_accounts, fresh_posting_amounts)
      WITH ORDINALITY p (entry, account, amount, position)
    JOIN ledger.accounts a ON a.account = account_ids[p.account];
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> coalesce(cardinality(fresh_posting_entries), 0) THEN
      RAISE EXCEPTION 'a posting names no account of the call';
    END IF;
  END IF;

  -- 4. The balances: total and held in one update, so that a row is written once a batch.
  WITH taken AS (
    UPDATE ledger.holds h SET remaining = h.remaining - t.amount
    FROM (
      SELECT t.hold, sum(t.amount) AS amount
      FROM unnest(fresh_take_holds, fresh_take_amounts) t (hold, amount) GROUP BY t.hold
    ) t
    WHERE h.hold = t.hold
    RETURNING h.account, t.amount
  ), balances AS (
    UPDATE ledger.accounts a SET total = a.total + d.total, held = a.held - d.held
    FROM (
      SELECT c.account, sum(c.total) AS total, sum(c.held) AS held
      FROM (
        SELECT account_ids[p.account] AS account, p.amount AS total, 0::numeric AS held
        FROM unnest(fresh_posting_accounts, fresh_posting_amounts) p (account, amount)
        UNION ALL
        SELECT t.account, 0, t.amount FROM taken t
      ) c
      GROUP BY c.account
    ) d
    WHERE a.account = d.account
  )
  SELECT count(*) INTO changed FROM taken;
  IF changed <> (SELECT count(DISTINCT t.hold) FROM unnest(fresh_take_holds) t (hold)) THEN
    RAISE EXCEPTION 'an amount is taken from a hold that does not exist'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'holds_known', SCHEMA = 'ledger',
        TABLE = 'holds';
  END IF;

  IF cardinality(repeats) > 0 THEN
    numbers := ledger.check_repeats(entry_kind, entry_keys, account_ids, numbers, repeats,
      posting_entries, posting_accounts, posting_amounts);
  END IF;
END $$;

-- Opens the accounts that do not exist. A user's asset appears with its first posting.
CREATE FUNCTION ledger.open_accounts(owners text[], assets text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO ledger.accounts (owner, asset, kind)
  SELECT w.owner, w.asset,
    CASE
      WHEN starts_with(w.owner, 'usr_') THEN 'user'
      WHEN starts_with(w.owner, 'fees:') THEN 'fees'
      WHEN w.owner = 'custody' THEN 'custody'
      ELSE 'unknown'
    END
  FROM unnest(owners, assets) w (owner, asset)
  WHERE NOT EXISTS (
    SELECT FROM ledger.accounts a WHERE a.owner = w.owner AND a.asset = w.asset)
  ORDER BY w.owner COLLATE "C", w.asset COLLATE "C"
  ON CONFLICT ON CONSTRAINT accounts_owner_asset_unique DO NOTHING;
END $$;

-- Answers the entries of a batch with the repeats' own numbers, after checking that each repeat
-- brought exactly the postings that its key has.
CREATE FUNCTION ledger.check_repeats(
  entry_kind text, entry_keys text[], account_ids bigint[], numbers bigint[], repeats integer[],
  posting_entries integer[], posting_accounts integer[], posting_amounts numeric[])
RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known bigint[] := numbers;
  repeated integer;
  number bigint;
  differs boolean;
BEGIN
  FOREACH repeated IN ARRAY repeats LOOP
    SELECT e.entry INTO STRICT number FROM ledger.entries e
    WHERE e.kind = entry_kind AND e.business_key = entry_keys[repeated];
    WITH given AS (
      SELECT account_ids[p.account] AS account, sum(p.amount) AS amount
      FROM unnest(posting_entries, posting_accounts, posting_amounts) p (entry, account, amount)
      WHERE p.entry = repeated GROUP BY 1
    ), posted AS (
      SELECT p.account, sum(p.amount) AS amount FROM ledger.postings p
      WHERE p.entry = number GROUP BY 1
    )
    SELECT EXISTS (TABLE given EXCEPT TABLE posted) OR EXISTS (TABLE posted EXCEPT TABLE given)
    INTO differs;
    IF differs THEN
      RAISE EXCEPTION 'the % % was posted before with other amounts', entry_kind,
        entry_keys[repeated]
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'entries_business_key_reused',
          SCHEMA = 'ledger', TABLE = 'entries';
    END IF;
    known[repeated] := number;
  END LOOP;
  RETURN known;
END $$;

-- What settlement may do: trades, and takes from the holds of orders. Answers the positions that
-- were posted before.
CREATE FUNCTION ledger.settle_trades(
  account_owners text[], account_assets text[], trade_keys text[], trade_ids text[],
  posting_entries integer[], posting_accounts integer[], posting_amounts numeric[],
  take_entries integer[], take_holds text[], take_amounts numeric[]) RETURNS integer[]
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT posted.repeats FROM ledger.post_entries('trade', account_owners, account_assets,
    trade_keys, array_fill('trade'::text, ARRAY[cardinality(trade_keys)]), trade_ids, NULL, NULL,
    posting_entries, posting_accounts, posting_amounts, take_entries, take_holds, take_amounts)
    posted
$$;

-- Posts the opposite of an entry, once: refused with entries_reverses_once the second time, and
-- with balances_available_not_negative when an owner no longer has what is taken back. Holds that
-- the entry took from stay taken. Answers the number of the new entry.
CREATE FUNCTION ledger.reverse_entry(original bigint, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  facts record;
  posted record;
BEGIN
  SELECT e.reference_type, e.reference_id INTO facts FROM ledger.entries e
  WHERE e.entry = original AND e.kind <> 'reversal';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'entry % does not exist or is itself a reversal', original
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'entries_reverses_known';
  END IF;
  IF EXISTS (SELECT FROM ledger.entries e WHERE e.reverses = original) THEN
    RAISE EXCEPTION 'entry % was reversed before', original
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'entries_reverses_once', SCHEMA = 'ledger',
        TABLE = 'entries';
  END IF;
  SELECT p.* INTO posted FROM (
    SELECT array_agg(a.owner::text ORDER BY p.leg) AS owners,
      array_agg(a.asset::text ORDER BY p.leg) AS assets,
      array_agg(1 ORDER BY p.leg) AS entries,
      array_agg(p.leg::integer ORDER BY p.leg) AS accounts,
      array_agg(-p.amount ORDER BY p.leg) AS amounts
    FROM ledger.postings p JOIN ledger.accounts a ON a.account = p.account
    WHERE p.entry = original
  ) p;
  RETURN (SELECT r.numbers[1] FROM ledger.post_entries('reversal', posted.owners, posted.assets,
    ARRAY[original::text], ARRAY[facts.reference_type], ARRAY[facts.reference_id],
    ARRAY[original], ARRAY[jsonb_build_object('reason', reason)],
    posted.entries, posted.accounts, posted.amounts, '{}', '{}', '{}') r);
END $$;

RESET ROLE;
