// Market data over REST, and the projection of engine.executions that it is read from.
import { z } from 'zod';
import { crashPoint } from '../../shared/config/crash-point.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { isRetryableDatabaseError } from '../../shared/db/failure.ts';
import { RetryableError, TerminalError } from '../../shared/domain/failure.ts';
import { reject, type Rejection } from '../../shared/domain/rejection.ts';
import type { Executions } from '../../shared/events/executions.ts';
import { Batcher } from '../../shared/function/batcher.ts';
import {
  defineFunction,
  onEvent,
  route,
  type Environment,
  type HandlerResponse,
} from '../../shared/function/definition.ts';
import { listAnswer, listPage, listQueryFields } from '../../shared/http/list.ts';
import { Catalog } from './catalog.ts';
import { bookAnswerOf, tradeAnswerOf } from './decide/present.ts';
import { auctionAnswerOf, marketAnswerOf, type MarketRow } from './decide/present-market.ts';
import { findRecordFault, mergeRecords } from './decide/records.ts';
import { applyPhases } from './phase-store.ts';
import { assetListAnswer, auctionAnswer, bookAnswer, bookQuery, marketAnswer } from './schema.ts';
import { marketListAnswer, marketParams, noQuery, publicTradeAnswer } from './schema.ts';
import { applyBatch, deleteGoneLevels, findBook, isDatabaseUp } from './store.ts';
import { listAssets, listMarkets, listTrades } from './store.ts';

/** Records of one write; a source has at most 50 deliveries in flight. */
const RECORDS_PER_WRITE_MAX = 100;
/** Deliveries that wait for a write; more are answered 503 and delivered again. */
const RECORDS_WAITING_MAX = 1_000;
/** Nobody waits for it: fewer, larger writes. */
const LINGER_MS = 60;
const CONNECTIONS_MAX = 8;
/** How old a cached list of assets or markets may be. */
const CATALOG_AGE_MAX_MS = 1_000;
/** How often gone levels are deleted while records come in. */
const CLEANING_PERIOD_MS = 1_000;

export interface MarketDataDeps {
  readonly pool: Pool;
  readonly assets: Catalog<{ asset: string; name: string; decimals: number }>;
  readonly markets: Catalog<MarketRow>;
  readonly writes: Batcher<Executions, null>;
  readonly cleaning: { due: boolean; readonly timer: NodeJS.Timeout };
}

/** For `connect`, and for tests that have a pool already. */
export function openMarketData(pool: Pool, log: Environment['log']): MarketDataDeps {
  // An instance that died may have left gone levels behind.
  const cleaning = { due: true };
  const timer = setInterval(() => {
    if (!cleaning.due) return;
    cleaning.due = false;
    deleteGoneLevels(pool).catch((error: unknown) => {
      cleaning.due = true;
      log.warn({ err: error }, 'gone levels could not be deleted; trying again');
    });
  }, CLEANING_PERIOD_MS);
  const writes = new Batcher<Executions, null>({
    batchMax: RECORDS_PER_WRITE_MAX,
    lingerMs: LINGER_MS,
    queueMax: RECORDS_WAITING_MAX,
    retryAlone: true,
    run: async (records) => {
      await writeRecords(pool, records);
      return records.map(() => null);
    },
  });
  return {
    pool,
    assets: new Catalog(
      () => listAssets(pool),
      (row) => row.asset,
      CATALOG_AGE_MAX_MS,
    ),
    markets: new Catalog(
      () => listMarkets(pool),
      (row) => row.market,
      CATALOG_AGE_MAX_MS,
    ),
    writes,
    cleaning: Object.assign(cleaning, { timer }),
  };
}

async function writeRecords(pool: Pool, records: readonly Executions[]): Promise<void> {
  try {
    crashPoint('market-data.apply.before');
    const batch = mergeRecords(records);
    await applyBatch(pool, batch);
    await applyPhases(pool, batch.phases);
    crashPoint('market-data.apply.after');
  } catch (error) {
    if (!isRetryableDatabaseError(error)) throw error;
    throw new RetryableError('the market data could not be written', { cause: error });
  }
}

export async function closeMarketData(deps: MarketDataDeps): Promise<void> {
  clearInterval(deps.cleaning.timer);
  await deps.writes.close();
  await deps.pool.end();
}

const assetsRoute = route({
  method: 'GET',
  path: '/v1/assets',
  summary: 'Assets with the number of decimals their amounts may have.',
  query: noQuery,
  answers: { 200: assetListAnswer },
  refusals: ['QUERY_INVALID'],
  handle: async (_request, deps: MarketDataDeps): Promise<HandlerResponse> => {
    return { status: 200, body: { items: await deps.assets.list() } };
  },
});

