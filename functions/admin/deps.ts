// What the routes of admin need from outside.
import type { Bus } from '../../shared/bus/bus.ts';
import type { Outbox } from '../../shared/bus/outbox.ts';
import type { Pool } from '../../shared/db/pool.ts';
import type { Site } from '../../shared/passkeys/site.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Counter } from '../../shared/telemetry/metrics/registry.ts';

export interface AdminDeps {
  readonly pool: Pool;
  /** Of the admin host: where staff show their passkeys. */
  readonly site: Site;
  readonly bus: Bus;
  /** Of the schema reference: what the engine is told of markets. */
  readonly outbox: Outbox;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Rises with each request of a break-glass account: whoever watches it is called. */
  readonly breakGlassUses: Counter;
}
