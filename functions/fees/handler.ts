// The fees function: what a user pays, per market, and what an order would.
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { readAsOwner } from '../../shared/db/read-as-owner.ts';
import { isRejection, reject } from '../../shared/domain/rejection.ts';
import { defineFunction, route } from '../../shared/function/definition.ts';
import { assertKnown } from '../../shared/function/known-caller.ts';
import { findMarket } from '../../shared/markets/market-store.ts';
import { firstVolumeDay, presentFees } from './decide/present.ts';
import { previewFees } from './decide/preview.ts';
import { feeListAnswer, feePreviewAnswer, feePreviewQuery, noQuery } from './schema.ts';
import { findPreviewRates, findTierVolume, listFees } from './store/read.ts';

const CONNECTIONS_MAX = 4;

export interface FeesDeps {
  readonly pool: Pool;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ownerOf = (ownerNumber: number) => ({ role: 'bourse_fees_own', ownerNumber }) as const;

const listRoute = route({
  method: 'GET',
  path: '/v1/fees',
  summary:
    'Own maker and taker rate, tier, what is missing to the next one, and volume, per market.',
  query: noQuery,
  answers: { 200: feeListAnswer },
  refusals: [],
  handle: async (request, deps: FeesDeps) => {
    const { caller } = request;
    assertKnown(caller);
    const { userId, userNumber } = caller;
    const [facts, volume] = await readAsOwner(deps.pool, ownerOf(userNumber), (tx) =>
      Promise.all([listFees(tx, userId, firstVolumeDay(deps.now())), findTierVolume(tx, userId)]),
    );
    return { status: 200, body: presentFees(facts, volume) };
  },
});

const previewRoute = route({
  method: 'GET',
  path: '/v1/fees/preview',
  summary:
    'What an order would pay as maker and as taker at today’s rates, and what it would lock.',
  query: feePreviewQuery,
  answers: { 200: feePreviewAnswer },
  refusals: [
    'MARKET_NOT_FOUND',
    'ORDER_PRICE_REQUIRED',
    'ORDER_PRICE_NOT_ALLOWED',
    'ORDER_PRICE_OFF_TICK',
    'ORDER_PRICE_OUT_OF_BAND',
    'ORDER_QUANTITY_OFF_LOT',
    'ORDER_QUANTITY_TOO_SMALL',
    'ORDER_QUANTITY_TOO_LARGE',
    'ORDER_NOTIONAL_TOO_SMALL',
    'ORDER_LIQUIDITY_NONE',
  ],
  handle: async (request, deps: FeesDeps) => {
    const { caller, query } = request;
    assertKnown(caller);
    const [market, row] = await Promise.all([
      findMarket(deps.pool, query.market),
      readAsOwner(deps.pool, ownerOf(caller.userNumber), (tx) =>
        findPreviewRates(tx, caller.userId, query.market),
      ),
    ]);
    if (market === null || row === null) return reject('MARKET_NOT_FOUND');
    const { makerPpm, takerPpm, bestBidTicks, bestAskTicks } = row;
    const rates = { makerPpm, takerPpm };
    const facts = { config: market.config, rates, bestBidTicks, bestAskTicks };
    const preview = previewFees(query, facts);
    return isRejection(preview) ? preview : { status: 200, body: preview };
  },
});

export const definition = defineFunction<FeesDeps>({
  name: 'fees',
  routes: [listRoute, previewRoute],
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
