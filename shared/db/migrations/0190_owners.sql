-- Who owns a schema is nobody who can log in. Until here the role of a function owned its tables: it
-- could have dropped them, taken a trigger away, or given rights to others. Now <role>_owner owns
-- them, without a login, and the function's role has the rights that its statements need, table by
-- table. Migrations from here on do SET LOCAL ROLE bourse_<name>_owner.
DO $$
DECLARE
  schema_name text;
  role_name text;
  owner_name text;
  thing record;
BEGIN
  FOR schema_name, role_name IN VALUES
    ('orders', 'bourse_orders'), ('settlement', 'bourse_settlement'), ('fees', 'bourse_fees'),
    ('risk', 'bourse_risk'), ('market_data', 'bourse_market_data'),
    ('reference', 'bourse_reference'), ('engine', 'bourse_engine'), ('log', 'bourse_bus'),
    ('users', 'bourse_users'), ('auth', 'bourse_auth'), ('notifications', 'bourse_notifications'),
    ('admin', 'bourse_admin')
  LOOP
    owner_name := role_name || '_owner';
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = owner_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', owner_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was migrated at the same moment
      END;
    END IF;
    -- Views and functions of the owner go on reading what others have granted to the role.
    BEGIN
      EXECUTE format('GRANT %I TO %I', role_name, owner_name);
    EXCEPTION WHEN unique_violation THEN
      NULL; -- likewise
    END;
    FOR thing IN
      SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        format('%I.%I', schema_name, c.relname) AS name
      FROM pg_class c
      WHERE c.relnamespace = schema_name::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
        -- The sequence of an identity column goes with its table.
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
      UNION ALL
      SELECT 'FUNCTION', p.oid::regprocedure::text
      FROM pg_proc p WHERE p.pronamespace = schema_name::regnamespace
    LOOP
      EXECUTE format('ALTER %s %s OWNER TO %I', thing.kind, thing.name, owner_name);
    END LOOP;
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', schema_name, owner_name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, role_name);
  END LOOP;
END $$;

SET LOCAL ROLE bourse_orders_owner;
GRANT SELECT, INSERT ON orders.account_blocks, orders.fills, orders.order_lists,
  orders.prevented_matches TO bourse_orders;
GRANT SELECT, INSERT, UPDATE ON orders.orders, orders.open_counts, orders.deadlines
  TO bourse_orders;
GRANT SELECT, INSERT, DELETE ON orders.outbox, orders.request_keys, orders.batch_keys
  TO bourse_orders;
-- Rows that are about to go are locked first, and a lock takes the right to change something: the
-- time, which decides nothing but when a row goes; an id can only be drawn, never set.
GRANT UPDATE (id) ON orders.outbox TO bourse_orders;
GRANT UPDATE (created_at_ms) ON orders.request_keys, orders.batch_keys TO bourse_orders;
GRANT SELECT ON orders.market_uses, orders.open_lots TO bourse_orders;
-- Ids of the outbox are drawn before its rows are written.
GRANT USAGE ON SEQUENCE orders.command_number, orders.outbox_id_seq TO bourse_orders;
GRANT EXECUTE ON FUNCTION orders.has_unpublished, orders.next_command_number TO bourse_orders;
-- Who may only add to a table may not lock it; whoever blocks an account must (0106).
CREATE FUNCTION orders.lock_account_blocks() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  LOCK TABLE orders.account_blocks IN ACCESS EXCLUSIVE MODE;
END $$;
REVOKE ALL ON FUNCTION orders.lock_account_blocks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orders.lock_account_blocks TO bourse_orders;

SET LOCAL ROLE bourse_settlement_owner;
GRANT SELECT, INSERT ON settlement.executions, settlement.stopped_markets TO bourse_settlement;
GRANT SELECT, INSERT, UPDATE ON settlement.volumes TO bourse_settlement;

SET LOCAL ROLE bourse_fees_owner;
GRANT SELECT ON fees.schedules, fees.tiers, fees.discounts, fees.user_terms, fees.current_rates,
  fees.current_schedules, fees.current_user_rates TO bourse_fees;
GRANT SELECT, INSERT ON fees.reference_asset, fees.reference_prices, fees.account_tiers,
  fees.conversion_markets TO bourse_fees;
