// The fees function: what a user pays, per market.
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { assert } from '../../shared/domain/failure.ts';
import { defineFunction, route } from '../../shared/function/definition.ts';
import { firstVolumeDay, presentFees } from './decide.ts';
import { feeListAnswer, noQuery } from './schema.ts';
import { listFees } from './store.ts';

const CONNECTIONS_MAX = 4;

export interface FeesDeps {
  readonly pool: Pool;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const definition = defineFunction<FeesDeps>({
  name: 'fees',
  routes: [
    route({
      method: 'GET',
      path: '/v1/fees',
      access: 'user',
      summary: 'Own maker and taker rate, tier and 30-day volume, per market.',
      query: noQuery,
      answers: { 200: feeListAnswer },
      refusals: [],
      handle: async (request, deps: FeesDeps) => {
        const { caller } = request;
        assert(caller !== null, 'the route has access "user"');
        const facts = await listFees(deps.pool, caller.userId, firstVolumeDay(deps.now()));
        return { status: 200, body: { items: presentFees(facts) } };
      },
    }),
  ],
  events: [],
  connect: (environment) => {
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'fees',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => environment.log.warn({ err: error }, 'idle connection lost'),
    });
    return Promise.resolve({ pool, now: Date.now });
  },
  close: (deps) => deps.pool.end(),
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});
