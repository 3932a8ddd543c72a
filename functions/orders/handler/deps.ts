// What the handlers of orders work with.
import type { Bus } from '../../../shared/bus/bus.ts';
import type { Cache } from '../../../shared/cache/cache.ts';
import type { Outbox } from '../../../shared/bus/outbox.ts';
import type { DatabaseBreaker } from '../../../shared/db/breaker.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import type { Executions } from '../../../shared/events/executions.ts';
import type { Batcher } from '../../../shared/function/batcher.ts';

import type { Outcomes } from './outcomes.ts';
import type { Answers, Request } from './request.ts';

export interface OrdersDeps {
  /** For reads; they may use up its connections. */
  readonly pool: Pool;
  /** For what accepts and projects, and for what cancels look up. */
  readonly commandPool: Pool;
  readonly breaker: DatabaseBreaker;
  readonly bus: Bus;
  readonly cache: Cache | null;
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
  /** Most open orders of one user in one market. */
  readonly openOrdersMax: number;
  readonly accepts: Batcher<Request, Answers>;
  readonly projections: Batcher<Executions, null>;
  readonly keyCleaning: NodeJS.Timeout;
}
