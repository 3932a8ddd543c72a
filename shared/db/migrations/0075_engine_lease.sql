-- Who runs the engine of a shard. A lease keeps a second engine from writing in normal operation;
-- safety does not rest on it (consumers compare what two engines say). Times are this server's, so
-- that no two machines' clocks are ever compared.
CREATE SCHEMA engine AUTHORIZATION bourse_engine;
SET LOCAL ROLE bourse_engine;

CREATE TABLE engine.leases (
  shard integer PRIMARY KEY CONSTRAINT leases_shard_not_negative CHECK (shard >= 0),
  -- Rises whenever the lease changes hands, and stands in all that its holder writes.
  epoch bigint NOT NULL CONSTRAINT leases_epoch_positive CHECK (epoch > 0),
  holder text NOT NULL CONSTRAINT leases_holder_length CHECK (length(holder) BETWEEN 1 AND 253),
  -- The holder's connection. Postgres sees a killed process at once, long before a lease runs out.
  backend_pid integer NOT NULL,
  backend_start timestamptz NOT NULL,
  renewed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

RESET ROLE;
