-- What the users function needs beside the users: links that mails carry, changes of address, which
-- mails went out, and its outbox.
SET LOCAL ROLE bourse_users;

-- Who has closed the account is forgotten: the number stays, for the ledger.
ALTER TABLE users.users DROP CONSTRAINT users_person_or_part;
ALTER TABLE users.users ADD CONSTRAINT users_person_or_part CHECK (
  status = 'closed' OR (parent_number IS NULL) = (email IS NOT NULL));
ALTER TABLE users.users ADD COLUMN closed_at timestamptz
  CONSTRAINT users_closed_whole CHECK (closed_at IS NULL OR status = 'closed');

CREATE TABLE users.email_changes (
  change_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT email_changes_pkey PRIMARY KEY,
  user_number bigint NOT NULL
    CONSTRAINT email_changes_user REFERENCES users.users ON DELETE CASCADE,
  old_email text COLLATE "C" NOT NULL,
  new_email text COLLATE "C" NOT NULL CONSTRAINT email_changes_email_form
    CHECK (length(new_email) BETWEEN 3 AND 254 AND new_email = lower(new_email)
      AND new_email LIKE '%_@_%'),
  requested_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  cancelled_at timestamptz
);
CREATE INDEX email_changes_of_user ON users.email_changes (user_number);

-- A link in a mail: good once, for one purpose, until it is too old. Only its hash is kept.
CREATE TABLE users.links (
  token_hash bytea CONSTRAINT links_pkey PRIMARY KEY
    CONSTRAINT links_token_sha256 CHECK (length(token_hash) = 32),
  purpose text NOT NULL CONSTRAINT links_purpose_known
    CHECK (purpose IN ('verify_email', 'reset_password', 'change_email', 'cancel_email')),
  user_number bigint NOT NULL CONSTRAINT links_user REFERENCES users.users ON DELETE CASCADE,
  -- Of a sign-up: the password becomes the user's with this link and no other, so that nobody can
  -- sign up with a stranger's address and wait until they confirm it.
  password_hash text CONSTRAINT links_argon2id CHECK (password_hash LIKE '$argon2id$%'),
  change_number bigint
    CONSTRAINT links_change REFERENCES users.email_changes ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT links_expire_later CHECK (expires_at > created_at),
  CONSTRAINT links_password_of_sign_up
    CHECK ((purpose = 'verify_email') = (password_hash IS NOT NULL)),
  CONSTRAINT links_change_of_email
    CHECK ((purpose IN ('change_email', 'cancel_email')) = (change_number IS NOT NULL))
);
CREATE INDEX links_of_user ON users.links (user_number);

-- Which mails a user was sent, without their text: what the allowance is counted by.
CREATE TABLE users.mails (
  mail_id uuid CONSTRAINT mails_pkey PRIMARY KEY,
  user_number bigint NOT NULL CONSTRAINT mails_user REFERENCES users.users ON DELETE CASCADE,
  template text NOT NULL,
  requested_at timestamptz NOT NULL
);
CREATE INDEX mails_of_user ON users.mails (user_number, template, requested_at);

-- Nothing that is sealed stays here for long: a row is gone when it is published.
CREATE TABLE users.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition integer NOT NULL,
  key text,
  headers jsonb NOT NULL,
  value text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- For others who have something to tell a user: where to, and the outbox that it goes through.
CREATE FUNCTION users.find_mail_recipient(p_user bigint, OUT email text, OUT language text,
  OUT anti_phishing_code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.email, u.language, u.anti_phishing_code FROM users.users u
  WHERE u.user_number = (SELECT coalesce(s.parent_number, s.user_number) FROM users.users s
    WHERE s.user_number = p_user) AND u.email IS NOT NULL
$$;
CREATE FUNCTION users.queue_mail(p_partition integer, p_key text, p_headers jsonb, p_value text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO users.outbox (topic, partition, key, headers, value)
  VALUES ('mail.requested', p_partition, p_key, p_headers, p_value)
$$;
REVOKE ALL ON FUNCTION users.find_mail_recipient, users.queue_mail FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users.find_mail_recipient, users.queue_mail TO bourse_auth;

RESET ROLE;

-- No account is closed that still has something.
SET LOCAL ROLE bourse_ledger;
GRANT USAGE ON SCHEMA ledger TO bourse_users;
GRANT SELECT ON ledger.balances TO bourse_users;
RESET ROLE;

-- What an asset's amounts are told in, for the export.
SET LOCAL ROLE bourse_reference;
GRANT USAGE ON SCHEMA reference TO bourse_users;
GRANT SELECT ON reference.assets TO bourse_users;
RESET ROLE;
