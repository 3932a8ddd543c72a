-- The secret of an OAuth client that was changed is taken for a while beside the new one.
SET LOCAL ROLE bourse_auth_owner;

ALTER TABLE auth.oauth_clients
  ADD COLUMN previous_secret_hash bytea CONSTRAINT oauth_clients_previous_secret_sha256
    CHECK (length(previous_secret_hash) = 32),
  ADD COLUMN previous_secret_until timestamptz,
  ADD CONSTRAINT oauth_clients_previous_secret_whole
    CHECK ((previous_secret_hash IS NULL) = (previous_secret_until IS NULL));

RESET ROLE;
