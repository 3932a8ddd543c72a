// For tests: the orders function on a real database and the embedded log, with funded users, and a
// few ways to play the engine's part by hand.
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import { withTransaction } from '../../shared/db/pool.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import type { ExecutionEvent, Executions } from '../../shared/events/executions.ts';
import { callFunction, deliverEvent, type CallAnswer } from '../../shared/function/call.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import {
  applyMarket,
  saveAssets,
  type MarketDescription,
} from '../../shared/markets/market-store.ts';
import type { MarketStatus } from '../../shared/domain/market.ts';
import { BTC_USD } from '../../shared/markets/testing/btc-usd.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { closeOrders, definition, openOrders } from './handler.ts';
import type { OrdersDeps } from './handler/deps.ts';

export const ALICE: Caller = sessionCaller(1);
export const BOB: Caller = sessionCaller(2);
/** Has no funds. */
export const CAROL: Caller = sessionCaller(3);

export interface OrdersFixture {
  readonly database: TestDatabase;
  readonly deps: OrdersDeps;
  /** Opens the market, or changes it. */
  setMarket(change: Partial<MarketDescription>, status?: MarketStatus): Promise<void>;
  call(
    caller: Caller,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<CallAnswer>;
  /** The same function, another instance on the same database. */
  openSecond(): OrdersDeps;
  deliver(events: readonly ExecutionEvent[]): Promise<CallAnswer>;
  /** All commands in the log, in order. */
  commands(): Promise<readonly Record<string, unknown>[]>;
  available(caller: Caller, asset: string): Promise<{ available: string; held: string }>;
  close(): Promise<void>;
}

export interface OrdersFixtureOptions {
  /** A copy of the template on the server of the test run, unless given. */
  readonly database?: TestDatabase;
  /** The embedded log of that database, unless given. */
  readonly busUrl?: string;
  readonly outboxWaitingMax?: number;
  readonly openOrdersMax?: number;
}

export async function createOrdersFixture(
  options: OrdersFixtureOptions = {},
): Promise<OrdersFixture> {
  const database = options.database ?? (await createTestDatabase());
  const { busUrl, outboxWaitingMax, openOrdersMax = 5 } = options;
  const log = silentLogger();
  const bus = openBus({ url: busUrl ?? database.url, applicationName: 'test', log });
  await bus.provision(Object.values(TOPICS));
  const reference = database.poolFor('bourse_reference');
  const outbox = new Outbox({ pool: reference, schema: 'reference', bus, log });
  await saveAssets(reference, [
    { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
    { asset: 'ETH', name: 'Ether', decimals: 8 },
    { asset: 'USD', name: 'US dollar', decimals: 6 },
  ]);
  await database.pool.query(`SELECT fees.set_schedule('BTC-USD', 1000, 2000)`);
  const ordersUrl = busUrl ?? database.urlFor('bourse_orders');
  const deps = openOrders({
    pool: database.poolFor('bourse_orders', 8),
    bus: openBus({ url: ordersUrl, applicationName: 'test-orders', log }),
    log,
    openOrdersMax,
    ...(outboxWaitingMax === undefined ? {} : { outboxWaitingMax }),
  });
  const openSecond = (): OrdersDeps =>
    openOrders({
      pool: database.poolFor('bourse_orders', 4),
      bus: openBus({ url: ordersUrl, applicationName: 'test-orders-2', log }),
      log,
      openOrdersMax: 1_000,
      ...(outboxWaitingMax === undefined ? {} : { outboxWaitingMax }),
    });
  await fund(database);
  const setMarket: OrdersFixture['setMarket'] = async (change, status = 'trading') => {
    await applyMarket(reference, outbox, { ...BTC_USD, ...change }, status);
  };
  await setMarket({});
  return {
    database,
    deps,
    openSecond,
    setMarket,
    call: (caller, method, path, body, headers = {}) =>
      callFunction(definition, deps, {
        caller,
        method,
        path,
        headers,
        ...(body === undefined ? {} : { body }),
      }),
    deliver: (events) =>
      deliverEvent(definition, deps, {
        name: 'executions',
        data: { outputs: [record(events)] },
      }),
    commands: async () => readCommands(busUrl ?? database.url),
    available: async (caller, asset) => {
      const result = await database.pool.query<{ available: string; held: string }>(
        `SELECT available::text, held::text FROM ledger.balances WHERE owner = $1 AND asset = $2`,
        [caller.userId, asset],
      );
      return result.rows[0] ?? { available: '0', held: '0' };
    },
    close: async () => {
      await closeOrders(deps);
      await outbox.stop();
      await bus.close();
      await database.drop();
    },
  };
}

/** 100,000 USD (6 decimals) and 10 BTC (8 decimals) for alice and bob. */
async function fund(database: TestDatabase): Promise<void> {
  await withTransaction(database.pool, (tx) =>
    deposit(
      tx,
      [ALICE, BOB].flatMap((caller) => [
        {
          depositId: `usd-${caller.userId}`,
          userId: caller.userId,
          asset: 'USD',
          amountMinor: 100_000_000_000n,
        },
        {
          depositId: `btc-${caller.userId}`,
          userId: caller.userId,
          asset: 'BTC',
          amountMinor: 1_000_000_000n,
        },
      ]),
    ),
  );
}

export function record(events: readonly ExecutionEvent[]): Executions {
  const sequences = events.map((event) => event.sequence);
  return {
    market: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence: Math.min(...sequences),
    lastSequence: Math.max(...sequences),
    events: [...events],
    depth: [],
  };
}

/** Waits until nothing is on its way to the log any more. */
export async function published(fixture: OrdersFixture): Promise<void> {
  while (fixture.deps.outbox.waiting() > 0) await new Promise((done) => setImmediate(done));
}

/** Waits until what was published is deleted, too. */
export async function outboxIsEmpty(fixture: OrdersFixture): Promise<void> {
  for (;;) {
    const rows = await fixture.database.pool.query('SELECT FROM orders.outbox LIMIT 1');
    if (rows.rowCount === 0) return;
    await new Promise((done) => setTimeout(done, 10));
  }
}

async function readCommands(url: string): Promise<Record<string, unknown>[]> {
  const bus = openBus({ url, applicationName: 'test', log: silentLogger() });
  const commands: Record<string, unknown>[] = [];
  try {
    const { next } = await bus.offsets('orders.accepted', 0);
    if (next === 0) return [];
    await new Promise<void>((done, fail) => {
      void bus.tail({
        topic: 'orders.accepted',
        partition: 0,
        from: 0,
        batchMax: 1_000,
        onError: fail,
        onBatch: (records) => {
          for (const each of records) {
            const data = JSON.parse(each.value.toString()) as { commands: typeof commands };
            commands.push(...data.commands);
            if (each.offset + 1 === next) done();
          }
          return Promise.resolve();
        },
      });
    });
    return commands;
  } finally {
    await bus.close();
  }
}
