-- Deletes what has ended long ago. How long is said here and not by the caller: whoever may call it
-- can delete nothing that anybody still needs.
SET LOCAL ROLE bourse_auth_owner;

-- At most so many rows of each kind; answers how many there were. A row that somebody holds is left
-- to the next time.
CREATE FUNCTION auth.sweep(p_limit integer) RETURNS TABLE (what text, swept bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cut timestamptz := clock_timestamp() - interval '30 days';
  -- By its sessions a device is known for 90 days.
  sessions_cut timestamptz := clock_timestamp() - interval '90 days';
BEGIN
  -- The newest of a user stays: without any, the next sign-in would be taken for the very first,
  -- of which nobody is told.
  what := 'sessions';
  DELETE FROM auth.sessions WHERE session_number IN (
    SELECT s.session_number FROM auth.sessions s
    WHERE coalesce(s.ended_at, s.expires_at) < sessions_cut AND EXISTS (
      SELECT FROM auth.sessions n
      WHERE n.user_number = s.user_number AND n.session_number > s.session_number)
    LIMIT p_limit FOR UPDATE OF s SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'pending sign-ins';
  DELETE FROM auth.pending_sign_ins WHERE pending_hash IN (
    SELECT p.pending_hash FROM auth.pending_sign_ins p WHERE p.expires_at < cut
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'failed sign-ins';
  DELETE FROM auth.sign_in_failures WHERE (kind, subject) IN (
    SELECT f.kind, f.subject FROM auth.sign_in_failures f WHERE f.last_failed_at < cut
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'challenges';
  DELETE FROM auth.challenges WHERE challenge IN (
    SELECT c.challenge FROM auth.challenges c WHERE c.expires_at < cut
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'step-ups';
  DELETE FROM auth.step_ups WHERE step_up_hash IN (
    SELECT u.step_up_hash FROM auth.step_ups u WHERE u.expires_at < cut
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'offers of one-time codes';
  DELETE FROM auth.totp WHERE user_number IN (
    SELECT t.user_number FROM auth.totp t WHERE t.confirmed_at IS NULL AND t.created_at < cut
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  -- A code or refresh token that comes again ends its grant, so they stay as long as that lives.
  what := 'OAuth codes';
  DELETE FROM auth.oauth_codes WHERE code_hash IN (
    SELECT c.code_hash FROM auth.oauth_codes c LEFT JOIN auth.grants g USING (grant_number)
    WHERE c.expires_at < cut
      AND (g.grant_number IS NULL OR coalesce(g.ended_at, g.expires_at) < cut)
    LIMIT p_limit FOR UPDATE OF c SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'refresh tokens';
  DELETE FROM auth.refresh_tokens WHERE token_hash IN (
    SELECT r.token_hash FROM auth.refresh_tokens r JOIN auth.grants g USING (grant_number)
    WHERE coalesce(g.ended_at, g.expires_at) < cut
    LIMIT p_limit FOR UPDATE OF r SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  what := 'grants';
  DELETE FROM auth.grants WHERE grant_number IN (
    SELECT g.grant_number FROM auth.grants g
    WHERE coalesce(g.ended_at, g.expires_at) < cut
      AND NOT EXISTS (SELECT FROM auth.refresh_tokens r WHERE r.grant_number = g.grant_number)
      AND NOT EXISTS (SELECT FROM auth.oauth_codes c WHERE c.grant_number = g.grant_number)
    LIMIT p_limit FOR UPDATE OF g SKIP LOCKED);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;

  -- No token lives for a day. Who is blocked is told by the last word on them, which stays.
  what := 'revocations';
  DELETE FROM auth.revocations WHERE revocation_number IN (
    SELECT r.revocation_number FROM auth.revocations r
    WHERE r.revoked_at < cut AND (r.kind = 'credential' OR EXISTS (
      SELECT FROM auth.revocations n WHERE n.user_number = r.user_number
        AND n.kind <> 'credential' AND n.revocation_number > r.revocation_number))
    LIMIT p_limit);
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN NEXT;
END $$;
REVOKE ALL ON FUNCTION auth.sweep FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.sweep TO bourse_auth;

-- Which codes are of a grant that goes.
CREATE INDEX oauth_codes_of_grant ON auth.oauth_codes (grant_number)
  WHERE grant_number IS NOT NULL;

RESET ROLE;
