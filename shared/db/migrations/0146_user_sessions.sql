-- What the users function asks of auth: to end sessions, and to forget who has closed the account.
SET LOCAL ROLE bourse_auth;

-- Ends the sessions of a user, all but one if that is given, and takes back their access tokens;
-- answers how many. What was begun before is over too: sign-ins that lack a factor first, so that
-- one that is being completed is waited for and its session ended. With all sessions, what OAuth
-- clients were given. (Tables and functions of migrations 0150 and 0180.)
CREATE FUNCTION auth.end_sessions(p_user bigint, p_reason text, p_keep bigint DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended text[];
BEGIN
  DELETE FROM auth.pending_sign_ins WHERE user_number = p_user;
  IF p_keep IS NULL AND p_reason IN ('password_changed', 'account_closed') THEN
    PERFORM auth.end_grants_of_user(p_user, p_reason, clock_timestamp());
  END IF;
  WITH gone AS (
    UPDATE auth.sessions SET ended_at = clock_timestamp(), end_reason = p_reason
    WHERE user_number = p_user AND ended_at IS NULL AND session_number IS DISTINCT FROM p_keep
    RETURNING session_number
  )
  SELECT coalesce(array_agg('ses_' || lpad(session_number::text, 16, '0')), '{}') INTO ended
  FROM gone;
  PERFORM auth.revoke('credential', p_user, ended);
  RETURN cardinality(ended);
END $$;

-- Every credential of the user is refused from now on, and nothing is left of their devices and
-- factors (whose tables migration 0155 makes), nor of the secrets of their keys (0160).
CREATE FUNCTION auth.forget_user(p_user bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.end_sessions(p_user, 'account_closed');
  UPDATE auth.sessions SET address = NULL, user_agent = NULL WHERE user_number = p_user;
  DELETE FROM auth.totp WHERE user_number = p_user;
  DELETE FROM auth.passkeys WHERE user_number = p_user;
  DELETE FROM auth.recovery_codes WHERE user_number = p_user;
  UPDATE auth.api_keys SET ended_at = clock_timestamp(), sealed_secret = NULL
  WHERE (owner_number = p_user OR user_number = p_user) AND ended_at IS NULL;
  PERFORM auth.revoke('user_blocked', p_user);
END $$;

-- What a user may have of their own sign-ins.
CREATE FUNCTION auth.sessions_of(p_user bigint)
RETURNS TABLE (session_number bigint, created_at timestamptz, last_used_at timestamptz,
  ended_at timestamptz, address text, user_agent text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.session_number, s.created_at, s.last_used_at, s.ended_at, host(s.address), s.user_agent
  FROM auth.sessions s WHERE s.user_number = p_user ORDER BY s.session_number DESC LIMIT 1000
$$;
REVOKE ALL ON FUNCTION auth.end_sessions, auth.forget_user, auth.sessions_of FROM PUBLIC;
GRANT USAGE ON SCHEMA auth TO bourse_users;
GRANT EXECUTE ON FUNCTION auth.end_sessions, auth.forget_user, auth.sessions_of TO bourse_users;

RESET ROLE;
