-- The volumes of a person's accounts count together, and the tier that they reach holds for each of
-- them from the moment it is made. Terms and discounts stay what was agreed for one account.
SET LOCAL ROLE bourse_fees_owner;

-- Of a sub-account: whose volume counts. Its own row has none.
ALTER TABLE fees.accounts ADD COLUMN owner_id text COLLATE "C"
  CONSTRAINT accounts_volume_is_the_owners CHECK (owner_id IS NULL OR volume_minor = 0);

CREATE FUNCTION fees.add_sub_account(p_user_id text, p_owner_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO fees.accounts (user_id, owner_id) VALUES (p_user_id, p_owner_id)
$$;
REVOKE ALL ON FUNCTION fees.add_sub_account FROM PUBLIC;
GRANT USAGE ON SCHEMA fees TO bourse_users;
GRANT EXECUTE ON FUNCTION fees.add_sub_account TO bourse_users;

-- As before, with the volume of the owner. No join more: beyond eight the planner keeps the order that
-- they are written in, and an accept would read every user.
CREATE OR REPLACE VIEW fees.current_user_rates AS
  SELECT a.user_id, s.market, coalesce(t.version, s.version) AS version,
    coalesce(t.tier, r.tier, s.tier) AS tier,
    CASE WHEN t.version IS NOT NULL THEN t.maker_ppm
      ELSE least(coalesce(r.maker_ppm, s.maker_ppm),
        greatest(coalesce(r.maker_ppm, s.maker_ppm) - coalesce(d.off_ppm, 0), 0,
          -s.taker_ppm_min, -d.terms_taker_ppm_min))
      END AS maker_ppm,
    CASE WHEN t.version IS NOT NULL THEN t.taker_ppm
      ELSE least(coalesce(r.taker_ppm, s.taker_ppm),
        greatest(coalesce(r.taker_ppm, s.taker_ppm) - coalesce(d.off_ppm, 0), 0,
          -s.maker_ppm_min, -d.terms_maker_ppm_min))
      END AS taker_ppm,
    t.version IS NOT NULL AS has_terms,
    CASE WHEN t.version IS NULL THEN coalesce(d.off_ppm, 0) ELSE 0 END AS off_ppm
  FROM fees.accounts a
  CROSS JOIN fees.current_schedules s
  LEFT JOIN LATERAL (
    SELECT t.* FROM fees.user_terms t
    WHERE t.user_id = a.user_id AND t.market = s.market ORDER BY t.version DESC LIMIT 1
  ) t ON t.maker_ppm IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT r.* FROM fees.tiers r
    WHERE r.schedule = s.schedule AND r.version = s.version
      AND r.volume_minor_min <= coalesce(
        (SELECT o.volume_minor FROM fees.accounts o WHERE o.user_id = a.owner_id), a.volume_minor)
    ORDER BY r.volume_minor_min DESC LIMIT 1
  ) r ON true
  LEFT JOIN LATERAL (
    SELECT d.off_ppm,
      (SELECT min(x.maker_ppm) FROM fees.user_terms x
        WHERE x.market = s.market AND x.maker_ppm < 0) AS terms_maker_ppm_min,
      (SELECT min(x.taker_ppm) FROM fees.user_terms x
        WHERE x.market = s.market AND x.taker_ppm < 0) AS terms_taker_ppm_min
    FROM fees.discounts d
    WHERE d.user_id = a.user_id AND d.effective_from <= now()
    ORDER BY d.effective_from DESC, d.version DESC LIMIT 1
  ) d ON true;

RESET ROLE;
