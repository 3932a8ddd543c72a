-- Who may append to which topic, by login: whoever writes executions moves money, and whoever asks
-- for mails speaks for the exchange. The log's own role may append to any, as may a superuser.
SET LOCAL ROLE bourse_bus_owner;

CREATE TABLE log.publishers (
  role name NOT NULL,
  topic text COLLATE "C" NOT NULL,
  CONSTRAINT publishers_pkey PRIMARY KEY (role, topic)
);
INSERT INTO log.publishers VALUES
  ('bourse_orders', 'orders.accepted'), ('bourse_reference', 'orders.accepted'),
  ('bourse_admin', 'orders.accepted'), ('bourse_engine', 'orders.accepted'),
  ('bourse_engine', 'engine.executions'), ('bourse_engine', 'dead-letters'),
  ('bourse_users', 'mail.requested'), ('bourse_audit_anchor', 'audit.anchors');

CREATE FUNCTION log.refuse_publisher(topic_ids integer[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
DECLARE
  refused text;
BEGIN
  SELECT t.name INTO refused FROM log.topics t
  WHERE t.topic_id = ANY (topic_ids) AND NOT EXISTS (
    SELECT FROM log.publishers p WHERE p.role = session_user AND p.topic = t.name)
  LIMIT 1;
  IF refused IS NOT NULL AND NOT pg_has_role(session_user, 'bourse_bus', 'MEMBER') THEN
    RAISE EXCEPTION '% may not append to %', session_user, refused
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'publishers_listed', SCHEMA = 'log',
        TABLE = 'publishers';
  END IF;
END $$;
REVOKE ALL ON FUNCTION log.refuse_publisher FROM PUBLIC;

-- As before, and first of all asks who is calling.
CREATE OR REPLACE FUNCTION log.append(batches json, payload bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  batch record;
  base bigint;
  added integer;
  news text := '';
BEGIN
  PERFORM log.refuse_publisher(ARRAY(
    SELECT DISTINCT x.topic_id FROM json_to_recordset(batches) AS x (topic_id integer)));
  -- In one order for everybody, so that two appends never wait for each other.
  FOR batch IN
    SELECT x.topic_id, x.partition, x.records
    FROM json_to_recordset(batches) AS x (topic_id integer, partition integer, records json)
    ORDER BY x.topic_id, x.partition
  LOOP
    added := json_array_length(batch.records);
    UPDATE log.partitions AS p SET next_offset = p.next_offset + added
    WHERE p.topic_id = batch.topic_id AND p.partition = batch.partition
    RETURNING p.next_offset - added INTO base;
    IF base IS NULL THEN
      RAISE EXCEPTION 'no partition % of topic %', batch.partition, batch.topic_id
        USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO log.records
      (topic_id, partition, record_offset, key, headers, value, created_at)
    SELECT batch.topic_id, batch.partition, base + r.place - 1, r.k, r.h,
      substring(payload FROM r.s + 1 FOR r.n), clock_timestamp()
    FROM ROWS FROM (
      json_to_recordset(batch.records) AS (k text, h jsonb, s integer, n integer)
    ) WITH ORDINALITY AS r (k, h, s, n, place);
    news := news || ' ' || batch.topic_id || '/' || batch.partition || '/' || base + added;
  END LOOP;
  -- Too long for a notification means news for everybody.
  PERFORM pg_notify('bourse_log', CASE WHEN length(news) < 7000 THEN ltrim(news) ELSE '*' END);
END $$;

RESET ROLE;
