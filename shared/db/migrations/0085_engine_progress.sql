-- How far the holder of a lease is, for whoever stands by: every command up to input_offset has its
-- outputs in the log, and no later one has an output below output_offset. Of this holder only: the
-- next one begins anew, since the log may be another by then.
SET LOCAL ROLE bourse_engine;

ALTER TABLE engine.leases
  ADD COLUMN input_offset bigint NOT NULL DEFAULT -1,
  ADD COLUMN output_offset bigint NOT NULL DEFAULT 0;

RESET ROLE;
