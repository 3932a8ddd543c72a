-- What operators did to dead letters: who, when, why, to which record. The log itself cannot be
-- changed, so what has been dealt with is written here; nothing of this is ever changed either.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['bourse_operations', 'bourse_operator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this server was migrated at the same moment
      END;
    END IF;
  END LOOP;
END $$;

-- An operator reads the embedded log; writing to it is not needed.
GRANT USAGE ON SCHEMA log TO bourse_operator;
GRANT SELECT ON log.topics, log.partitions, log.records TO bourse_operator;

CREATE SCHEMA operations AUTHORIZATION bourse_operations;

SET ROLE bourse_operations;

-- `started` is written before a record is sent to its consumer, so that a tool that dies in between
-- leaves a trace; then `redriven` or `failed`. The latest action of a record is what holds.
CREATE TABLE operations.dead_letter_actions (
  action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition integer NOT NULL CHECK (partition >= 0),
  record_offset bigint NOT NULL CHECK (record_offset >= 0),
  action text NOT NULL CONSTRAINT dead_letter_actions_kind
    CHECK (action IN ('started', 'redriven', 'failed', 'dropped')),
  run_id uuid NOT NULL,
  actor text NOT NULL CONSTRAINT dead_letter_actions_actor
    CHECK (length(btrim(actor)) BETWEEN 1 AND 100),
  reason text NOT NULL CONSTRAINT dead_letter_actions_reason
    CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  consumer text NOT NULL,
  detail text CHECK (length(detail) <= 1000),
  -- What the actor says of himself can be anything; this is who the database knew.
  database_role name NOT NULL DEFAULT session_user,
  acted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX dead_letter_actions_record
  ON operations.dead_letter_actions (topic, partition, record_offset, action_id);

CREATE FUNCTION operations.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER dead_letter_actions_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON operations.dead_letter_actions
  FOR EACH STATEMENT EXECUTE FUNCTION operations.refuse_change();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA operations FROM PUBLIC;
GRANT USAGE ON SCHEMA operations TO bourse_operator;
GRANT SELECT ON operations.dead_letter_actions TO bourse_operator;
-- Neither who nor when can be claimed.
GRANT INSERT (topic, partition, record_offset, action, run_id, actor, reason, consumer, detail)
  ON operations.dead_letter_actions TO bourse_operator;

RESET ROLE;