GRANT SELECT, INSERT, UPDATE ON fees.accounts TO bourse_fees;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fees TO bourse_fees;

SET LOCAL ROLE bourse_risk_owner;
GRANT SELECT ON risk.accounts, risk.account_changes, risk.limits, risk.limit_changes
  TO bourse_risk;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA risk TO bourse_risk;

SET LOCAL ROLE bourse_market_data_owner;
GRANT SELECT, INSERT ON market_data.trades TO bourse_market_data;
GRANT SELECT, INSERT, UPDATE ON market_data.books, market_data.phases TO bourse_market_data;
GRANT SELECT, INSERT, UPDATE, DELETE ON market_data.levels TO bourse_market_data;
GRANT SELECT ON market_data.best_prices, market_data.current_phases, market_data.trade_prices
  TO bourse_market_data;

SET LOCAL ROLE bourse_reference_owner;
GRANT SELECT, INSERT ON reference.market_changes TO bourse_reference;
GRANT SELECT, INSERT, UPDATE ON reference.assets, reference.markets, reference.market_moves
  TO bourse_reference;
GRANT SELECT, INSERT, DELETE ON reference.outbox TO bourse_reference;
GRANT UPDATE (id) ON reference.outbox TO bourse_reference;
GRANT USAGE ON SEQUENCE reference.outbox_id_seq TO bourse_reference;
GRANT SELECT ON reference.market_configs TO bourse_reference;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reference TO bourse_reference;

SET LOCAL ROLE bourse_engine_owner;
GRANT SELECT, INSERT, UPDATE ON engine.leases TO bourse_engine;

SET LOCAL ROLE bourse_bus_owner;
-- Records go when their time is over, and in no other way.
GRANT SELECT ON log.records TO bourse_bus;
ALTER FUNCTION log.trim(integer, integer, timestamptz, integer) SECURITY DEFINER;
GRANT SELECT, INSERT, UPDATE ON log.topics, log.partitions, log.groups TO bourse_bus;
GRANT SELECT, INSERT, UPDATE, DELETE ON log.group_members, log.group_partitions TO bourse_bus;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA log TO bourse_bus;

SET LOCAL ROLE bourse_users_owner;
GRANT SELECT, INSERT, UPDATE ON users.users, users.email_changes, users.links, users.passwords
  TO bourse_users;
GRANT SELECT, INSERT ON users.mails, users.outbox TO bourse_users;
GRANT DELETE ON users.passwords, users.email_changes, users.links, users.mails, users.outbox
  TO bourse_users;
GRANT UPDATE (id) ON users.outbox TO bourse_users;
GRANT USAGE ON SEQUENCE users.outbox_id_seq TO bourse_users;
GRANT SELECT ON users.standings TO bourse_users;
GRANT EXECUTE ON FUNCTION users.find_mail_recipient, users.queue_mail TO bourse_users;

SET LOCAL ROLE bourse_notifications_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON notifications.mails TO bourse_notifications;

SET LOCAL ROLE bourse_auth_owner;
-- Kept for ever.
GRANT SELECT, INSERT ON auth.revocations, auth.withdrawal_holds, auth.signing_key_changes,
  auth.oauth_client_changes TO bourse_auth;
GRANT SELECT, INSERT, UPDATE ON auth.sessions, auth.signing_keys, auth.api_keys, auth.grants,
  auth.oauth_clients TO bourse_auth;
-- Over when they are used, or when their time is.
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.sign_in_failures, auth.pending_sign_ins, auth.totp,
  auth.passkeys, auth.recovery_codes, auth.guesses, auth.challenges, auth.step_ups,
  auth.oauth_codes, auth.refresh_tokens TO bourse_auth;
GRANT USAGE ON SEQUENCE auth.factor_numbers, auth.api_keys_key_number_seq TO bourse_auth;
GRANT EXECUTE ON FUNCTION auth.revoke, auth.factors_of, auth.start_withdrawal_hold,
  auth.withdrawal_hold_until, auth.end_grants, auth.end_grants_of_user, auth.is_active_user
  TO bourse_auth;

SET LOCAL ROLE bourse_admin_owner;
GRANT SELECT, INSERT, UPDATE ON admin.staff, admin.requests TO bourse_admin;
GRANT SELECT, INSERT, DELETE ON admin.role_grants TO bourse_admin;

RESET ROLE;
