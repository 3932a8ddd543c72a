// The orders function: accepts orders, cancels and amends into the command log, and projects what
// the engine did with them.
import { crashPoint } from '../../shared/config/crash-point.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import type { Cache } from '../../shared/cache/cache.ts';
import { findCache } from '../../shared/function/find-cache.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS } from '../../shared/db/pool.ts';
import { withTransaction, type Pool } from '../../shared/db/pool.ts';
import { DatabaseBreaker } from '../../shared/db/breaker.ts';
import { assertDurable, UNSAFE_VARIABLE } from '../../shared/db/durability.ts';
import { findViolatedConstraint, isRetryableDatabaseError } from '../../shared/db/failure.ts';
import { RetryableError } from '../../shared/domain/failure.ts';
import type { Executions } from '../../shared/events/executions.ts';
import { Batcher } from '../../shared/function/batcher.ts';
import { defineFunction, onEvent, type Environment } from '../../shared/function/definition.ts';
import { projectExecutions } from './decide/project.ts';
import { acceptBatch, type AcceptDeps } from './handler/accept-batch.ts';
import { cancelBatch, placeBatch } from './handler/batch-routes.ts';
import { amendOrder, cancelOrder, cancelOrderByClientId } from './handler/change-routes.ts';
import type { OrdersDeps } from './handler/deps.ts';
import { cancelList, getList, listOwnLists, placeList } from './handler/list-routes.ts';
import { MarketAssets } from './handler/market-assets.ts';
import { Outcomes } from './handler/outcomes.ts';
import { placeOrder, testOrder } from './handler/place-routes.ts';
import { replaceOrder } from './handler/replace-routes.ts';
import { isCancelling, userOf, weightOf } from './handler/request.ts';
import type { Answers, Request } from './handler/request.ts';
import { getOrder, getOrderByClientId, getOrderOfClient } from './handler/read-routes.ts';
import { listOwnOrders, listOwnTrades, listPreventedMatches } from './handler/read-routes.ts';
import { cancelAllAfter, cancelAllOrders } from './handler/wide-routes.ts';
import { forgetOldKeys } from './store/accept.ts';
import { forgetOldBatches } from './store/batch-keys.ts';
import { saveProjection } from './store/project.ts';

/** Of reads, and of all else, which never waits for a read. */
const READ_CONNECTIONS_MAX = 4;
const COMMAND_CONNECTIONS_MAX = 6;
/** Orders and changes committed together; measured: a commit costs more than twenty orders. */
const ACCEPT_BATCH_MAX = 200;
/**
 * Measured: a batch costs 5.6 ms of CPU whatever is in it. 16 ms spare a fifteenth of it at 1,000
 * orders/s, and half of them wait 4 ms longer.
 */
const ACCEPT_LINGER_MS = 12;
/** Requests that wait for their batch, and as many cancels; one more is answered 503. */
const ACCEPT_QUEUE_MAX = 2_000;
/** Of one account: half, and enough to cancel all that it may have open in a market at once. */
const ACCEPT_SHARE_MAX = 1_000;
const PROJECT_BATCH_MAX = 200;
/** Off the way from order to ledger: fewer, larger writes leave it more of the machine. */
const PROJECT_LINGER_MS = 150;
const PROJECT_QUEUE_MAX = 2_000;
const OPEN_ORDERS_MAX = 1_000;
const KEY_CLEANING_MS = 600_000;
const KEYS_FORGOTTEN_MAX = 10_000;
/** Two instances have accepted the same request at once: the later sees what the first did. */
const KEY_CONSTRAINTS: readonly string[] = ['request_keys_pkey', 'batch_keys_pkey'];

/** For `connect`, and for tests that bring their own parts. */
export function openOrders(parts: {
  readonly pool: Pool;
  /** The same unless given. */
  readonly commandPool?: Pool;
  readonly bus: OrdersDeps['bus'];
  readonly log: Environment['log'];
  /** Null or left out: outcomes are read from the log. */
  readonly cache?: Cache | null;
  readonly openOrdersMax?: number;
  readonly acceptLingerMs?: number;
  readonly outboxWaitingMax?: number;
}): OrdersDeps {
  const { pool: readPool, bus, log, cache = null, outboxWaitingMax: waitingMax } = parts;
  const pool = parts.commandPool ?? readPool;
  const breaker = new DatabaseBreaker(pool, log);
  const limits = waitingMax === undefined ? {} : { waitingMax };
  const outbox = new Outbox({ pool, schema: 'orders', bus, log, ...limits });
  const outcomes = new Outcomes(bus, log, cache);
  const openOrdersMax = parts.openOrdersMax ?? OPEN_ORDERS_MAX;
  const marketAssets = new MarketAssets();
  const acceptDeps = { pool, outbox, outcomes, marketAssets, openOrdersMax, log };
  return {
    pool: readPool,
    commandPool: pool,
    breaker,
    bus,
    cache,
    outbox,
    outcomes,
    openOrdersMax,
    accepts: new Batcher<Request, Answers>({
      weightOf,
      batchMax: ACCEPT_BATCH_MAX,
      lingerMs: parts.acceptLingerMs ?? ACCEPT_LINGER_MS,
      queueMax: ACCEPT_QUEUE_MAX,
      share: { ownerOf: userOf, max: ACCEPT_SHARE_MAX },
      isUrgent: isCancelling,
      retryAlone: true,
      run: async (requests) => {
        try {
          return await breaker.run(() => acceptOrRepeat(acceptDeps, requests));
        } catch (error) {
          throw asRetryable('orders could not be accepted', error);
        }
      },
    }),
    projections: new Batcher<Executions, null>({
      batchMax: PROJECT_BATCH_MAX,
      lingerMs: PROJECT_LINGER_MS,
      queueMax: PROJECT_QUEUE_MAX,
      retryAlone: true,
      run: async (records) => {
        await breaker.run(() => project(pool, records, log));
        return records.map(() => null);
      },
    }),
    keyCleaning: setInterval(() => {
      forgetOld(pool).catch((error: unknown) =>
        log.warn({ err: error }, 'old request keys could not be forgotten'),
      );
    }, KEY_CLEANING_MS).unref(),
  };
}

