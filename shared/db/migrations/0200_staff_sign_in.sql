-- How staff sign in: by passkeys of their own, which an enrolment of an operator lets them make, into
-- sessions that are asked after at each request. Nothing here has a part in the sign-in of users.
SET LOCAL ROLE bourse_admin_owner;

-- One a person: a new one takes the place of the old. Gone when it is used.
CREATE TABLE admin.enrolments (
  staff_number bigint CONSTRAINT enrolments_pkey PRIMARY KEY
    CONSTRAINT enrolments_staff REFERENCES admin.staff,
  enrolment_hash bytea NOT NULL CONSTRAINT enrolments_once UNIQUE
    CONSTRAINT enrolments_sha256 CHECK (length(enrolment_hash) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT enrolments_expire_later CHECK (expires_at > created_at)
);

CREATE TABLE admin.passkeys (
  passkey_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT passkeys_pkey PRIMARY KEY,
  staff_number bigint NOT NULL CONSTRAINT passkeys_staff REFERENCES admin.staff,
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
CREATE INDEX passkeys_of_staff ON admin.passkeys (staff_number);

-- What a passkey is to sign; deleted by whoever brings it back first. One for a sign-in is bound to
-- nobody: it is given before anybody has said who they are.
CREATE TABLE admin.challenges (
  challenge bytea CONSTRAINT challenges_pkey PRIMARY KEY
    CONSTRAINT challenges_length CHECK (length(challenge) = 32),
  purpose text NOT NULL
    CONSTRAINT challenges_purpose_known CHECK (purpose IN ('enrol', 'register', 'sign_in')),
  -- SHA-256 of the enrolment or session that it is for.
  binding bytea CONSTRAINT challenges_binding_sha256 CHECK (length(binding) = 32),
  expires_at timestamptz NOT NULL,
  CONSTRAINT challenges_bound CHECK ((purpose = 'sign_in') = (binding IS NULL))
);
-- A new challenge for the same takes the place of the old one.
CREATE UNIQUE INDEX challenges_bound_once ON admin.challenges (purpose, binding)
  WHERE binding IS NOT NULL;
CREATE INDEX challenges_by_end ON admin.challenges (expires_at);

CREATE TABLE admin.sessions (
  session_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT sessions_pkey PRIMARY KEY,
  staff_number bigint NOT NULL CONSTRAINT sessions_staff REFERENCES admin.staff,
  token_hash bytea NOT NULL CONSTRAINT sessions_token UNIQUE
    CONSTRAINT sessions_token_sha256 CHECK (length(token_hash) = 32),
  -- The passkey that was shown; it may be gone since.
  passkey_number bigint NOT NULL,
  address inet NOT NULL,
  signed_in_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text CONSTRAINT sessions_end_reason_known
    CHECK (end_reason IN ('signed_out', 'signed_in_again', 'disabled', 'enrolled_anew')),
  CONSTRAINT sessions_expire_later CHECK (expires_at > signed_in_at),
  CONSTRAINT sessions_ended_whole CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
-- One a person: whoever signs in ends the one before.
CREATE UNIQUE INDEX sessions_one_each ON admin.sessions (staff_number) WHERE ended_at IS NULL;

-- Whose session it is, and keeps it alive: a row a minute at most is written for that. Nothing for a
-- session that has ended, by its end, by 15 min without a request, or because its person may act no
-- more.
CREATE FUNCTION admin.use_session(p_hash bytea, p_now timestamptz)
RETURNS TABLE (staff_number bigint, session_number bigint, signed_in_at timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  used admin.sessions;
BEGIN
  SELECT s.* INTO used
  FROM admin.sessions s JOIN admin.staff p ON p.staff_number = s.staff_number
  WHERE s.token_hash = p_hash AND s.ended_at IS NULL AND s.expires_at > p_now
    AND s.last_used_at > p_now - interval '15 minutes' AND p.status = 'active';
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF used.last_used_at <= p_now - interval '1 minute' THEN
    UPDATE admin.sessions s SET last_used_at = p_now
    WHERE s.session_number = used.session_number AND s.ended_at IS NULL
      AND s.last_used_at <= p_now - interval '1 minute';
  END IF;
  RETURN QUERY SELECT used.staff_number, used.session_number, used.signed_in_at;
END $$;
REVOKE ALL ON FUNCTION admin.use_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admin.use_session TO bourse_admin;

GRANT SELECT, INSERT, UPDATE, DELETE ON admin.enrolments TO bourse_admin;
GRANT SELECT, INSERT, DELETE ON admin.passkeys, admin.challenges TO bourse_admin;
GRANT UPDATE (counter, last_used_at) ON admin.passkeys TO bourse_admin;
GRANT UPDATE (challenge, expires_at) ON admin.challenges TO bourse_admin;
GRANT SELECT, INSERT ON admin.sessions TO bourse_admin;
-- A session is whose it is, and lasts as long as was said.
GRANT UPDATE (last_used_at, ended_at, end_reason) ON admin.sessions TO bourse_admin;

RESET ROLE;
