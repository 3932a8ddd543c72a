-- Entries of kind transfer, and the one door through which they are posted. Kinds that the next
-- migrations post are known here already: the list is one.
SET LOCAL ROLE bourse_ledger;

ALTER TABLE ledger.entries
  DROP CONSTRAINT entries_kind_known,
  ADD CONSTRAINT entries_kind_known CHECK (kind IN ('deposit', 'trade', 'reversal', 'transfer',
    'adjustment', 'house_funding'));

-- From one user to another, named by whose accounts both are and the key of the request. Whether
-- both are one person's is for the schema users to know. Refused with
-- balances_available_not_negative when `p_from` has less available, with
-- entries_business_key_reused when the name was given to another transfer.
CREATE FUNCTION ledger.post_transfer(p_key text, p_transfer text, p_from text, p_to text,
  p_asset text, p_amount numeric) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ledger.check_amounts(ARRAY[p_amount], true);
  IF NOT (starts_with(p_from, 'usr_') AND starts_with(p_to, 'usr_') AND p_from <> p_to) THEN
    RAISE EXCEPTION 'a transfer is from one user to another'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_between_users';
  END IF;
  RETURN (SELECT r.numbers[1] FROM ledger.post_entries('transfer', ARRAY[p_from, p_to],
    ARRAY[p_asset, p_asset], ARRAY[p_key], ARRAY['transfer'], ARRAY[p_transfer], NULL, NULL,
    ARRAY[1, 1], ARRAY[1, 2], ARRAY[-p_amount, p_amount], '{}', '{}', '{}') r);
END $$;
REVOKE ALL ON FUNCTION ledger.post_transfer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.post_transfer TO bourse_users;

RESET ROLE;
