-- One role and one schema per owner (design decision 10). Roles belong to the whole server, so they
-- may exist already; they cannot log in until an operator gives them a password.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY[
    'bourse_ledger', 'bourse_ledger_reader', 'bourse_orders', 'bourse_settlement', 'bourse_fees',
    'bourse_market_data', 'bourse_reference', 'bourse_bus', 'bourse_engine', 'bourse_bus_user'
  ] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was migrated at the same moment
      END;
    END IF;
  END LOOP;
END $$;

-- Whoever publishes to or reads the embedded event log.
GRANT bourse_bus_user TO bourse_orders, bourse_reference, bourse_engine;

CREATE SCHEMA ledger AUTHORIZATION bourse_ledger;
CREATE SCHEMA orders AUTHORIZATION bourse_orders;
CREATE SCHEMA settlement AUTHORIZATION bourse_settlement;
CREATE SCHEMA fees AUTHORIZATION bourse_fees;
CREATE SCHEMA market_data AUTHORIZATION bourse_market_data;
CREATE SCHEMA reference AUTHORIZATION bourse_reference;
CREATE SCHEMA log AUTHORIZATION bourse_bus;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
