-- A batch of a stopped market fails by itself, so that nobody has to ask first. The market is the
-- detail of the error.
SET LOCAL ROLE bourse_settlement_owner;

CREATE FUNCTION settlement.refuse_stopped(p_markets text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stopped text;
BEGIN
  SELECT s.market INTO stopped FROM settlement.stopped_markets s
  WHERE s.market = ANY (p_markets) ORDER BY s.market LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the settlement of % is stopped', stopped USING ERRCODE = 'check_violation',
      CONSTRAINT = 'market_not_stopped', SCHEMA = 'settlement', TABLE = 'stopped_markets',
      DETAIL = stopped;
  END IF;
END $$;

REVOKE ALL ON FUNCTION settlement.refuse_stopped(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settlement.refuse_stopped(text[]) TO bourse_settlement;

RESET ROLE;
