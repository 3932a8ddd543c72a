-- What a user is shown of their own sessions, factors, API keys, grants and holds: never a hash or a
-- secret.
SET LOCAL ROLE bourse_auth_owner;

CREATE VIEW auth.own_sessions WITH (security_barrier) AS
  SELECT s.session_number, s.user_number, s.amr, s.created_at, s.last_used_at, s.expires_at,
    s.ended_at, host(s.address) AS address, s.user_agent
  FROM auth.sessions s WHERE s.user_number = (SELECT reference.owner_number());

CREATE VIEW auth.own_factors WITH (security_barrier) AS
  SELECT t.user_number, t.factor_number, 'totp' AS kind, NULL::text AS name,
    t.confirmed_at AS created_at, t.last_used_at
  FROM auth.totp t WHERE t.user_number = (SELECT reference.owner_number())
    AND t.confirmed_at IS NOT NULL
  UNION ALL
  SELECT p.user_number, p.factor_number, 'passkey', p.name, p.created_at, p.last_used_at
  FROM auth.passkeys p WHERE p.user_number = (SELECT reference.owner_number());

CREATE VIEW auth.own_recovery_codes WITH (security_barrier) AS
  SELECT c.user_number, c.used_at
  FROM auth.recovery_codes c WHERE c.user_number = (SELECT reference.owner_number());

-- Of their sub-accounts too: whose a key is, its owner says.
CREATE VIEW auth.own_api_keys WITH (security_barrier) AS
  SELECT k.key_number, k.owner_number, k.user_number, k.label, k.type, k.public_key, k.scopes,
    k.markets, k.addresses, k.created_at, k.expires_at, k.last_used_at, k.ended_at
  FROM auth.api_keys k WHERE k.owner_number = (SELECT reference.owner_number());

-- A grant by a user is usable as long as the end of its chain of refresh tokens; an institution has
-- its secret.
CREATE VIEW auth.own_grants WITH (security_barrier) AS
  SELECT g.grant_number, g.user_number, c.client_number, c.name AS client_name, g.scopes,
    g.created_at, g.last_used_at, g.expires_at, g.ended_at,
    CASE g.kind WHEN 'institution' THEN g.expires_at ELSE (
      SELECT r.expires_at FROM auth.refresh_tokens r
      WHERE r.grant_number = g.grant_number AND r.used_at IS NULL) END AS usable_until
  FROM auth.grants g JOIN auth.oauth_clients c USING (client_number)
  WHERE g.user_number = (SELECT reference.owner_number());

CREATE VIEW auth.own_withdrawal_holds WITH (security_barrier) AS
  SELECT h.hold_number, h.user_number, h.kind, h.started_at, h.until
  FROM auth.withdrawal_holds h WHERE h.user_number = (SELECT reference.owner_number());

GRANT USAGE ON SCHEMA auth TO bourse_auth_own, bourse_users_own;
GRANT SELECT ON auth.own_sessions, auth.own_factors, auth.own_recovery_codes, auth.own_api_keys,
  auth.own_grants, auth.own_withdrawal_holds TO bourse_auth_own;
-- For the export.
GRANT SELECT ON auth.own_sessions TO bourse_users_own;
DROP FUNCTION auth.sessions_of(bigint);

RESET ROLE;
