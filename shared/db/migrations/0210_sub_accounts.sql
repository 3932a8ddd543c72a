-- Sub-accounts: users who belong to another. And the moves of money between the accounts of one
-- person, each with the name that its caller gave it.
SET LOCAL ROLE bourse_users_owner;

CREATE UNIQUE INDEX users_by_label ON users.users (parent_number, label)
  WHERE parent_number IS NOT NULL;

-- A sub-account has the level of whose it is, whoever sets it and whenever.
CREATE FUNCTION users.take_kyc_level() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT o.kyc_level INTO new.kyc_level FROM users.users o
  WHERE o.user_number = new.parent_number;
  RETURN new;
END $$;
CREATE TRIGGER users_take_kyc_level BEFORE INSERT OR UPDATE OF kyc_level, parent_number
  ON users.users FOR EACH ROW WHEN (new.parent_number IS NOT NULL)
  EXECUTE FUNCTION users.take_kyc_level();

CREATE FUNCTION users.share_kyc_level() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE users.users SET kyc_level = new.kyc_level WHERE parent_number = new.user_number;
  RETURN NULL;
END $$;
CREATE TRIGGER users_share_kyc_level AFTER UPDATE OF kyc_level ON users.users FOR EACH ROW
  WHEN (new.parent_number IS NULL AND new.kyc_level <> old.kyc_level)
  EXECUTE FUNCTION users.share_kyc_level();
REVOKE ALL ON FUNCTION users.take_kyc_level, users.share_kyc_level FROM PUBLIC;

-- Kept for ever, so that a key is good once for ever: written with the entry or not at all.
CREATE TABLE users.transfers (
  transfer_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT transfers_pkey PRIMARY KEY,
  -- The person whose accounts these are.
  owner_number bigint NOT NULL CONSTRAINT transfers_owner REFERENCES users.users,
  idempotency_key text COLLATE "C" NOT NULL
    CONSTRAINT transfers_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 64),
  -- SHA-256 of the canonical body: another body is another wish.
  request_hash bytea NOT NULL
    CONSTRAINT transfers_request_sha256 CHECK (length(request_hash) = 32),
  from_number bigint NOT NULL CONSTRAINT transfers_from REFERENCES users.users,
  to_number bigint NOT NULL CONSTRAINT transfers_to REFERENCES users.users,
  asset text COLLATE "C" NOT NULL,
  amount_minor numeric(38, 0) NOT NULL
    CONSTRAINT transfers_amount_positive CHECK (amount_minor > 0),
  created_at timestamptz NOT NULL,
  CONSTRAINT transfers_key_once UNIQUE (owner_number, idempotency_key),
  CONSTRAINT transfers_to_another CHECK (from_number <> to_number)
);
CREATE INDEX transfers_of_owner ON users.transfers (owner_number, transfer_number DESC);
GRANT SELECT, INSERT ON users.transfers TO bourse_users;

RESET ROLE;
