// The function as the host runs it, on real Postgres: refusals, then the routes and the projection.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../shared/db/pool.ts';
import { tradeId } from '../../shared/domain/ids.ts';
import { callFunction, deliverEvent } from '../../shared/function/call.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { closeMarketData, definition, openMarketData, type MarketDataDeps } from './handler.ts';
import type { BookAnswer, PublicTradeAnswer } from './schema.ts';

let database: TestDatabase;
let deps: MarketDataDeps;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`INSERT INTO reference.assets (asset, name, decimals)
    VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 10), ('ETH', 'Ether', 18)`);
  await listMarket('BTC');
  await database.pool.query(`SELECT fees.set_schedule('BTC-USD', 1000, 2000)`);
  const url = database.urlFor('bourse_market_data');
  const pool = createPool({ url, applicationName: 'market-data-test', connectionsMax: 4 });
  deps = openMarketData(pool, silentLogger());
});
afterAll(async () => {
  await closeMarketData(deps);
  await database.drop();
});

async function listMarket(base: string): Promise<void> {
  await database.pool.query(
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version)
     VALUES ($1 || '-USD', $1, 'USD', 0.010, 0.00000001, 0.00001, 9000.0, 1, 0.01, 1000000, 500,
       'received', true, 'trading', 1)`,
    [base],
  );
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  return callFunction(definition, deps, { method: 'GET', path });
}

function sequenceText(sequence: number): string {
  return String(sequence).padStart(16, '0');
}

function tradeRecord(first: number, last: number, bidLots: number): Record<string, unknown> {
  const sequences = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const side = { orderId: `ord_${sequenceText(1)}`, userId: `usr_${sequenceText(1)}` };
  const party = { ...side, feePpm: 1000, remainingLots: 0, holdMinor: '1' };
  return {
    market: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence: first,
    lastSequence: last,
    events: sequences.map((sequence) => ({
      kind: 'trade',
      sequence,
      timeMs: 1_700_000_000_000 + sequence,
      tradeId: tradeId('BTC-USD', sequence),
      priceTicks: 23_647,
      quantityLots: 1,
      baseMinor: '1',
      quoteMinor: '23647',
      takerSide: 'buy',
      taker: party,
      maker: party,
    })),
    depth: [
      ['buy', 23_640, bidLots],
      ['sell', 23_650, 200_000_000],
      ['sell', 23_651, 1],
    ],
  };
}

describe('market data refuses', () => {
  it.each([
    ['/v1/markets/DOGE-USD', 404, 'MARKET_NOT_FOUND'],
    ['/v1/markets/btc-usd', 404, 'MARKET_NOT_FOUND'],
    ['/v1/markets/__proto__/book', 404, 'MARKET_NOT_FOUND'],
    ["/v1/markets/'%20OR%201=1/trades", 404, 'MARKET_NOT_FOUND'],
    ['/v1/markets/DOGE-USD/auction', 404, 'MARKET_NOT_FOUND'],
    ['/v1/markets/BTC-USD/auction?depth=1', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/book?depth=0', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/book?depth=1001', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/book?depth=1e2', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/book?depth=5&depth=5', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/book?limit=5', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/trades?limit=501', 400, 'QUERY_INVALID'],
    ['/v1/markets/BTC-USD/trades?cursor=!', 400, 'QUERY_INVALID'],
    // A well-made cursor, but of a list that is sorted by text.
    ['/v1/markets/BTC-USD/trades?cursor=WyJhIl0', 400, 'QUERY_INVALID'],
    ['/v1/assets?limit=5', 400, 'QUERY_INVALID'],
  ])('%s with %i %s', async (path, status, code) => {
    expect(await get(path)).toMatchObject({ status, body: { code } });
  });

  it('a record that claims sequences it does not carry, for good', async () => {
    const data = { ...tradeRecord(1, 2, 1), lastSequence: 50 };
    const answer = await deliverEvent(definition, deps, {
      name: 'executions',
      data: { outputs: [data] },
    });
    expect(answer.status).toBe(422);
    expect((await get('/v1/markets/BTC-USD/book')).body).toMatchObject({ sequence: 0, bids: [] });
  });

  it('a record that does not fit its schema, for good', async () => {
    const data = { ...tradeRecord(1, 1, 1), firstSequence: -1 };
    const answer = await deliverEvent(definition, deps, {
      name: 'executions',
      data: { outputs: [data] },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'EVENT_INVALID' } });
  });
});

describe('market data answers', () => {
  it('the assets', async () => {
    expect(await get('/v1/assets')).toMatchObject({
      status: 200,
      body: {
        items: [
          { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
          { asset: 'ETH', name: 'Ether', decimals: 18 },
          { asset: 'USD', name: 'US dollar', decimals: 10 },
        ],
      },
    });
  });

  it('the markets with their fee rates, one as in the list', async () => {
    const market = {
      market: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      tickSize: '0.01',
      lotSize: '0.00000001',
      minQuantity: '0.00001',
      maxQuantity: '9000',
      minNotional: '1',
      maxNotional: null,
      minPrice: '0.01',
      maxPrice: '1000000',
      priceBand: null,
      interruption: null,
      maxOpenOrders: null,
      maxWaitingOrders: null,
      referenceMaxAgeMs: null,
      selfTradeModes: ['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none'],
      status: 'trading',
      phase: null,
      schedule: [],
      makerFeeRate: '0.001',
      takerFeeRate: '0.002',
    };
    expect((await get('/v1/markets')).body).toEqual({ items: [market] });
    expect((await get('/v1/markets/BTC-USD')).body).toEqual(market);
  });

  it('a market that was listed a moment ago', async () => {
    await get('/v1/markets');
    await listMarket('ETH');
    const answer = await get('/v1/markets/ETH-USD');
    expect(answer).toMatchObject({ status: 200, body: { makerFeeRate: null } });
    expect((await get('/v1/markets/ETH-USD/book')).body).toMatchObject({ sequence: 0, asks: [] });
  });

  it('book and trades of what was delivered, however often and in whatever order', async () => {
    const records = [tradeRecord(1, 3, 7), tradeRecord(4, 5, 0), tradeRecord(6, 6, 9)];
    const deliveries = [...records.toReversed(), ...records].map((data) =>
      deliverEvent(definition, deps, { name: 'executions', data: { outputs: [data] } }),
    );
    for (const { status } of await Promise.all(deliveries)) expect(status).toBeLessThan(300);
    const book = (await get('/v1/markets/BTC-USD/book?depth=1')).body as BookAnswer;
    expect(book).toEqual({
      market: 'BTC-USD',
      sequence: 6,
      time: '2023-11-14T22:13:20.006Z',
      bids: [['236.4', '0.00000009']],
      asks: [['236.5', '2']],
    });
    const trades = (await get('/v1/markets/BTC-USD/trades')).body;
    expect(trades).toMatchObject({ nextCursor: null, items: { length: 6 } });
  });

  it('pages of trades that new trades do not shift', async () => {
    const seen: number[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page += 1) {
      const query: string = cursor === '' ? 'limit=2' : `limit=2&cursor=${cursor}`;
      const answer = await get(`/v1/markets/BTC-USD/trades?${query}`);
      const body = answer.body as { items: PublicTradeAnswer[]; nextCursor: string | null };
      seen.push(...body.items.map((trade) => trade.sequence));
      cursor = body.nextCursor;
      const data = tradeRecord(7 + page, 7 + page, 9);
      await deliverEvent(definition, deps, { name: 'executions', data: { outputs: [data] } });
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
  });
});
