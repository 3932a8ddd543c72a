-- What staff do to keys, markets and fees: a door into the schema that owns it, or the rights that
-- the statements of the operators' tools need.
SET LOCAL ROLE bourse_users_owner;

-- The status of a user, no better than that of the person whose sub-account it is; null for nobody.
-- It stays so until the end of the transaction: nobody closes an account that is credited now.
CREATE FUNCTION users.admin_hold_status(p_user bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM users.users u
  WHERE u.user_number = p_user OR u.user_number = (
    SELECT c.parent_number FROM users.users c WHERE c.user_number = p_user)
  ORDER BY u.user_number FOR SHARE;
  RETURN (
    SELECT CASE u.status WHEN 'active' THEN coalesce(p.status, u.status) ELSE u.status END
    FROM users.users u LEFT JOIN users.users p ON p.user_number = u.parent_number
    WHERE u.user_number = p_user);
END $$;
REVOKE ALL ON FUNCTION users.admin_hold_status FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users.admin_hold_status TO bourse_admin;

SET LOCAL ROLE bourse_auth_owner;

-- Ends an API key, for every process; answers whose it was, no row when there is none.
CREATE FUNCTION auth.admin_end_api_key(p_key bigint)
RETURNS TABLE (key_user bigint, key_label text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended auth.api_keys;
BEGIN
  UPDATE auth.api_keys k SET ended_at = clock_timestamp(), sealed_secret = NULL
  WHERE k.key_number = p_key AND k.ended_at IS NULL RETURNING k.* INTO ended;
  IF FOUND THEN
    PERFORM auth.revoke('credential', ended.user_number,
      ARRAY['key_' || lpad(ended.key_number::text, 16, '0')]);
    RETURN QUERY SELECT ended.user_number, ended.label;
  END IF;
END $$;
REVOKE ALL ON FUNCTION auth.admin_end_api_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.admin_end_api_key TO bourse_admin;

SET LOCAL ROLE bourse_reference_owner;
GRANT USAGE ON SCHEMA reference TO bourse_admin;
GRANT SELECT ON reference.assets, reference.market_configs TO bourse_admin;
GRANT SELECT, INSERT, UPDATE ON reference.markets TO bourse_admin;
GRANT INSERT ON reference.market_changes TO bourse_admin;
GRANT SELECT, INSERT, DELETE ON reference.outbox TO bourse_admin;
-- Rows are locked before they go, and a lock takes the right to change something (0190).
GRANT UPDATE (id) ON reference.outbox TO bourse_admin;
GRANT USAGE ON SEQUENCE reference.outbox_id_seq TO bourse_admin;

SET LOCAL ROLE bourse_orders_owner;
GRANT USAGE ON SCHEMA orders TO bourse_admin;
GRANT EXECUTE ON FUNCTION orders.next_command_number TO bourse_admin;

SET LOCAL ROLE bourse_market_data_owner;
GRANT USAGE ON SCHEMA market_data TO bourse_admin;
GRANT SELECT ON market_data.current_phases TO bourse_admin;

SET LOCAL ROLE bourse_fees_owner;
GRANT USAGE ON SCHEMA fees TO bourse_admin;
GRANT SELECT ON fees.schedules, fees.tiers, fees.user_terms, fees.reference_asset TO bourse_admin;
GRANT EXECUTE ON FUNCTION fees.lock_rates,
  fees.set_schedule(text, jsonb, timestamptz, text, text),
  fees.set_user_terms(text, text, text, integer, integer, text, text) TO bourse_admin;

RESET ROLE;
-- The engine is told of a market's change through the log.
GRANT bourse_bus_user TO bourse_admin;
