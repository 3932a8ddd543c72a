// Phases over REST, as records of the engine make them: an auction with its book, and its end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../shared/db/pool.ts';
import { tradeId } from '../../shared/domain/ids.ts';
import { callFunction, deliverEvent } from '../../shared/function/call.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { closeMarketData, definition, openMarketData, type MarketDataDeps } from './handler.ts';

const START_MS = 1_700_000_000_000;

let database: TestDatabase;
let deps: MarketDataDeps;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`INSERT INTO reference.assets (asset, name, decimals)
    VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 10)`);
  await database.pool.query(
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version, schedule)
     VALUES ('BTC-USD', 'BTC', 'USD', 0.01, 0.00000001, 0.00001, 9000, 1, 0.01, 1000000, 500,
       'received', true, 'auction', 1, '[{"atMs": 9999999999999, "status": "trading"}]')`,
  );
  const url = database.urlFor('bourse_market_data');
  const pool = createPool({ url, applicationName: 'market-data-test', connectionsMax: 4 });
  deps = openMarketData(pool, silentLogger());
});
afterAll(async () => {
  await closeMarketData(deps);
  await database.drop();
});

async function get(path: string): Promise<unknown> {
  return (await callFunction(definition, deps, { method: 'GET', path })).body;
}

/** The catalog of markets may be a second old. */
async function marketWith(expected: object): Promise<void> {
  await expect.poll(() => get('/v1/markets/BTC-USD'), { timeout: 3_000 }).toMatchObject(expected);
}

function record(
  firstSequence: number,
  events: readonly object[],
  depth: readonly unknown[] = [],
): object {
  return {
    market: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence,
    lastSequence: firstSequence + events.length - 1,
    events: events.map((event, at) => {
      const sequence = firstSequence + at;
      return { sequence, timeMs: START_MS + sequence, ...event };
    }),
    depth,
  };
}

async function deliver(...outputs: object[]): Promise<void> {
  const answer = await deliverEvent(definition, deps, { name: 'executions', data: { outputs } });
  expect(answer.status).toBeLessThan(300);
}

const order = (number: number) => `ord_${String(number).padStart(16, '0')}`;
const user = (number: number) => `usr_${String(number).padStart(16, '0')}`;

function opened(number: number, side: 'buy' | 'sell', priceTicks: number): object {
  const ids = { orderId: order(number), userId: user(number) };
  return { kind: 'opened', ...ids, side, priceTicks, remainingLots: 5 };
}

const CONFIGURED = { kind: 'configured', version: 1, status: 'auction' };
const INDICATIVE = {
  kind: 'indicative',
  priceTicks: 23_700,
  lots: 5,
  surplusSide: null,
  surplusLots: 0,
};
const party = (number: number) => ({
  orderId: order(number),
  userId: user(number),
  feePpm: 1000,
  remainingLots: 0,
  holdMinor: '5',
});
const ended = (number: number) => ({
  kind: 'ended',
  orderId: order(number),
  userId: user(number),
  status: 'filled',
  reason: null,
  cancelledLots: 0,
  releaseMinor: '0',
});

const COLLECTED = record(
  1,
  [CONFIGURED, opened(1, 'sell', 23_600), opened(2, 'buy', 23_700), opened(3, 'sell', 23_700)],
  [
    ['buy', 23_700, 5],
    ['sell', 23_600, 5],
    ['sell', 23_700, 5],
  ],
);
const INDICATED = record(5, [INDICATIVE]);
const UNCROSSED = record(
  6,
  [
    {
      kind: 'phase_changed',
      status: 'trading',
      cause: 'schedule',
      untilMs: null,
      referenceTicks: 0,
    },
    { kind: 'uncrossed', priceTicks: 23_650, lots: 5 },
    {
      kind: 'trade',
      tradeId: tradeId('BTC-USD', 8),
      priceTicks: 23_650,
      quantityLots: 5,
      baseMinor: '5',
      quoteMinor: '118250',
      takerSide: 'buy',
      taker: party(2),
      maker: party(1),
    },
    ended(1),
    ended(2),
  ],
  [
    ['buy', 23_700, 0],
    ['sell', 23_600, 0],
  ],
);

describe('an auction', () => {
  it('before the engine has told anything is as configured, without an indication', async () => {
    await marketWith({ status: 'auction', phase: null, schedule: [{ status: 'trading' }] });
    expect(await get('/v1/markets/BTC-USD/auction')).toMatchObject({
      status: 'auction',
      indicativePrice: null,
      sequence: null,
      last: null,
    });
  });

  it('shows its crossed book and its indication, though the indication came first', async () => {
    await deliver(INDICATED);
    await deliver(COLLECTED);
    expect(await get('/v1/markets/BTC-USD/book')).toMatchObject({
      sequence: 5,
      bids: [['237', '0.00000005']],
      asks: [
        ['236', '0.00000005'],
        ['237', '0.00000005'],
      ],
    });
    expect(await get('/v1/markets/BTC-USD/auction')).toMatchObject({
      status: 'auction',
      indicativePrice: '237',
      indicativeQuantity: '0.00000005',
      surplusSide: null,
      surplusQuantity: null,
      sequence: 5,
      time: '2023-11-14T22:13:20.005Z',
    });
    await marketWith({ phase: { cause: 'configuration', sequence: 1, until: null } });
  });

  it('ends with its price as that of any trade, and what comes late changes nothing', async () => {
    await deliver(UNCROSSED);
    await deliver(INDICATED, COLLECTED);
    await deliver(UNCROSSED);
    expect(await get('/v1/markets/BTC-USD/auction')).toEqual({
      market: 'BTC-USD',
      status: 'trading',
      until: null,
      indicativePrice: null,
      indicativeQuantity: null,
      surplusSide: null,
      surplusQuantity: null,
      sequence: null,
      time: null,
      last: {
        price: '236.5',
        quantity: '0.00000005',
        sequence: 7,
        time: '2023-11-14T22:13:20.007Z',
      },
    });
    expect(await get('/v1/markets/BTC-USD/trades')).toMatchObject({
      items: [{ sequence: 8, price: '236.5', quantity: '0.00000005' }],
    });
    expect(await get('/v1/markets/BTC-USD/book')).toMatchObject({
      bids: [],
      asks: [['237', '0.00000005']],
    });
    await marketWith({ status: 'trading', phase: { cause: 'schedule', sequence: 6 } });
  });
});
