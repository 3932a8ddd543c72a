-- Who seals anew what is sealed: may read and change the sealed columns, and nothing beside them.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bourse_reseal') THEN
    BEGIN
      CREATE ROLE bourse_reseal NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this server was migrated at the same moment
    END;
  END IF;
END $$;

SET LOCAL ROLE bourse_auth_owner;
GRANT USAGE ON SCHEMA auth TO bourse_reseal;
GRANT SELECT (user_number, secret_sealed), UPDATE (secret_sealed) ON auth.totp TO bourse_reseal;
GRANT SELECT (key_number, sealed_secret), UPDATE (sealed_secret) ON auth.api_keys TO bourse_reseal;
GRANT SELECT (kid, sealed), UPDATE (sealed) ON auth.signing_keys TO bourse_reseal;

SET LOCAL ROLE bourse_users_owner;
GRANT USAGE ON SCHEMA users TO bourse_reseal;
GRANT SELECT (user_number, email_sealed), UPDATE (email_sealed) ON users.users TO bourse_reseal;
GRANT SELECT (change_number, user_number, old_email_sealed, new_email_sealed),
  UPDATE (old_email_sealed, new_email_sealed) ON users.email_changes TO bourse_reseal;

RESET ROLE;
