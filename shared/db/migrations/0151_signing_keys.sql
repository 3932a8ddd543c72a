-- The keys that access tokens are signed with. Their times say when each is published, signs and is
-- done: no job has to move them on, and every instance comes to the same by its clock.
SET LOCAL ROLE bourse_auth;

CREATE TABLE auth.signing_keys (
  -- RFC 7638: the thumbprint of the public part.
  kid text COLLATE "C" CONSTRAINT signing_keys_pkey PRIMARY KEY
    CONSTRAINT signing_keys_kid_form CHECK (kid ~ '^[A-Za-z0-9_-]{43}$'),
  -- The private key as a JWK; null once it is of no use and destroyed. The public part is taken from
  -- it, too: who can only write to this table can have no key of theirs believed.
  sealed text CONSTRAINT signing_keys_sealed_form CHECK (sealed LIKE 's1.%'),
  published_at timestamptz NOT NULL,
  -- Null: stands by for the next rotation.
  signs_from timestamptz,
  -- Null: until the next rotation.
  signs_until timestamptz,
  -- It has leaked: no longer published, whatever it has signed.
  withdrawn_at timestamptz,
  CONSTRAINT signing_keys_published_first CHECK (signs_from >= published_at),
  CONSTRAINT signing_keys_sign_for_a_while CHECK (signs_until >= signs_from),
  CONSTRAINT signing_keys_end_after_begin CHECK (signs_until IS NULL OR signs_from IS NOT NULL),
  CONSTRAINT signing_keys_destroyed_when_done CHECK (sealed IS NOT NULL OR signs_until IS NOT NULL),
  -- One signs at any time.
  CONSTRAINT signing_keys_one_signs EXCLUDE USING gist (
    tstzrange(signs_from, signs_until) WITH &&) WHERE (signs_from IS NOT NULL)
);
-- One stands by.
CREATE UNIQUE INDEX signing_keys_one_stands_by ON auth.signing_keys ((true))
  WHERE signs_from IS NULL;

-- Who rotated the keys, and why.
CREATE TABLE auth.signing_key_changes (
  change_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT signing_key_changes_pkey PRIMARY KEY,
  changed_at timestamptz NOT NULL,
  what text NOT NULL CONSTRAINT signing_key_changes_what_known
    CHECK (what IN ('made', 'rotated', 'withdrawn')),
  kid text NOT NULL CONSTRAINT signing_key_changes_key REFERENCES auth.signing_keys,
  actor text NOT NULL
    CONSTRAINT signing_key_changes_actor CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL
    CONSTRAINT signing_key_changes_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500)
);

RESET ROLE;
