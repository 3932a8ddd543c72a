-- The audit log: who did what to whom, from what to what, and why. Nobody changes or deletes a row,
-- and whoever could (a superuser) is found out: rows of a stream are numbered without gaps and
-- chained, and the ends of the chains are signed and written elsewhere (shared/audit/).
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['bourse_audit', 'bourse_audit_reader', 'bourse_audit_anchor',
    'bourse_admin'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was migrated at the same moment
      END;
    END IF;
  END LOOP;
END $$;

-- Anchors go to a topic too.
GRANT bourse_bus_user TO bourse_audit_anchor;

CREATE SCHEMA audit AUTHORIZATION bourse_audit;

SET LOCAL ROLE bourse_audit;

-- The end of each chain. Its row is the lock that writers of the stream stand in line at, until
-- they commit: that makes the numbers gapless. Writers append last in their transaction, and to one
-- stream, so that the line is short and no two wait for each other.
CREATE TABLE audit.heads (
  stream text COLLATE "C" CONSTRAINT heads_pkey PRIMARY KEY
    CONSTRAINT heads_stream_form CHECK (stream ~ '^[a-z]+(-[a-z]+)*$'),
  sequence bigint NOT NULL CONSTRAINT heads_sequence_not_negative CHECK (sequence >= 0),
  recorded_at_ms bigint NOT NULL,
  hash bytea NOT NULL CONSTRAINT heads_sha256 CHECK (length(hash) = 32)
);
-- A chain begins with the hash of its name, so that none can stand in for another.
INSERT INTO audit.heads
SELECT s, 0, 0, sha256(convert_to(s, 'UTF8')) FROM unnest(ARRAY['accounts', 'admin', 'auth',
  'dead-letters', 'fees', 'markets', 'risk', 'users']) s;

-- Which login role may write to which stream: a stream that anybody can fill tells nothing.
CREATE TABLE audit.writers (
  stream text COLLATE "C" NOT NULL CONSTRAINT writers_stream REFERENCES audit.heads,
  role_name name NOT NULL,
  CONSTRAINT writers_pkey PRIMARY KEY (stream, role_name)
);
INSERT INTO audit.writers VALUES ('accounts', 'bourse_orders'), ('admin', 'bourse_admin'),
  ('auth', 'bourse_auth'), ('dead-letters', 'bourse_operator'), ('fees', 'bourse_fees'),
  ('markets', 'bourse_reference'), ('risk', 'bourse_risk'), ('users', 'bourse_users');

-- `record` is the record itself, canonical JSON (RFC 8785) as shared/audit/record.ts makes it, and
-- what is hashed; the columns that are searched are made from it.
CREATE TABLE audit.records (
  stream text COLLATE "C" NOT NULL CONSTRAINT records_stream REFERENCES audit.heads,
  sequence bigint NOT NULL CONSTRAINT records_sequence_positive CHECK (sequence > 0),
  recorded_at_ms bigint NOT NULL,
  -- What the actor says of himself can be anything; this is who the database knew.
  database_role text NOT NULL,
  record text NOT NULL CONSTRAINT records_record_length CHECK (length(record) <= 262144),
  previous_hash bytea NOT NULL
    CONSTRAINT records_previous_sha256 CHECK (length(previous_hash) = 32),
  hash bytea NOT NULL CONSTRAINT records_sha256 CHECK (length(hash) = 32),
  actor_kind text GENERATED ALWAYS AS (record::jsonb -> 'actor' ->> 'kind') STORED NOT NULL
    CONSTRAINT records_actor_kind_known
    CHECK (actor_kind IN ('operator', 'staff', 'user', 'system')),
  actor_id text COLLATE "C" GENERATED ALWAYS AS (record::jsonb -> 'actor' ->> 'id') STORED NOT NULL
    CONSTRAINT records_actor_id_length CHECK (length(btrim(actor_id)) BETWEEN 1 AND 100),
  action text COLLATE "C" GENERATED ALWAYS AS (record::jsonb ->> 'action') STORED NOT NULL
    CONSTRAINT records_action_form CHECK (action ~ '^[a-z_]{1,40}\.[a-z_]{1,40}$'),
  subject text COLLATE "C" GENERATED ALWAYS AS (record::jsonb ->> 'subject') STORED NOT NULL
    CONSTRAINT records_subject_length CHECK (length(btrim(subject)) BETWEEN 1 AND 200),
  CONSTRAINT records_pkey PRIMARY KEY (stream, sequence),
  CONSTRAINT records_of_their_stream CHECK (record::jsonb ->> 'stream' = stream)
);
-- For searches, newest first.
CREATE INDEX records_by_time ON audit.records (recorded_at_ms, stream, sequence);
CREATE INDEX records_by_subject ON audit.records (subject, recorded_at_ms, stream, sequence);
CREATE INDEX records_by_actor ON audit.records (actor_id, recorded_at_ms, stream, sequence);

CREATE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on audit.% is refused: it is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_NAME, SCHEMA = 'audit',
      TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.records
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER heads_stay BEFORE DELETE OR TRUNCATE ON audit.heads
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER heads_go_on BEFORE UPDATE ON audit.heads FOR EACH ROW
  WHEN (new.stream <> old.stream OR new.sequence <> old.sequence + 1)
  EXECUTE FUNCTION audit.refuse_change();

-- The only door. Answers the number of the record in its stream. The hash is SHA-256 over
-- previous hash (32 bytes), sequence, LF, recorded_at_ms, LF, database_role, LF, record; numbers in
-- decimal, text in UTF-8. The verifier (shared/audit/chain.ts) computes the same.
CREATE FUNCTION audit.append(p_stream text, p_record text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  head audit.heads;
  next_sequence bigint;
  now_ms bigint;
  next_hash bytea;
BEGIN
  IF NOT EXISTS (SELECT FROM audit.writers w
    WHERE w.stream = p_stream AND pg_has_role(session_user, w.role_name, 'MEMBER')) THEN
    RAISE EXCEPTION '% may not write to the audit stream %', session_user, p_stream
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT h.* INTO STRICT head FROM audit.heads h WHERE h.stream = p_stream FOR UPDATE;
  next_sequence := head.sequence + 1;
  -- A clock that was set back does not put records out of their order.
  now_ms := greatest(head.recorded_at_ms,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
  next_hash := sha256(head.hash || convert_to(next_sequence || E'\n' || now_ms || E'\n'
    || session_user || E'\n' || p_record, 'UTF8'));
  INSERT INTO audit.records
    (stream, sequence, recorded_at_ms, database_role, record, previous_hash, hash)
  VALUES (p_stream, next_sequence, now_ms, session_user, p_record, head.hash, next_hash);
  UPDATE audit.heads h SET sequence = next_sequence, recorded_at_ms = now_ms, hash = next_hash
  WHERE h.stream = p_stream;
  RETURN next_sequence;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
-- Not even the owner, whose door it is: adding is all that it does.
REVOKE UPDATE, DELETE, TRUNCATE ON audit.records FROM bourse_audit;
REVOKE DELETE, TRUNCATE ON audit.heads FROM bourse_audit;
REVOKE UPDATE, DELETE, TRUNCATE ON audit.writers FROM bourse_audit;

GRANT USAGE ON SCHEMA audit TO bourse_orders, bourse_admin, bourse_auth, bourse_operator,
  bourse_fees, bourse_reference, bourse_risk, bourse_users, bourse_audit_reader,
  bourse_audit_anchor;
GRANT EXECUTE ON FUNCTION audit.append TO bourse_orders, bourse_admin, bourse_auth,
  bourse_operator, bourse_fees, bourse_reference, bourse_risk, bourse_users;
GRANT SELECT ON audit.heads TO bourse_audit_reader, bourse_audit_anchor;
GRANT SELECT ON audit.records TO bourse_audit_reader;

RESET ROLE;
