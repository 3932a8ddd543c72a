// A market's day over HTTP, all processes real: it opens with an auction, trades, is interrupted
// by a crash that a cascade of stops makes (attack T17), comes back by another auction, and closes.
// docs/market-day.md walks the same way by hand.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange, runProgram, type HttpAnswer } from './exchange.ts';

const WAIT = { prefer: 'wait=10' };
const MARKET = 'ETH-USD';
const STOPS = 20;
/** 5 % below the highest price of the day: no trade of the crash may be below it. */
const LOWEST = 1_900;
const INTERRUPTION = ['--move-bps', '500', '--window-ms', '60000', '--halt-ms', '1000'];
const AUCTION = ['--auction-ms', '6000'];

let exchange: Exchange;
let alice: string;
let bob: string;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

async function operate(command: string, ...args: readonly string[]): Promise<void> {
  const words = [command, MARKET, ...args, '--reason', 'a day of the market'];
  const done = await runProgram('shared/markets/main.ts', words, {
    DATABASE_URL: exchange.databaseUrl,
  });
  expect(done.code, done.output).toBe(0);
}

function place(token: string, body: object, headers = {}): Promise<HttpAnswer> {
  return exchange.call(token, 'POST', '/v1/orders', { market: MARKET, ...body }, headers);
}

function limit(token: string, side: string, price: number, quantity: string): Promise<HttpAnswer> {
  return place(token, { side, type: 'limit', price: String(price), quantity }, WAIT);
}

function untilStatus(status: string): Promise<HttpAnswer> {
  return eventually(
    () => exchange.call(null, 'GET', `/v1/markets/${MARKET}`),
    ({ body }) => body['status'] === status,
  );
}

function orderOf(token: string, placed: HttpAnswer): Promise<HttpAnswer> {
  return exchange.call(token, 'GET', `/v1/orders/${String(placed.body['id'])}`);
}

async function publicPrices(): Promise<number[]> {
  const trades = await exchange.call(null, 'GET', `/v1/markets/${MARKET}/trades?limit=100`);
  return (trades.body['items'] as { price: string }[]).map(({ price }) => Number(price));
}

