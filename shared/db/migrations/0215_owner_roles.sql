-- Rows by owner: what a function reads for one caller, it reads as a role that can read nothing but
-- views of this caller's rows (0216 to 0219). The function's login may become this role and has none
-- of its rights by itself, so a statement that is not sent as the role is refused.
DO $$
DECLARE
  function_name text;
  login_name text;
BEGIN
  FOR function_name, login_name IN VALUES
    ('ledger', 'bourse_ledger_reader'), ('orders', 'bourse_orders'), ('fees', 'bourse_fees'),
    ('risk', 'bourse_risk'), ('auth', 'bourse_auth'), ('users', 'bourse_users')
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = format('bourse_%s_own', function_name)) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', format('bourse_%s_own', function_name));
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was migrated at the same moment
      END;
    END IF;
    BEGIN
      EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE',
        format('bourse_%s_own', function_name), login_name);
    EXCEPTION WHEN unique_violation THEN
      NULL; -- likewise
    END;
  END LOOP;
END $$;

SET LOCAL ROLE bourse_reference_owner;

-- Whose rows the transaction may read. Null, and so no row at all, when nobody was named; what is no
-- number is an error. Without SET clauses, so that both are inlined and an index is found by them.
CREATE FUNCTION reference.owner_number() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('bourse.owner_number', true), '')::bigint;
-- The same as an id.
CREATE FUNCTION reference.owner_id() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN 'usr_' || lpad(
  nullif(current_setting('bourse.owner_number', true), '')::bigint::text, 16, '0');
REVOKE ALL ON FUNCTION reference.owner_number, reference.owner_id FROM PUBLIC;
-- Whoever asks a view calls what is in it.
GRANT EXECUTE ON FUNCTION reference.owner_number, reference.owner_id TO bourse_ledger_own,
  bourse_orders_own, bourse_fees_own, bourse_risk_own, bourse_auth_own, bourse_users_own;

GRANT USAGE ON SCHEMA reference TO bourse_ledger_own, bourse_orders_own, bourse_fees_own,
  bourse_users_own;
-- To name them in its views.
GRANT USAGE ON SCHEMA reference TO bourse_auth_owner;
GRANT SELECT ON reference.assets TO bourse_ledger_own, bourse_orders_own, bourse_fees_own,
  bourse_users_own;
GRANT SELECT ON reference.markets TO bourse_orders_own, bourse_fees_own;
-- Of the ledger's reader nothing else is asked.
REVOKE ALL ON reference.assets, reference.markets FROM bourse_ledger_reader;

RESET ROLE;
