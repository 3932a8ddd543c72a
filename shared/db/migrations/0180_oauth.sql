-- OAuth: clients that operators let in, what users have let them do, and the secrets between.
SET LOCAL ROLE bourse_auth;

-- Three kinds: public (no secret), confidential, and institutional, which acts for one user by
-- itself. Secrets are stored as their hash.
CREATE TABLE auth.oauth_clients (
  client_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT oauth_clients_pkey PRIMARY KEY,
  name text NOT NULL CONSTRAINT oauth_clients_name_length CHECK (length(name) BETWEEN 1 AND 100),
  redirect_uris text[] COLLATE "C" NOT NULL
    CONSTRAINT oauth_clients_redirect_uris_few CHECK (cardinality(redirect_uris) <= 10),
  scopes text[] NOT NULL CONSTRAINT oauth_clients_scopes_known CHECK (
    cardinality(scopes) BETWEEN 1 AND 3 AND scopes <@ ARRAY['read', 'trade', 'withdraw']),
  secret_hash bytea CONSTRAINT oauth_clients_secret_sha256 CHECK (length(secret_hash) = 32),
  -- Of an institutional client: whom it acts for.
  user_number bigint CONSTRAINT oauth_clients_user_positive CHECK (user_number > 0),
  status text NOT NULL DEFAULT 'active'
    CONSTRAINT oauth_clients_status_known CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Wrong secrets since the minute began.
  failures integer NOT NULL DEFAULT 0 CONSTRAINT oauth_clients_failures_count CHECK (failures >= 0),
  failures_since timestamptz NOT NULL DEFAULT '-infinity',
  CONSTRAINT oauth_clients_institution_alone CHECK (
    (user_number IS NULL) = (cardinality(redirect_uris) > 0)),
  CONSTRAINT oauth_clients_institution_secret CHECK (
    user_number IS NULL OR secret_hash IS NOT NULL),
  -- A user agrees in a session, without a fresh factor: not enough for moving funds away.
  CONSTRAINT oauth_clients_withdraw_institutions CHECK (
    user_number IS NOT NULL OR NOT scopes @> ARRAY['withdraw'])
);