describe('a day of a market', () => {
  it('begins by collecting: nothing trades, and only what can rest is taken', async () => {
    await operate('pre-open');
    await untilStatus('pre_open');
    const market = { side: 'buy', type: 'market', quantity: '1' };
    expect((await place(bob, market)).body).toMatchObject({ code: 'MARKET_AUCTION' });
    const atOnce = { side: 'buy', type: 'limit', price: '2000', quantity: '1', timeInForce: 'IOC' };
    expect((await place(bob, atOnce)).body).toMatchObject({ code: 'MARKET_AUCTION' });
    for (const [token, side, price, quantity] of [
      [alice, 'sell', 1_990, '5'],
      [alice, 'sell', 2_000, '5'],
      [bob, 'buy', 2_010, '4'],
      [bob, 'buy', 2_000, '4'],
    ] as const) {
      const placed = await limit(token, side, price, quantity);
      expect(placed.body).toMatchObject({ status: 'open', remainingQuantity: quantity });
    }
    expect(await publicPrices()).toEqual([]);
  });

  it('tells what its auction would come to, and opens at that price', async () => {
    await operate('auction');
    const told = await eventually(
      () => exchange.call(null, 'GET', `/v1/markets/${MARKET}/auction`),
      ({ body }) => body['indicativePrice'] !== null,
    );
    // 8 trade at 2,000, 5 at 1,990 and 4 at 2,010.
    expect(told.body).toMatchObject({ indicativePrice: '2000', indicativeQuantity: '8' });
    await operate('open');
    await untilStatus('trading');
    const prices = await eventually(publicPrices, (all) => all.length === 3);
    expect(new Set(prices)).toEqual(new Set([2_000]));
    const book = await eventually(
      () => exchange.call(null, 'GET', `/v1/markets/${MARKET}/book`),
      ({ body }) => JSON.stringify(body['bids']) === '[]',
    );
    expect(book.body['asks']).toEqual([['2000', '2']]);
    await exchange.call(alice, 'DELETE', `/v1/orders?market=${MARKET}`);
  });

  it('is interrupted in a crash, and none of it trades beyond the range', async () => {
    await operate('interruption', ...INTERRUPTION, ...AUCTION);
    for (const price of [1_999, 1_960, 1_920, LOWEST, 1_850, 1_800]) {
      expect((await limit(bob, 'buy', price, '3')).body).toMatchObject({ status: 'open' });
    }
    const stops: HttpAnswer[] = [];
    for (let at = 0; at < STOPS; at += 1) {
      const trigger = { type: 'stop_loss', price: String(1_999 - 5 * at) };
      const stop = { side: 'sell', type: 'market', quantity: '1', trigger };
      stops.push(await place(alice, stop, WAIT));
    }
    expect(new Set(stops.map(({ body }) => body['status']))).toEqual(new Set(['untriggered']));
    const first = { side: 'sell', type: 'market', quantity: '4' };
    expect((await place(alice, first, WAIT)).body).toMatchObject({ averagePrice: '1989.25' });
    const market = await untilStatus('auction');
    expect(market.body['phase']).toMatchObject({ cause: 'interruption' });
    const prices = await publicPrices();
    expect(Math.min(...prices)).toBe(LOWEST);
    // Each stop that found a bid took the best there was, in the order of the trigger prices.
    const orders = await eventually(
      () => Promise.all(stops.map((stop) => orderOf(alice, stop))),
      (all) => all.some(({ body }) => body['status'] === 'expired'),
    );
    const filled = orders.filter(({ body }) => body['status'] === 'filled');
    expect(filled.map(({ body }) => Number(body['averagePrice']))).toEqual([
      1_960, 1_960, 1_920, 1_920, 1_920, 1_900, 1_900, 1_900,
    ]);
    expect(orders.slice(0, filled.length)).toEqual(filled);
    // The next would have traded at 1,850; those behind it keep their place in the queue.
    expect(orders[filled.length]?.body).toMatchObject({
      status: 'expired',
      reason: 'MARKET_INTERRUPTED',
    });
    const behind = orders.slice(filled.length + 1).map(({ body }) => body['status']);
    expect(new Set(behind)).toEqual(new Set(['untriggered']));
  });

  it('comes back by an auction, and the stops that were cut short have their turn', async () => {
    expect((await limit(bob, 'buy', 1_950, '2')).body).toMatchObject({ status: 'open' });
    expect((await limit(alice, 'sell', 1_940, '2')).body).toMatchObject({ status: 'open' });
    const market = await untilStatus('trading');
    expect(market.body['phase']).toMatchObject({ cause: 'resumption' });
    const open = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders?market=${MARKET}&status=open&limit=100`),
      ({ body }) => JSON.stringify(body['items']) === '[]',
    );
    expect(open.status).toBe(200);
    const prices = await publicPrices();
    // Two by the auction, at the end of its crossed range that is nearer to the last trade. Then
    // the stops go on, until one would trade at 1,800 and interrupts the market once more.
    expect(prices.filter((price) => price === 1_940)).toHaveLength(1);
    expect(prices.filter((price) => price === 1_850)).toHaveLength(3);
    expect(prices.filter((price) => price === 1_800)).toHaveLength(3);
  });

  it('closes for good, with nothing held and nothing that the audit finds', async () => {
    await operate('close');
    await untilStatus('closing');
    expect((await limit(bob, 'buy', 1_000, '1')).body).toMatchObject({ code: 'MARKET_CLOSING' });
    await operate('delist');
    await untilStatus('delisted');
    for (const token of [alice, bob]) {
      await eventually(
        () => exchange.balances(token),
        (now) => now['ETH']?.['held'] === '0' && now['USD']?.['held'] === '0',
      );
    }
    const flags = ['--data-dir', exchange.dataDir, '--final'];
    const audit = await runProgram('test/audit/main.ts', flags);
    expect(audit.output).not.toContain('VIOLATED');
    expect(audit.code, audit.output).toBe(0);
  }, 120_000);
}, 120_000);
