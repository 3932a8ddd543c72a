-- What a user proves themselves with beyond a password, and what follows from a change of it.
SET LOCAL ROLE bourse_users;

-- What adding and showing a factor needs to know of a user who is signed in.
CREATE FUNCTION users.find_for_factors(p_user bigint, OUT email text, OUT status text,
  OUT password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.email, u.status, p.hash
  FROM users.users u JOIN users.passwords p USING (user_number)
  WHERE u.user_number = p_user
$$;
REVOKE ALL ON FUNCTION users.find_for_factors FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users.find_for_factors TO bourse_auth;

SET LOCAL ROLE bourse_auth;

CREATE FUNCTION auth.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on auth.% is refused: it is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- No withdrawal before the latest end of those of a user.
CREATE TABLE auth.withdrawal_holds (
  hold_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT withdrawal_holds_pkey PRIMARY KEY,
  user_number bigint NOT NULL CONSTRAINT withdrawal_holds_user_positive CHECK (user_number > 0),
  kind text NOT NULL CONSTRAINT withdrawal_holds_kind_known CHECK (kind IN ('password_changed',
    'factors_changed', 'addresses_changed', 'email_changed', 'password_reset',
    'recovery_code_used')),
  started_at timestamptz NOT NULL,
  until timestamptz NOT NULL,
  CONSTRAINT withdrawal_holds_end_later CHECK (until > started_at)
);
CREATE INDEX withdrawal_holds_of_user ON auth.withdrawal_holds (user_number, until DESC);
CREATE TRIGGER withdrawal_holds_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON auth.withdrawal_holds
  FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_change();

CREATE FUNCTION auth.start_withdrawal_hold(p_user bigint, p_kind text, p_hours integer)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  started timestamptz := clock_timestamp();
BEGIN
  INSERT INTO auth.withdrawal_holds (user_number, kind, started_at, until)
  VALUES (p_user, p_kind, started, started + make_interval(hours => p_hours));
END $$;

-- Null when nothing was ever held. A sub-account is held with the person whose it is: otherwise a
-- hold is passed by moving to one first.
CREATE FUNCTION auth.withdrawal_hold_until(p_user bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT max(h.until) FROM auth.withdrawal_holds h
  WHERE h.user_number = p_user
    OR h.user_number = (SELECT s.parent_number FROM users.standings s WHERE s.user_number = p_user)
$$;
REVOKE ALL ON FUNCTION auth.start_withdrawal_hold, auth.withdrawal_hold_until FROM PUBLIC;
GRANT USAGE ON SCHEMA auth TO bourse_users;
GRANT EXECUTE ON FUNCTION auth.start_withdrawal_hold, auth.withdrawal_hold_until TO bourse_users;

-- Codes and keys are numbered together: a user names either by one kind of id.
CREATE SEQUENCE auth.factor_numbers;

-- Confirmed, it counts; before that it is an offer that the next one replaces.
CREATE TABLE auth.totp (
  user_number bigint CONSTRAINT totp_pkey PRIMARY KEY,
  factor_number bigint NOT NULL DEFAULT nextval('auth.factor_numbers')
    CONSTRAINT totp_number UNIQUE,
  secret_sealed text NOT NULL CONSTRAINT totp_secret_sealed CHECK (secret_sealed LIKE 's1.%'),
  -- The time step of the last code that was taken: none is taken twice, nor an older one after it.
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  last_used_at timestamptz
);

CREATE TABLE auth.passkeys (
  factor_number bigint DEFAULT nextval('auth.factor_numbers')
    CONSTRAINT passkeys_pkey PRIMARY KEY,
  user_number bigint NOT NULL CONSTRAINT passkeys_user_positive CHECK (user_number > 0),
  credential_id bytea NOT NULL CONSTRAINT passkeys_credential UNIQUE
    CONSTRAINT passkeys_credential_length CHECK (length(credential_id) BETWEEN 1 AND 1023),
  -- COSE, as the authenticator gave it.
  public_key bytea NOT NULL,
  -- Of signatures made; 0 for ever when the authenticator does not count.
  counter bigint NOT NULL CONSTRAINT passkeys_counter_not_negative CHECK (counter >= 0),
  transports text[] NOT NULL,
  name text NOT NULL CONSTRAINT passkeys_name_length CHECK (length(name) BETWEEN 1 AND 64),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX passkeys_of_user ON auth.passkeys (user_number);

-- A plain hash is enough for 128 random bits.
CREATE TABLE auth.recovery_codes (
  user_number bigint,
  code_hash bytea
    CONSTRAINT recovery_codes_sha256 CHECK (length(code_hash) = 32),
  created_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_number, code_hash)
);

-- Of what could be guessed. A try is counted before it is looked at, so that many at once are no
-- more than one after the other; a right one takes the count back.
CREATE TABLE auth.guesses (
  user_number bigint,
  what text CONSTRAINT guesses_what_known CHECK (what IN ('totp', 'password')),
  in_a_row integer NOT NULL CONSTRAINT guesses_positive CHECK (in_a_row > 0),
  locked_until timestamptz,
  CONSTRAINT guesses_pkey PRIMARY KEY (user_number, what)
);

-- What a passkey is to sign, for one purpose of one user; deleted by whoever brings it back first.
CREATE TABLE auth.challenges (
  challenge bytea CONSTRAINT challenges_pkey PRIMARY KEY
    CONSTRAINT challenges_length CHECK (length(challenge) = 32),
  user_number bigint NOT NULL,
  purpose text NOT NULL
    CONSTRAINT challenges_purpose_known CHECK (purpose IN ('register', 'sign_in', 'step_up')),
  -- SHA-256 of what it is for beyond that: the session, the pending sign-in, the action.
  binding bytea NOT NULL CONSTRAINT challenges_binding_sha256 CHECK (length(binding) = 32),
  expires_at timestamptz NOT NULL
);
-- A new challenge for the same takes the place of the old one.
CREATE UNIQUE INDEX challenges_of_user ON auth.challenges (user_number, purpose, binding);

-- That a factor was shown for one request of one session.
CREATE TABLE auth.step_ups (
  step_up_hash bytea CONSTRAINT step_ups_pkey PRIMARY KEY
    CONSTRAINT step_ups_sha256 CHECK (length(step_up_hash) = 32),
  user_number bigint NOT NULL,
  session_number bigint NOT NULL,
  action_hash bytea NOT NULL CONSTRAINT step_ups_action_sha256 CHECK (length(action_hash) = 32),
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX step_ups_of_user ON auth.step_ups (user_number);

-- True for the one caller who may go on. A session that is over steps up no more, even where its
-- end is not yet known.
CREATE FUNCTION auth.use_step_up(p_hash bytea, p_user bigint, p_credential text, p_action bytea)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE auth.step_ups u SET used_at = clock_timestamp()
  WHERE u.step_up_hash = p_hash AND u.user_number = p_user AND u.action_hash = p_action
    AND p_credential = 'ses_' || lpad(u.session_number::text, 16, '0')
    AND u.used_at IS NULL AND u.expires_at > clock_timestamp()
    AND EXISTS (SELECT FROM auth.sessions s WHERE s.session_number = u.session_number
      AND s.user_number = p_user AND s.ended_at IS NULL);
  RETURN FOUND;
END $$;

-- Whether there is more than a password to ask for.
CREATE FUNCTION auth.has_factor(p_user bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
      SELECT FROM auth.totp t WHERE t.user_number = p_user AND t.confirmed_at IS NOT NULL)
    OR EXISTS (SELECT FROM auth.passkeys k WHERE k.user_number = p_user)
$$;
REVOKE ALL ON FUNCTION auth.use_step_up, auth.has_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.use_step_up, auth.has_factor TO bourse_identity_reader;

-- What may complete a sign-in. A recovery code is no factor of its own: it stands in
-- for one.
CREATE OR REPLACE FUNCTION auth.factors_of(p_user bigint) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_remove(ARRAY[
    CASE WHEN EXISTS (
        SELECT FROM auth.totp t WHERE t.user_number = p_user AND t.confirmed_at IS NOT NULL)
      THEN 'totp' END,
    CASE WHEN EXISTS (SELECT FROM auth.passkeys k WHERE k.user_number = p_user)
      THEN 'passkey' END,
    CASE WHEN auth.has_factor(p_user) AND EXISTS (
        SELECT FROM auth.recovery_codes c WHERE c.user_number = p_user AND c.used_at IS NULL)
      THEN 'recovery_code' END
  ], NULL)
$$;
REVOKE ALL ON FUNCTION auth.factors_of FROM PUBLIC;

RESET ROLE;
