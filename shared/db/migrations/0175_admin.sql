-- Staff: who they are, what they may do, and what waits for a second person. And for what is carried
-- out from here, a door each into the schema that owns it.
CREATE SCHEMA admin AUTHORIZATION bourse_admin;

SET LOCAL ROLE bourse_users;

-- Suspends a user with all sub-accounts, or takes it back. Answers who was changed: with
-- their status before.
CREATE FUNCTION users.admin_set_suspended(p_user bigint, p_suspended boolean)
RETURNS TABLE (user_number bigint, old_status text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH held AS (
    SELECT u.user_number AS n, u.status AS s FROM users.users u
    WHERE (u.user_number = p_user OR u.parent_number = p_user)
      AND u.status = CASE WHEN p_suspended THEN 'active' ELSE 'suspended' END
    ORDER BY u.user_number FOR UPDATE
  )
  UPDATE users.users u SET status = CASE WHEN p_suspended THEN 'suspended' ELSE 'active' END
  FROM held WHERE u.user_number = held.n RETURNING u.user_number, held.s
$$;
REVOKE ALL ON FUNCTION users.admin_set_suspended FROM PUBLIC;
GRANT USAGE ON SCHEMA users TO bourse_admin;
GRANT EXECUTE ON FUNCTION users.admin_set_suspended TO bourse_admin;

SET LOCAL ROLE bourse_auth;

-- Every process refuses the users from then on, or believes them again.
CREATE FUNCTION auth.admin_block_users(p_users bigint[], p_blocked boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.revoke(CASE WHEN p_blocked THEN 'user_blocked' ELSE 'user_unblocked' END, u.n)
  FROM unnest(p_users) u (n);
END $$;

-- Ends every session of a user; answers how many there were.
CREATE FUNCTION auth.admin_end_sessions(p_user bigint, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended text[];
BEGIN
  WITH done AS (
    UPDATE auth.sessions s SET ended_at = clock_timestamp(), end_reason = p_reason
    WHERE s.user_number = p_user AND s.ended_at IS NULL RETURNING s.session_number
  )
  SELECT coalesce(array_agg('ses_' || lpad(d.session_number::text, 16, '0')), '{}') INTO ended
  FROM done d;
  PERFORM auth.revoke('credential', p_user, ended);
  RETURN cardinality(ended);
END $$;
REVOKE ALL ON FUNCTION auth.admin_block_users, auth.admin_end_sessions FROM PUBLIC;
GRANT USAGE ON SCHEMA auth TO bourse_admin;
GRANT EXECUTE ON FUNCTION auth.admin_block_users, auth.admin_end_sessions TO bourse_admin;

SET LOCAL ROLE bourse_risk;
GRANT USAGE ON SCHEMA risk TO bourse_admin;
GRANT SELECT ON risk.accounts, risk.limits TO bourse_admin;
GRANT EXECUTE ON FUNCTION risk.set_flag, risk.set_limit, risk.flag_lock TO bourse_admin;

SET LOCAL ROLE bourse_audit;
GRANT SELECT ON audit.records TO bourse_admin;

RESET ROLE;
GRANT bourse_identity_reader TO bourse_admin;
SET LOCAL ROLE bourse_admin;

CREATE TABLE admin.staff (
  staff_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT staff_pkey PRIMARY KEY,
  name text NOT NULL CONSTRAINT staff_name_length CHECK (length(btrim(name)) BETWEEN 1 AND 100),
  email text COLLATE "C" NOT NULL CONSTRAINT staff_email_once UNIQUE CONSTRAINT staff_email_form
    CHECK (length(email) BETWEEN 3 AND 254 AND email = lower(email) AND email LIKE '%_@_%'),
  status text NOT NULL DEFAULT 'active'
    CONSTRAINT staff_status_known CHECK (status IN ('active', 'disabled')),
  -- For the day when nobody else can act: it may do everything alone, and every use alarms.
  is_break_glass boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What holds now; what held before is in the audit log.
CREATE TABLE admin.role_grants (
  staff_number bigint NOT NULL CONSTRAINT role_grants_staff REFERENCES admin.staff,
  role text COLLATE "C" NOT NULL CONSTRAINT role_grants_role_known CHECK (role IN ('support',
    'compliance', 'risk', 'treasury', 'markets', 'security', 'auditor')),
  -- Who asked for it: the two are no pair of four eyes. Null: an operator's tool.
  requested_by bigint CONSTRAINT role_grants_requested_by REFERENCES admin.staff,
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT role_grants_pkey PRIMARY KEY (staff_number, role)
);

-- What somebody asked for, until somebody else has approved it, which carries it out, or not.
CREATE TABLE admin.requests (
  request_number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT requests_pkey PRIMARY KEY,
  action text NOT NULL,
  -- Canonical JSON; the hash is what is approved.
  payload text NOT NULL CONSTRAINT requests_payload_length CHECK (length(payload) <= 16384),
  payload_sha256 bytea NOT NULL CONSTRAINT requests_payload_hashed
    CHECK (payload_sha256 = sha256(convert_to(payload, 'UTF8'))),
  reason text NOT NULL
    CONSTRAINT requests_reason CHECK (length(btrim(reason)) BETWEEN 3 AND 500),
  maker_number bigint NOT NULL CONSTRAINT requests_maker REFERENCES admin.staff,
  status text NOT NULL DEFAULT 'pending'
    CONSTRAINT requests_status_known CHECK (status IN ('pending', 'executed', 'rejected')),
  checker_number bigint CONSTRAINT requests_checker REFERENCES admin.staff,
  -- The one who may approve alone.
  by_break_glass boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  decided_at timestamptz,
  CONSTRAINT requests_expire_later CHECK (expires_at > created_at),
  CONSTRAINT requests_decided_whole CHECK ((status = 'pending') = (checker_number IS NULL)
    AND (status = 'pending') = (decided_at IS NULL)),
  CONSTRAINT requests_two_persons CHECK (status <> 'executed' OR by_break_glass
    OR checker_number <> maker_number),
  CONSTRAINT requests_executed_in_time CHECK (status <> 'executed' OR decided_at < expires_at)
);
CREATE INDEX requests_by_status ON admin.requests (status, request_number DESC);

CREATE FUNCTION admin.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on admin.% is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', CONSTRAINT = TG_NAME, SCHEMA = 'admin',
      TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER requests_stay BEFORE DELETE OR TRUNCATE ON admin.requests
  FOR EACH STATEMENT EXECUTE FUNCTION admin.refuse_change();
-- What was asked for is never another, and what was decided stays decided.
CREATE TRIGGER requests_as_asked BEFORE UPDATE ON admin.requests FOR EACH ROW
  WHEN (old.status <> 'pending' OR (old.request_number, old.action, old.payload, old.reason,
    old.maker_number, old.created_at, old.expires_at) IS DISTINCT FROM (new.request_number,
    new.action, new.payload, new.reason, new.maker_number, new.created_at, new.expires_at))
  EXECUTE FUNCTION admin.refuse_change();
CREATE TRIGGER staff_stay BEFORE DELETE OR TRUNCATE ON admin.staff
  FOR EACH STATEMENT EXECUTE FUNCTION admin.refuse_change();
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA admin FROM PUBLIC;

RESET ROLE;
