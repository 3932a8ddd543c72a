-- The embedded event log: topics, partitions with gapless offsets in commit order, records and
-- consumer groups. Its users read through SELECT and append through one function, nothing else;
-- groups, provisioning and retention belong to bourse_bus. The port is shared/bus/bus.ts.
SET LOCAL ROLE bourse_bus;

CREATE TABLE log.topics (
  topic_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CONSTRAINT topics_name_unique UNIQUE
    CONSTRAINT topics_name_spelling CHECK (name ~ '^[a-zA-Z0-9._-]{1,249}$'),
  -- Negative keeps records for ever.
  retention_ms bigint NOT NULL
);

-- An append locks its partition row until it commits, so offsets are given out in commit order and
-- a reader never sees offset n+1 before n. The row is rewritten by every append: room in the page
-- keeps those updates off the index (HOT), and autovacuum comes early.
CREATE TABLE log.partitions (
  topic_id integer NOT NULL REFERENCES log.topics (topic_id),
  partition integer NOT NULL CONSTRAINT partitions_partition_not_negative CHECK (partition >= 0),
  first_offset bigint NOT NULL DEFAULT 0,
  next_offset bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, partition),
  CONSTRAINT partitions_offsets_in_order CHECK (first_offset BETWEEN 0 AND next_offset)
) WITH (
  fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000
);

-- No foreign key to partitions: append has just updated that row, a check would lock it again.
CREATE TABLE log.records (
  topic_id integer NOT NULL,
  partition integer NOT NULL,
  record_offset bigint NOT NULL,
  key text,
  headers jsonb NOT NULL,
  value bytea NOT NULL CONSTRAINT records_value_within_limit CHECK (octet_length(value) <= 1048576),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (topic_id, partition, record_offset)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);

-- History is never rewritten, not even by the owner. Retention deletes; nothing updates.
CREATE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION 'log.records is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER records_append_only BEFORE UPDATE OR TRUNCATE ON log.records
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

CREATE TABLE log.groups (
  group_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CONSTRAINT groups_name_unique UNIQUE
    CONSTRAINT groups_name_spelling CHECK (length(name) BETWEEN 1 AND 249),
  -- Rises whenever a partition changes hands.
  generation bigint NOT NULL DEFAULT 0
);

CREATE TABLE log.group_members (
  group_id integer NOT NULL REFERENCES log.groups (group_id),
  member_id text NOT NULL,
  topic_ids integer[] NOT NULL,
  joined_at timestamptz NOT NULL,
  lease_until timestamptz NOT NULL,
  PRIMARY KEY (group_id, member_id)
) WITH (fillfactor = 50);

-- Owner is who reads the partition now; wanted is who should. They differ while a living owner has
-- yet to let go: two living members never hold one partition. The epoch fences commits.
CREATE TABLE log.group_partitions (
  group_id integer NOT NULL REFERENCES log.groups (group_id),
  topic_id integer NOT NULL REFERENCES log.topics (topic_id),
  partition integer NOT NULL,
  owner text,
  wanted text,
  epoch bigint NOT NULL DEFAULT 0,
  committed_offset bigint,
  PRIMARY KEY (group_id, topic_id, partition)
) WITH (fillfactor = 50);