/**
 * Another instance may commit the same request key between our look and our insert. Then the second
 * attempt sees it, and answers what the first instance has answered.
 */
async function acceptOrRepeat(
  deps: AcceptDeps,
  requests: readonly Request[],
): Promise<readonly Answers[]> {
  try {
    return await acceptBatch(deps, requests);
  } catch (error) {
    if (!KEY_CONSTRAINTS.includes(findViolatedConstraint(error) ?? '')) throw error;
    return acceptBatch(deps, requests);
  }
}

async function forgetOld(pool: Pool): Promise<void> {
  await withTransaction(pool, async (tx) => {
    await forgetOldKeys(tx, Date.now(), KEYS_FORGOTTEN_MAX);
    await forgetOldBatches(tx, Date.now(), KEYS_FORGOTTEN_MAX);
  });
}

async function project(
  pool: Pool,
  records: readonly Executions[],
  log: Environment['log'],
): Promise<void> {
  try {
    const projection = projectExecutions(records);
    const unknown = await saveProjection(pool, projection);
    crashPoint('orders.project.after-commit');
    if (unknown.length > 0) log.warn({ unknown }, 'executions of orders that are not here');
  } catch (error) {
    throw asRetryable('executions could not be projected', error);
  }
}

function asRetryable(what: string, error: unknown): unknown {
  return isRetryableDatabaseError(error) ? new RetryableError(what, { cause: error }) : error;
}

/** What a crash left behind goes out before anything new: first accepted, first in the log. */
export async function beginPublishing(deps: OrdersDeps, log: Environment['log']): Promise<void> {
  try {
    const swept = await deps.outbox.sweep(0);
    if (swept > 0) log.info({ swept }, 'published what an earlier run had left behind');
  } catch (error) {
    // The log or the database is away: the sweeper goes on trying while nothing can be accepted.
    log.warn({ err: error }, 'what an earlier run left behind is not published yet');
  }
  try {
    // An instance that starts in an outage of the log knows before its first order how much waits.
    await deps.outbox.look();
  } catch (error) {
    log.warn({ err: error }, 'what waits in the outbox is not counted yet');
  }
  deps.outbox.startSweeper();
}

export async function closeOrders(deps: OrdersDeps): Promise<void> {
  clearInterval(deps.keyCleaning);
  await deps.accepts.close();
  await deps.projections.close();
  await deps.outbox.stop();
  await deps.outcomes.close();
  await deps.cache?.close();
  await deps.bus.close();
  deps.breaker.close();
  await Promise.all([...new Set([deps.pool, deps.commandPool])].map((pool) => pool.end()));
}

export const definition = defineFunction<OrdersDeps>({
  name: 'orders',
  routes: [
    placeOrder,
    testOrder,
    replaceOrder,
    placeBatch,
    cancelBatch,
    listOwnOrders,
    getOrderByClientId,
    getOrderOfClient,
    getOrder,
    amendOrder,
    cancelOrder,
    cancelOrderByClientId,
    cancelAllOrders,
    cancelAllAfter,
    placeList,
    listOwnLists,
    getList,
    cancelList,
    listOwnTrades,
    listPreventedMatches,
  ],
  events: [
    onEvent('executions', async (event, deps: OrdersDeps) => {
      await deps.projections.submitAllOrThrow(event.data.outputs);
    }),
  ],
  connect: async (environment) => {
    const { log } = environment;
    const open = (connectionsMax: number): Pool =>
      createPool({
        url: environment.get('DATABASE_URL'),
        applicationName: 'orders',
        connectionsMax,
        statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
        onError: (error) => log.warn({ err: error }, 'a database connection broke'),
      });
    const commandPool = open(COMMAND_CONNECTIONS_MAX);
    await assertDurable(commandPool, environment.find(UNSAFE_VARIABLE), log);
    const url = environment.get('BUS_URL');
    const bus = openBus({ url, applicationName: 'orders', log });
    const openMax = environment.find('OPEN_ORDERS_MAX');
    const deps = openOrders({
      pool: open(READ_CONNECTIONS_MAX),
      commandPool,
      bus,
      log,
      cache: findCache(environment, 'orders'),
      ...(openMax === undefined ? {} : { openOrdersMax: Number(openMax) }),
    });
    await beginPublishing(deps, log);
    return deps;
  },
  close: closeOrders,
  isReady: async (deps) => {
    await deps.commandPool.query('SELECT 1');
    return true;
  },
});