const marketsRoute = route({
  method: 'GET',
  path: '/v1/markets',
  summary: 'Markets with their steps, limits, status, schedule and standard fee rates.',
  query: noQuery,
  answers: { 200: marketListAnswer },
  refusals: ['QUERY_INVALID'],
  handle: async (_request, deps: MarketDataDeps): Promise<HandlerResponse> => {
    const rows = await deps.markets.list();
    return { status: 200, body: { items: rows.map(marketAnswerOf) } };
  },
});

const marketRoute = route({
  method: 'GET',
  path: '/v1/markets/{market}',
  summary: 'One market.',
  params: marketParams,
  query: noQuery,
  answers: { 200: marketAnswer },
  refusals: ['MARKET_NOT_FOUND', 'QUERY_INVALID'],
  handle: async (request, deps: MarketDataDeps): Promise<HandlerResponse | Rejection> => {
    const market = await deps.markets.find(request.params.market);
    if (market === null) return reject('MARKET_NOT_FOUND');
    return { status: 200, body: marketAnswerOf(market) };
  },
});

const auctionRoute = route({
  method: 'GET',
  path: '/v1/markets/{market}/auction',
  summary: 'What the auction that is held would come to now, and what the last one came to.',
  params: marketParams,
  query: noQuery,
  answers: { 200: auctionAnswer },
  refusals: ['MARKET_NOT_FOUND', 'QUERY_INVALID'],
  handle: async (request, deps: MarketDataDeps): Promise<HandlerResponse | Rejection> => {
    // An indication may change every second: not from the catalog.
    const [market] = await listMarkets(deps.pool, request.params.market);
    if (market === undefined) return reject('MARKET_NOT_FOUND');
    return { status: 200, body: auctionAnswerOf(market) };
  },
});

const bookRoute = route({
  method: 'GET',
  path: '/v1/markets/{market}/book',
  summary: 'The order book by price level, best first.',
  params: marketParams,
  query: bookQuery,
  answers: { 200: bookAnswer },
  refusals: ['MARKET_NOT_FOUND', 'QUERY_INVALID'],
  handle: async (request, deps: MarketDataDeps): Promise<HandlerResponse | Rejection> => {
    const market = await deps.markets.find(request.params.market);
    if (market === null) return reject('MARKET_NOT_FOUND');
    const book = await findBook(deps.pool, market.market, request.query.depth);
    return { status: 200, body: bookAnswerOf(market, book) };
  },
});

const tradesRoute = route({
  method: 'GET',
  path: '/v1/markets/{market}/trades',
  summary: 'Public trades, newest first.',
  params: marketParams,
  query: z.strictObject(listQueryFields),
  answers: { 200: listAnswer(publicTradeAnswer) },
  refusals: ['MARKET_NOT_FOUND', 'QUERY_INVALID'],
  handle: async (request, deps: MarketDataDeps): Promise<HandlerResponse | Rejection> => {
    const market = await deps.markets.find(request.params.market);
    if (market === null) return reject('MARKET_NOT_FOUND');
    const { limit, cursor } = request.query;
    const below = belowSequenceOf(cursor);
    if (below === null) return reject('QUERY_INVALID', 'the cursor is of another list');
    const rows = await listTrades(deps.pool, market.market, below, limit + 1);
    const page = listPage(
      rows,
      limit,
      (row) => tradeAnswerOf(market, row),
      (row) => [row.sequence],
    );
    return { status: 200, body: page };
  },
});

function belowSequenceOf(cursor: readonly (string | number)[] | undefined): number | null {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const [sequence] = cursor;
  return cursor.length === 1 && typeof sequence === 'number' ? sequence : null;
}

const executionsEvent = onEvent('executions', async (event, deps: MarketDataDeps) => {
  // Alone and before the batch: a bad record must not take good ones down with it.
  for (const output of event.data.outputs) {
    const fault = findRecordFault(output);
    if (fault !== null) throw new TerminalError(`the record contradicts itself: ${fault}`);
  }
  await deps.writes.submitAllOrThrow(event.data.outputs);
  deps.cleaning.due = true;
});

export const definition = defineFunction<MarketDataDeps>({
  name: 'market-data',
  routes: [assetsRoute, marketsRoute, marketRoute, auctionRoute, bookRoute, tradesRoute],
  events: [executionsEvent],
  connect: (environment) => {
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'bourse-market-data',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => environment.log.warn({ err: error }, 'a database connection broke'),
    });
    return Promise.resolve(openMarketData(pool, environment.log));
  },
  close: closeMarketData,
  isReady: (deps) => isDatabaseUp(deps.pool),
});