-- Appends batches to their partitions. `batches` is
-- [{"topic_id": 1, "partition": 0, "records": [{"k": key or null, "h": headers, "s": 0, "n": 9}]}]
-- where s (start) and n (bytes) say which part of `payload` is the value. One notification a call.
CREATE FUNCTION log.append(batches json, payload bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  batch record;
  base bigint;
  added integer;
  news text := '';
BEGIN
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

-- Creates a topic or adds partitions to it; sets its retention. Answers how many it now has, which
-- is more than asked for when somebody tries to shrink it.
CREATE FUNCTION log.provision(topic_name text, partition_count integer, retention bigint)
RETURNS integer LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  id integer;
  present integer;
BEGIN
  INSERT INTO log.topics AS t (name, retention_ms) VALUES (topic_name, retention)
  ON CONFLICT (name) DO UPDATE SET retention_ms = t.retention_ms
  RETURNING t.topic_id INTO id;
  SELECT count(*) INTO present FROM log.partitions AS p WHERE p.topic_id = id;
  IF present > partition_count THEN RETURN present; END IF;
  UPDATE log.topics AS t SET retention_ms = retention
  WHERE t.topic_id = id AND t.retention_ms <> retention;
  INSERT INTO log.partitions (topic_id, partition)
  SELECT id, n FROM generate_series(present, partition_count - 1) AS n;
  PERFORM pg_notify('bourse_log', '*');
  RETURN partition_count;
END $$;

-- Deletes the records of one partition that are older than a time, at most `batch_max` of them, and
-- moves the partition's first offset. Answers how many went. The caller keeps others from trimming.
CREATE FUNCTION log.trim(
  topic integer, partition_number integer, before timestamptz, batch_max integer
) RETURNS integer LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  first bigint;
  boundary bigint;
BEGIN
  SELECT p.first_offset INTO first FROM log.partitions AS p
  WHERE p.topic_id = topic AND p.partition = partition_number;
  -- The end of the leading run of old records: creation times rise with the offset.
  SELECT max(r.record_offset) + 1 INTO boundary FROM (
    SELECT o.record_offset, bool_and(o.created_at < before) OVER (ORDER BY o.record_offset) AS old
    FROM (
      SELECT c.record_offset, c.created_at FROM log.records AS c
      WHERE c.topic_id = topic AND c.partition = partition_number AND c.record_offset >= first
      ORDER BY c.record_offset LIMIT batch_max
    ) AS o
  ) AS r WHERE r.old;
  IF boundary IS NULL THEN RETURN 0; END IF;
  DELETE FROM log.records AS r
  WHERE r.topic_id = topic AND r.partition = partition_number
    AND r.record_offset >= first AND r.record_offset < boundary;
  UPDATE log.partitions AS p SET first_offset = boundary
  WHERE p.topic_id = topic AND p.partition = partition_number;
  RETURN boundary - first;
END $$;

-- Shares the partitions of a group anew among its living members. The caller has locked the group.
CREATE FUNCTION log.rebalance(id integer) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  moved integer;
  handed integer;
BEGIN
  UPDATE log.group_partitions AS g SET owner = NULL
  WHERE g.group_id = id AND g.owner IS NOT NULL AND NOT EXISTS (
    SELECT FROM log.group_members AS m WHERE m.group_id = id AND m.member_id = g.owner);
  -- Round robin over the members that read the topic, in the order in which they joined.
  UPDATE log.group_partitions AS g SET wanted = share.member_id
  FROM (
    SELECT p.topic_id, p.partition,
      e.members[1 + (p.place - 1) % cardinality(e.members)] AS member_id
    FROM (
      SELECT q.topic_id, q.partition, row_number() OVER (ORDER BY q.topic_id, q.partition) AS place
      FROM log.group_partitions AS q WHERE q.group_id = id
    ) AS p
    CROSS JOIN LATERAL (
      SELECT array_agg(m.member_id ORDER BY m.joined_at, m.member_id) AS members
      FROM log.group_members AS m WHERE m.group_id = id AND p.topic_id = ANY (m.topic_ids)
    ) AS e
  ) AS share
  WHERE g.group_id = id AND g.topic_id = share.topic_id AND g.partition = share.partition
    AND g.wanted IS DISTINCT FROM share.member_id;
  GET DIAGNOSTICS moved = ROW_COUNT;
  UPDATE log.group_partitions AS g SET owner = g.wanted, epoch = g.epoch + 1
  WHERE g.group_id = id AND g.owner IS NULL AND g.wanted IS NOT NULL;
  GET DIAGNOSTICS handed = ROW_COUNT;
  IF moved + handed > 0 THEN
    UPDATE log.groups AS g SET generation = g.generation + 1 WHERE g.group_id = id;
    PERFORM pg_notify('bourse_log_groups', g.name) FROM log.groups AS g WHERE g.group_id = id;
  END IF;
END $$;

-- Joins a group or renews the lease, ends the membership of those whose lease ran out, and answers
-- what this member owns: `keep` is false for a partition that it must let go of.
CREATE FUNCTION log.renew_membership(
  group_name text, member text, topic_names text[], lease_ms integer, begin_at_end boolean
) RETURNS TABLE (
  topic_id integer, topic text, partition integer, epoch bigint, committed_offset bigint,
  keep boolean
) LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  id integer;
  ids integer[];
BEGIN
  INSERT INTO log.groups (name) VALUES (group_name) ON CONFLICT (name) DO NOTHING;
  SELECT g.group_id INTO id FROM log.groups AS g WHERE g.name = group_name FOR UPDATE;
  SELECT array_agg(t.topic_id ORDER BY t.topic_id) INTO ids
  FROM log.topics AS t WHERE t.name = ANY (topic_names);
  IF cardinality(ids) IS DISTINCT FROM cardinality(topic_names) THEN
    RAISE EXCEPTION 'unknown topic among %', topic_names USING ERRCODE = 'foreign_key_violation';
  END IF;
  DELETE FROM log.group_members AS m
  WHERE m.group_id = id AND m.member_id <> member AND m.lease_until < clock_timestamp();
  INSERT INTO log.group_members AS m (group_id, member_id, topic_ids, joined_at, lease_until)
  VALUES (id, member, ids, clock_timestamp(),
    clock_timestamp() + lease_ms * interval '1 millisecond')
  ON CONFLICT (group_id, member_id) DO UPDATE
  SET lease_until = excluded.lease_until, topic_ids = excluded.topic_ids;
  INSERT INTO log.group_partitions (group_id, topic_id, partition)
  SELECT id, p.topic_id, p.partition FROM log.partitions AS p
  WHERE p.topic_id = ANY (ids) AND NOT EXISTS (
    SELECT FROM log.group_partitions AS g
    WHERE g.group_id = id AND g.topic_id = p.topic_id AND g.partition = p.partition);
  -- A group that never committed anything for a topic begins at its end, if it wants to.
  IF begin_at_end THEN
    UPDATE log.group_partitions AS g SET committed_offset = p.next_offset
    FROM log.partitions AS p
    WHERE g.group_id = id AND g.topic_id = ANY (ids)
      AND p.topic_id = g.topic_id AND p.partition = g.partition
      AND NOT EXISTS (
        SELECT FROM log.group_partitions AS o
        WHERE o.group_id = id AND o.topic_id = g.topic_id AND o.committed_offset IS NOT NULL);
  END IF;
  PERFORM log.rebalance(id);
  RETURN QUERY
    SELECT g.topic_id, t.name, g.partition, g.epoch, g.committed_offset, g.wanted = member
    FROM log.group_partitions AS g JOIN log.topics AS t ON t.topic_id = g.topic_id
    WHERE g.group_id = id AND g.owner = member
    ORDER BY g.topic_id, g.partition;
END $$;

-- Lets go of one partition, so that the member that should have it gets it.
CREATE FUNCTION log.release_partition(
  group_name text, member text, topic integer, partition_number integer
) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  id integer;
BEGIN
  SELECT g.group_id INTO id FROM log.groups AS g WHERE g.name = group_name FOR UPDATE;
  UPDATE log.group_partitions AS g SET owner = NULL
  WHERE g.group_id = id AND g.topic_id = topic AND g.partition = partition_number
    AND g.owner = member;
  PERFORM log.rebalance(id);
END $$;

CREATE FUNCTION log.leave_group(group_name text, member text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  id integer;
BEGIN
  SELECT g.group_id INTO id FROM log.groups AS g WHERE g.name = group_name FOR UPDATE;
  DELETE FROM log.group_members AS m WHERE m.group_id = id AND m.member_id = member;
  PERFORM log.rebalance(id);
END $$;

-- Records how far a group is. False when the partition has changed hands since `held_epoch`.
-- Commits that overtake each other on their way never move a group back.
CREATE FUNCTION log.commit_offset(
  group_name text, member text, topic integer, partition_number integer, held_epoch bigint,
  next_offset bigint
) RETURNS boolean LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  UPDATE log.group_partitions AS g
  SET committed_offset = greatest(g.committed_offset, commit_offset.next_offset)
  FROM log.groups AS n
  WHERE n.name = group_name AND g.group_id = n.group_id AND g.topic_id = topic
    AND g.partition = partition_number AND g.owner = member AND g.epoch = held_epoch;
  RETURN FOUND;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;
GRANT USAGE ON SCHEMA log TO bourse_bus_user;
GRANT SELECT ON log.topics, log.partitions, log.records TO bourse_bus_user;
GRANT EXECUTE ON FUNCTION log.append(json, bytea) TO bourse_bus_user;

RESET ROLE;
