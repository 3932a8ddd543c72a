-- What the ledger refuses even from its own functions and its owner: unbalanced entries, and any
-- change to what was posted.
SET ROLE bourse_ledger;

-- At commit every new entry has postings, and they sum to zero in each asset. A reversal's are the
-- exact opposite of what it reverses.
CREATE FUNCTION ledger.check_entry_balanced() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  unbalanced boolean;
BEGIN
  SELECT coalesce(bool_or(s.amount <> 0), true) INTO unbalanced
  FROM (
    SELECT sum(p.amount) AS amount FROM ledger.postings p WHERE p.entry = NEW.entry GROUP BY p.asset
  ) s;
  IF unbalanced THEN
    RAISE EXCEPTION 'entry % (% %) does not sum to zero per asset', NEW.entry, NEW.kind,
      NEW.business_key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_zero_sum', SCHEMA = 'ledger',
        TABLE = 'entries';
  END IF;
  -- Nested, not joined by AND: a condition with a query in it costs its 10 us even when not needed.
  IF NEW.reverses IS NOT NULL THEN
    IF EXISTS (
      SELECT FROM ledger.postings p WHERE p.entry IN (NEW.entry, NEW.reverses)
      GROUP BY p.account
      HAVING sum(p.amount) <> 0 OR count(*) FILTER (WHERE p.entry = NEW.reverses) = 0
    ) THEN
      RAISE EXCEPTION 'entry % is not the opposite of entry %', NEW.entry, NEW.reverses
        USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_reversal_exact', SCHEMA = 'ledger',
          TABLE = 'entries';
    END IF;
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER entries_zero_sum AFTER INSERT ON ledger.entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.check_entry_balanced();

-- The postings of an entry come in the entry's own transaction and in one statement: each statement
-- begins its entries with leg 1, so a second one would repeat a primary key. An old entry can never
-- be reopened, nor one whose zero-sum check was made to run early by SET CONSTRAINTS.
CREATE FUNCTION ledger.check_new_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT p.entry, min(p.leg) AS leg FROM new_postings p GROUP BY p.entry) n
    LEFT JOIN ledger.entries e
      ON e.entry = n.entry AND e.transaction_xid = pg_current_xact_id()
    WHERE e.entry IS NULL OR n.leg <> 1
  ) THEN
    RAISE EXCEPTION 'postings may only be added with their entry, in one statement'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'postings_entry_is_new', SCHEMA = 'ledger',
        TABLE = 'postings';
  END IF;
  IF EXISTS (
    SELECT FROM new_postings p
    LEFT JOIN ledger.accounts a ON a.account = p.account AND a.asset = p.asset
    WHERE a.account IS NULL
  ) THEN
    RAISE EXCEPTION 'a posting names an account that does not exist or holds another asset'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'postings_account_known',
        SCHEMA = 'ledger', TABLE = 'postings';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER postings_come_with_their_entry AFTER INSERT ON ledger.postings
  REFERENCING NEW TABLE AS new_postings
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_postings();

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on ledger.% is refused: the journal is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_NAME, SCHEMA = 'ledger',
      TABLE = TG_TABLE_NAME;
END $$;

CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.postings
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
-- An account's name is as permanent as its postings; only its balance moves.
CREATE TRIGGER accounts_permanent
  BEFORE UPDATE OF account, owner, asset, kind OR DELETE OR TRUNCATE ON ledger.accounts
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER holds_permanent BEFORE UPDATE OF hold, account OR DELETE OR TRUNCATE ON ledger.holds
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Append-only by grants too: not even the owner may change the journal without granting it first.
REVOKE UPDATE, DELETE, TRUNCATE ON ledger.entries, ledger.postings FROM bourse_ledger;

RESET ROLE;
