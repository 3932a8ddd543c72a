-- The password step: how often it failed, and who has yet to show a factor.
SET LOCAL ROLE bourse_users;

-- Whether a password is still the one that was checked. Who changes it waits until the sign-in that
-- asks has committed, and ends its session then; a change that came first is seen here.
CREATE FUNCTION users.is_current_password(p_user bigint, p_hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held text;
BEGIN
  SELECT p.hash INTO held FROM users.passwords p WHERE p.user_number = p_user FOR SHARE;
  RETURN coalesce(held = p_hash, false);
END $$;
REVOKE ALL ON FUNCTION users.is_current_password FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users.is_current_password TO bourse_auth;

SET LOCAL ROLE bourse_auth;

-- Failures that count against the next attempt. Nobody's address is kept: an account is known by
-- the hash of its address, so that what is tried on one that does not exist counts the same.
CREATE TABLE auth.sign_in_failures (
  kind text COLLATE "C" NOT NULL CONSTRAINT sign_in_failures_kind_known
    CHECK (kind IN ('account', 'address', 'subnet')),
  subject text COLLATE "C" NOT NULL
    CONSTRAINT sign_in_failures_subject_length CHECK (length(subject) BETWEEN 1 AND 64),
  failures integer NOT NULL CONSTRAINT sign_in_failures_not_negative CHECK (failures >= 0),
  last_failed_at timestamptz NOT NULL,
  CONSTRAINT sign_in_failures_pkey PRIMARY KEY (kind, subject)
);
CREATE INDEX sign_in_failures_by_time ON auth.sign_in_failures (last_failed_at);

-- The password was right, a factor is missing.
CREATE TABLE auth.pending_sign_ins (
  pending_hash bytea CONSTRAINT pending_sign_ins_pkey PRIMARY KEY
    CONSTRAINT pending_sign_ins_sha256 CHECK (length(pending_hash) = 32),
  user_number bigint NOT NULL CONSTRAINT pending_sign_ins_user_positive CHECK (user_number > 0),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  tries_left integer NOT NULL CONSTRAINT pending_sign_ins_tries CHECK (tries_left BETWEEN 0 AND 5),
  used_at timestamptz,
  address inet,
  user_agent text CONSTRAINT pending_sign_ins_user_agent_length CHECK (length(user_agent) <= 400),
  CONSTRAINT pending_sign_ins_expire_later CHECK (expires_at > created_at)
);
CREATE INDEX pending_sign_ins_by_time ON auth.pending_sign_ins (expires_at);

-- Whether an address has signed in to an account before: sessions that have ended count, too.
CREATE INDEX sessions_of_user_by_time ON auth.sessions (user_number, created_at);

-- What a user can be asked for beyond the password: totp, passkey, recovery_code.
CREATE FUNCTION auth.factors_of(p_user bigint) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '{}'::text[]
$$;
REVOKE ALL ON FUNCTION auth.factors_of FROM PUBLIC;

RESET ROLE;
