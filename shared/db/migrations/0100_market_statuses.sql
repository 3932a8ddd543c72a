-- Markets that take only post-only orders, and markets that take no market orders.
SET LOCAL ROLE bourse_reference;

ALTER TABLE reference.markets
  DROP CONSTRAINT markets_status_known,
  ADD CONSTRAINT markets_status_known CHECK
    (status IN ('trading', 'cancel_only', 'halted', 'post_only', 'limit_only'));

RESET ROLE;
