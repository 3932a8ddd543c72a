// What the routes of admin need from outside.
import type { Bus } from '../../shared/bus/bus.ts';
import type { Outbox } from '../../shared/bus/outbox.ts';
import type { Pool } from '../../shared/db/pool.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Counter } from '../../shared/telemetry/metrics/registry.ts';

export interface AdminDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  /** Of the schema reference: what the engine is told of markets. */
  readonly outbox: Outbox;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Rises with each request of a break-glass account: whoever watches it is called. */
  readonly breakGlassUses: Counter;
}
