// The risk function: what a user may do, and how much of it is used.
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { readAsOwner } from '../../shared/db/read-as-owner.ts';
import { defineFunction, route } from '../../shared/function/definition.ts';
import { assertKnown } from '../../shared/function/known-caller.ts';
import { listMarkets } from '../../shared/markets/market-store.ts';
import { presentRisk, type RiskFacts } from './decide.ts';
import { limitsAnswer, noQuery } from './schema.ts';
import { findFlags, listLimits, listPositions, listUses } from './store.ts';

const CONNECTIONS_MAX = 4;

export interface RiskDeps {
  readonly pool: Pool;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const definition = defineFunction<RiskDeps>({
  name: 'risk',
  routes: [
    route({
      method: 'GET',
      path: '/v1/risk/limits',
      summary: 'Own account flags, and the limits that hold with what is used of them.',
      query: noQuery,
      answers: { 200: limitsAnswer },
      refusals: [],
      handle: async (request, deps: RiskDeps) => {
        const { caller } = request;
        assertKnown(caller);
        return { status: 200, body: presentRisk(await readRisk(deps, caller.userNumber)) };
      },
    }),
  ],
  events: [],
  connect: (environment) => {
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'risk',
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

async function readRisk(deps: RiskDeps, userNumber: number): Promise<RiskFacts> {
  const markets = (await listMarkets(deps.pool)).map((each) => each.config);
  const owner = { role: 'bourse_risk_own', ownerNumber: userNumber } as const;
  return readAsOwner(deps.pool, owner, async (tx) => {
    const [flags, limits] = await Promise.all([
      findFlags(tx, userNumber),
      listLimits(tx, userNumber),
    ]);
    const names = limits.length === 0 ? [] : markets.map((each) => each.market);
    const assets = limits.length === 0 ? [] : [...new Set(markets.map((each) => each.base))];
    const [uses, positions] = await Promise.all([listUses(tx, names), listPositions(tx, assets)]);
    return { userNumber, flags, limits, markets, uses, positions, nowMs: deps.now() };
  });
}