-- Who did what to which client, and why.
CREATE TABLE auth.oauth_client_changes (
  change_number bigint GENERATED ALWAYS AS IDENTITY
    CONSTRAINT oauth_client_changes_pkey PRIMARY KEY,
  client_number bigint NOT NULL CONSTRAINT oauth_client_changes_client REFERENCES auth.oauth_clients,
  what text NOT NULL CONSTRAINT oauth_client_changes_what_known
    CHECK (what IN ('created', 'secret_rotated', 'disabled')),
  actor text NOT NULL CONSTRAINT oauth_client_changes_actor CHECK (btrim(actor) <> ''),
  reason text NOT NULL CONSTRAINT oauth_client_changes_reason CHECK (btrim(reason) <> ''),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION auth.refuse_client_change_edit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION auth.refuse_client_change_edit FROM PUBLIC;
CREATE TRIGGER oauth_client_changes_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON auth.oauth_client_changes
  FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_client_change_edit();

-- What a client may do for a user: its access tokens name it, and end with it.
CREATE TABLE auth.grants (
  grant_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT grants_pkey PRIMARY KEY,
  user_number bigint NOT NULL CONSTRAINT grants_user_positive CHECK (user_number > 0),
  client_number bigint NOT NULL CONSTRAINT grants_client REFERENCES auth.oauth_clients,
  -- by_user: somebody agreed, and there are refresh tokens; institution: by its own secret.
  kind text NOT NULL CONSTRAINT grants_kind_known CHECK (kind IN ('by_user', 'institution')),
  scopes text[] NOT NULL CONSTRAINT grants_scopes_known CHECK (
    cardinality(scopes) BETWEEN 1 AND 3 AND scopes <@ ARRAY['read', 'trade', 'withdraw']),
  -- Of the session that agreed.
  amr text[] NOT NULL,
  authenticated_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text CONSTRAINT grants_end_reason_known CHECK (end_reason IN ('revoked_by_user',
    'revoked_by_client', 'token_reused', 'code_reused', 'client_disabled', 'password_changed',
    'account_closed', 'account_suspended')),
  CONSTRAINT grants_expire_later CHECK (expires_at > created_at),
  CONSTRAINT grants_end_whole CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX grants_of_user ON auth.grants (user_number, grant_number) WHERE ended_at IS NULL;
CREATE INDEX grants_of_client ON auth.grants (client_number) WHERE ended_at IS NULL;
-- An institution has one, however often it asks for a token.
CREATE UNIQUE INDEX grants_one_of_institution ON auth.grants (client_number)
  WHERE kind = 'institution' AND ended_at IS NULL;

CREATE TABLE auth.oauth_codes (
  code_hash bytea NOT NULL CONSTRAINT oauth_codes_pkey PRIMARY KEY
    CONSTRAINT oauth_codes_sha256 CHECK (length(code_hash) = 32),
  client_number bigint NOT NULL CONSTRAINT oauth_codes_client REFERENCES auth.oauth_clients,
  user_number bigint NOT NULL,
  -- That agreed: it must still live when the code is exchanged.
  session_number bigint NOT NULL,
  redirect_uri text COLLATE "C" NOT NULL,
  scopes text[] NOT NULL,
  -- RFC 7636, S256.
  code_challenge text COLLATE "C" NOT NULL
    CONSTRAINT oauth_codes_challenge_form CHECK (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  -- What it was exchanged for: ends when the code comes again.
  grant_number bigint CONSTRAINT oauth_codes_grant REFERENCES auth.grants,
  CONSTRAINT oauth_codes_grant_by_use CHECK (grant_number IS NULL OR used_at IS NOT NULL)
);
CREATE INDEX oauth_codes_of_user ON auth.oauth_codes (user_number, expires_at);

-- Each is used once and followed by the next: the tokens of a grant are a chain.
CREATE TABLE auth.refresh_tokens (
  token_hash bytea NOT NULL CONSTRAINT refresh_tokens_pkey PRIMARY KEY
    CONSTRAINT refresh_tokens_sha256 CHECK (length(token_hash) = 32),
  grant_number bigint NOT NULL CONSTRAINT refresh_tokens_grant REFERENCES auth.grants,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  successor_hash bytea CONSTRAINT refresh_tokens_successor UNIQUE,
  CONSTRAINT refresh_tokens_use_whole CHECK ((used_at IS NULL) = (successor_hash IS NULL))
);
-- The end of the chain is one.
CREATE UNIQUE INDEX refresh_tokens_one_unused ON auth.refresh_tokens (grant_number)
  WHERE used_at IS NULL;
CREATE INDEX refresh_tokens_of_grant ON auth.refresh_tokens (grant_number, expires_at);

-- Ends those grants that have not ended, and tells everybody who checks callers. Answers how many.
CREATE FUNCTION auth.end_grants(p_grants bigint[], p_reason text, p_at timestamptz)
RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended_user bigint;
  ended_ids text[];
  ended integer := 0;
BEGIN
  -- In the order of their numbers, so that two who end the same do not wait for each other.
  PERFORM FROM auth.grants g WHERE g.grant_number = ANY (p_grants) AND g.ended_at IS NULL
  ORDER BY g.grant_number FOR UPDATE;
  FOR ended_user, ended_ids IN
    WITH e AS (
      UPDATE auth.grants g SET ended_at = p_at, end_reason = p_reason
      WHERE g.grant_number = ANY (p_grants) AND g.ended_at IS NULL
      RETURNING g.user_number, g.grant_number
    )
    SELECT e.user_number, array_agg('grt_' || lpad(e.grant_number::text, 16, '0'))
    FROM e GROUP BY e.user_number
  LOOP
    PERFORM auth.revoke('credential', ended_user, ended_ids);
    ended := ended + cardinality(ended_ids);
  END LOOP;
  RETURN ended;
END $$;
REVOKE ALL ON FUNCTION auth.end_grants FROM PUBLIC;

-- For users, which closes accounts.
CREATE FUNCTION auth.end_grants_of_user(p_user bigint, p_reason text, p_at timestamptz)
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT auth.end_grants(ARRAY(
    SELECT g.grant_number FROM auth.grants g
    WHERE g.user_number = p_user AND g.ended_at IS NULL), p_reason, p_at)
$$;
REVOKE ALL ON FUNCTION auth.end_grants_of_user FROM PUBLIC;
GRANT USAGE ON SCHEMA auth TO bourse_users;
GRANT EXECUTE ON FUNCTION auth.end_grants_of_user TO bourse_users;

-- Whether a user may be acted for: there, active, and so is whom a sub-account belongs to.
CREATE FUNCTION auth.is_active_user(p_user bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM users.standings s LEFT JOIN users.standings p ON p.user_number = s.parent_number
    WHERE s.user_number = p_user AND s.status = 'active'
      AND (s.parent_number IS NULL OR p.status = 'active'))
$$;
REVOKE ALL ON FUNCTION auth.is_active_user FROM PUBLIC;

RESET ROLE;
