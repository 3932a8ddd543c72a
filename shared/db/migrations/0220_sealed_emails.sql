-- E-mail addresses are sealed (ring `users`) and found by a keyed hash of them (shared/secrets/
-- email.ts): whoever reads the tables, or a copy of them, learns none. The key is not in the
-- database, so nothing here can seal what is there already: a database with addresses is refused.
DO $$
BEGIN
  IF EXISTS (SELECT FROM users.users WHERE email IS NOT NULL) THEN
    RAISE EXCEPTION 'e-mail addresses that are there in plain text cannot be sealed by a migration'
      USING HINT = 'Begin with an empty database; the emulator with npm run dev -- --reset.';
  END IF;
END $$;

SET LOCAL ROLE bourse_users_owner;

-- Their answers have other columns now.
DROP FUNCTION users.find_for_sign_in, users.find_for_factors, users.find_mail_recipient;

ALTER TABLE users.users
  DROP CONSTRAINT users_person_or_part,
  DROP COLUMN email,
  ADD COLUMN email_sealed text CONSTRAINT users_email_sealed CHECK (email_sealed LIKE 's1.%'),
  -- HMAC-SHA-256 of the address in lower case.
  ADD COLUMN email_index bytea CONSTRAINT users_by_email UNIQUE
    CONSTRAINT users_email_index_sha256 CHECK (length(email_index) = 32),
  ADD CONSTRAINT users_email_whole CHECK ((email_sealed IS NULL) = (email_index IS NULL)),
  ADD CONSTRAINT users_person_or_part CHECK (
    status = 'closed' OR (parent_number IS NULL) = (email_index IS NOT NULL));

-- Only users have changes of address, so this is empty, too.
ALTER TABLE users.email_changes
  DROP COLUMN old_email,
  DROP COLUMN new_email,
  ADD COLUMN old_email_sealed text NOT NULL
    CONSTRAINT email_changes_old_email_sealed CHECK (old_email_sealed LIKE 's1.%'),
  ADD COLUMN new_email_sealed text NOT NULL
    CONSTRAINT email_changes_new_email_sealed CHECK (new_email_sealed LIKE 's1.%');

-- An address is sealed for the number of its user, which is drawn before the row is written.
GRANT USAGE ON SEQUENCE users.users_user_number_seq TO bourse_users;

-- What a sign-in needs to know of whoever it may be.
CREATE FUNCTION users.find_for_sign_in(p_email_index bytea, OUT user_number bigint,
  OUT status text, OUT password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.user_number, u.status, p.hash
  FROM users.users u JOIN users.passwords p USING (user_number)
  WHERE u.email_index = p_email_index
$$;

-- What adding and showing a factor needs to know of a user who is signed in.
CREATE FUNCTION users.find_for_factors(p_user bigint, OUT status text, OUT password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.status, p.hash
  FROM users.users u JOIN users.passwords p USING (user_number)
  WHERE u.user_number = p_user
$$;

-- For others who have something to tell a user: whom to, which for a sub-account is whose it is.
-- The address stays sealed: only who sends the mail opens it.
CREATE FUNCTION users.find_mail_recipient(p_user bigint, OUT user_number bigint,
  OUT email_sealed text, OUT language text, OUT anti_phishing_code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.user_number, u.email_sealed, u.language, u.anti_phishing_code FROM users.users u
  WHERE u.user_number = (SELECT coalesce(s.parent_number, s.user_number) FROM users.users s
    WHERE s.user_number = p_user) AND u.email_sealed IS NOT NULL
$$;
REVOKE ALL ON FUNCTION users.find_for_sign_in, users.find_for_factors, users.find_mail_recipient
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users.find_for_sign_in, users.find_for_factors, users.find_mail_recipient
  TO bourse_auth;

RESET ROLE;
