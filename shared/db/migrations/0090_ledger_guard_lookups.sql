-- The guard of new postings looks each entry up by its key. As a join it was planned for an empty
-- journal, kept that plan for the life of a connection, and read all entries for each batch.
SET ROLE bourse_ledger;

CREATE OR REPLACE FUNCTION ledger.check_new_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  -- OFFSET 0 keeps a subquery one: it runs for each row, and can only use the key.
  IF EXISTS (
    SELECT FROM (SELECT p.entry, min(p.leg) AS leg FROM new_postings p GROUP BY p.entry) n
    WHERE n.leg <> 1 OR NOT EXISTS (
      SELECT FROM ledger.entries e
      WHERE e.entry = n.entry AND e.transaction_xid = pg_current_xact_id() OFFSET 0)
  ) THEN
    RAISE EXCEPTION 'postings may only be added with their entry, in one statement'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'postings_entry_is_new', SCHEMA = 'ledger',
        TABLE = 'postings';
  END IF;
  IF EXISTS (
    SELECT FROM new_postings p
    WHERE NOT EXISTS (
      SELECT FROM ledger.accounts a
      WHERE a.account = p.account AND a.asset = p.asset OFFSET 0)
  ) THEN
    RAISE EXCEPTION 'a posting names an account that does not exist or holds another asset'
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'postings_account_known',
        SCHEMA = 'ledger', TABLE = 'postings';
  END IF;
  RETURN NULL;
END $$;

RESET ROLE;
