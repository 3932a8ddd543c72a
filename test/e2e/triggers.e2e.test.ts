// Orders with a trigger over HTTP, all processes real: refused, waiting with their funds held,
// taking their turn when the market trades there, and cascades as in the crash of an empty book
// (attack T17): with protection alone, and with a market that is interrupted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange } from './exchange.ts';
import { expectCleanAudit, operate } from './operator.ts';

const WAIT = { prefer: 'wait=10' };
const STOPS = 60;
/** Bids lie a USD apart, each for one unit: far less than the stops want to sell. */
const BIDS = 20;
const TOP = 2_000;
/** The market's protection: no taker trades further from the best price that it met. */
const PROTECTED_SHARE = 0.9;

let exchange: Exchange;
let alice: string;
let bob: string;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

function place(token: string, body: object): ReturnType<Exchange['call']> {
  return exchange.call(token, 'POST', '/v1/orders', body, WAIT);
}

async function tradeAt(market: string, price: string, quantity: string): Promise<void> {
  const order = { market, type: 'limit', price, quantity };
  await place(alice, { ...order, side: 'sell' });
  const taken = await place(bob, { ...order, side: 'buy' });
  expect(taken.body).toMatchObject({ status: 'filled' });
}

const STOP = {
  market: 'BTC-USD',
  side: 'sell',
  type: 'limit',
  price: '29000',
  quantity: '0.1',
  trigger: { type: 'stop_loss', price: '29500' },
};

describe('an order with a trigger', () => {
  it('is refused without a price to compare with, and when that has reached it', async () => {
    const early = await place(alice, STOP);
    expect(early.body).toMatchObject({
      status: 'rejected',
      reason: 'ORDER_TRIGGER_REFERENCE_NONE',
    });
    await tradeAt('BTC-USD', '30000', '0.1');
    const reached = { ...STOP, trigger: { type: 'stop_loss', price: '30000' } };
    expect((await place(alice, reached)).body).toMatchObject({
      status: 'rejected',
      reason: 'ORDER_TRIGGER_PRICE_REACHED',
    });
  });

  it.each([
    [{ ...STOP, trigger: { type: 'stop_loss', price: '29500.001' } }, 422],
    [{ ...STOP, trigger: { type: 'stop_loss', price: '-1' } }, 400],
    [{ ...STOP, trigger: { type: 'stop', price: '29500' } }, 400],
    [{ ...STOP, trigger: { type: 'stop_loss' } }, 400],
    [{ ...STOP, postOnly: true }, 422],
  ])('is refused when it is malformed: %j', async (body, status) => {
    expect((await place(alice, body)).status).toBe(status);
  });

  it('holds its funds while it waits, is in no book, and gives them back', async () => {
    const settled = (): Promise<Record<string, Record<string, string>>> =>
      eventually(
        () => exchange.balances(alice),
        (now) => now['BTC']?.['held'] === '0',
      );
    const before = await settled();
    const placed = await place(alice, STOP);
    expect(placed.body).toMatchObject({
      status: 'untriggered',
      trigger: { type: 'stop_loss', price: '29500' },
      remainingQuantity: '0.1',
    });
    expect((await exchange.balances(alice))['BTC']).toMatchObject({
      total: before['BTC']?.['total'],
      held: '0.1',
    });
    const book = await exchange.call(null, 'GET', '/v1/markets/BTC-USD/book');
    expect(book.body).toMatchObject({ bids: [], asks: [] });
    const id = String(placed.body['id']);
    const open = await eventually(
      () => exchange.call(alice, 'GET', '/v1/orders?status=open'),
      (answer) => JSON.stringify(answer.body).includes('untriggered'),
    );
    expect(open.body['items']).toMatchObject([{ id, status: 'untriggered' }]);
    const cancelled = await exchange.call(alice, 'DELETE', `/v1/orders/${id}`, undefined, WAIT);
    expect(cancelled.body).toMatchObject({ status: 'cancelled' });
    expect((await settled())['BTC']).toEqual(before['BTC']);
  });

  it('rests in the book once the market has traded there', async () => {
    const placed = await place(alice, STOP);
    await tradeAt('BTC-USD', '29500', '0.2');
    // The engine's answer may come before its events are written: until then it reads `accepted`.
    const order = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${String(placed.body['id'])}`),
      ({ body }) => body['status'] !== 'accepted' && body['status'] !== 'untriggered',
    );
    expect(order.body).toMatchObject({ status: 'open', remainingQuantity: '0.1' });
    const book = await eventually(
      () => exchange.call(null, 'GET', '/v1/markets/BTC-USD/book'),
      (answer) => JSON.stringify(answer.body).includes('29000'),
    );
    expect(book.body).toMatchObject({ asks: [['29000', '0.1']] });
  });
});

describe('a cascade of stops', () => {
  it('takes its turns in the written order, and none trades beyond the protection', async () => {
    await tradeAt('ETH-USD', String(TOP), '1');
    for (let at = 0; at < BIDS; at += 1) {
      const bid = { market: 'ETH-USD', side: 'buy', type: 'limit', quantity: '1' };
      await exchange.call(bob, 'POST', '/v1/orders', { ...bid, price: String(TOP - 1 - at) });
    }
    const ids: string[] = [];
    for (let at = 0; at < STOPS; at += 1) {
      const trigger = { type: 'stop_loss', price: String(TOP - 1 - Math.floor(at / 2)) };
      const stop = { market: 'ETH-USD', side: 'sell', type: 'market', quantity: '1', trigger };
      const placed = await exchange.call(alice, 'POST', '/v1/orders', stop);
      expect(placed.status).toBe(201);
      ids.push(String(placed.body['id']));
    }
    await eventually(
      () => exchange.call(alice, 'GET', '/v1/orders?status=open&limit=100'),
      (answer) => JSON.stringify(answer.body).split('"untriggered"').length > STOPS,
    );
    const first = await place(alice, {
      market: 'ETH-USD',
      side: 'sell',
      type: 'market',
      quantity: '1',
    });
    expect(first.body).toMatchObject({ status: 'filled', averagePrice: String(TOP - 1) });
    const orders = await eventually(
      async () =>
        (await Promise.all(ids.map((id) => exchange.call(alice, 'GET', `/v1/orders/${id}`)))).map(
          ({ body }) => body,
        ),
      (all) => all.filter(({ status }) => status === 'filled').length >= BIDS - 1,
    );
    // Nineteen bids are left for them: the first nineteen get one each, a USD lower than the last.
    const filled = orders.filter(({ status }) => status === 'filled');
    expect(filled.map(({ averagePrice }) => averagePrice)).toEqual(
      Array.from({ length: BIDS - 1 }, (_, at) => String(TOP - 2 - at)),
    );
    expect(filled.map(({ id }) => id)).toEqual(ids.slice(0, BIDS - 1));
    for (const { averagePrice } of filled) {
      expect(Number(averagePrice)).toBeGreaterThanOrEqual(TOP * PROTECTED_SHARE);
    }
    // The book is empty: those that were reached and found nobody have ended, the others wait.
    const rest = orders.slice(BIDS - 1);
    expect(new Set(rest.map(({ reason }) => reason))).toEqual(
      new Set(['ORDER_LIQUIDITY_NONE', null]),
    );
    expect(rest.every(({ status }) => status === 'expired' || status === 'untriggered')).toBe(true);
    const cancelled = await exchange.call(alice, 'DELETE', '/v1/orders?market=ETH-USD');
    expect(cancelled.status).toBe(202);
    await eventually(
      () => exchange.balances(alice),
      (now) => now['ETH']?.['held'] === '0',
    );
  }, 120_000);
});

describe('a thousand stops, and a sale of fifty times the depth', () => {
  const CRASH = 'SOL-USD';
  const LEVELS = 100;
  /** Of 100, as everything traded before: no trade may be more than 5 % below. */
  const LOWEST = 95;
  const BATCH = 50;

  async function sendBatches(token: string, orders: readonly object[]): Promise<void> {
    for (let at = 0; at < orders.length; at += BATCH) {
      const body = { orders: orders.slice(at, at + BATCH) };
      const answer = await exchange.call(token, 'POST', '/v1/orders/batch', body);
      expect(JSON.stringify(answer.body)).not.toContain('"problem"');
    }
  }

  async function held(token: string): Promise<string | undefined> {
    return (await exchange.balances(token))['SOL']?.['held'];
  }

  it('interrupt the market at its limit, and not one trade is beyond it', async () => {
    const seller = 'usr_0000000000000003';
    await exchange.own('POST', '/fund', { user: seller, asset: 'SOL', amount: '1000' });
    const carol = await exchange.token(seller);
    const range = ['--move-bps', '500', '--window-ms', '60000'];
    const phases = ['--halt-ms', '60000', '--auction-ms', '60000'];
    await operate(exchange, 'markets', 'interruption', CRASH, ...range, ...phases);
    await tradeAt(CRASH, '100', '1');
    const order = { market: CRASH, quantity: '1' };
    const bids = Array.from({ length: LEVELS }, (_, at) => {
      return { ...order, side: 'buy', type: 'limit', price: (99.9 - at / 10).toFixed(1) };
    });
    const stops = Array.from({ length: 500 }, (_, at) => {
      const trigger = { type: 'stop_loss', price: (99.9 - at / 50).toFixed(2) };
      return { ...order, side: 'sell', type: 'market', trigger };
    });
    await sendBatches(bob, bids);
    await sendBatches(alice, stops);
    await sendBatches(carol, stops);
    const sale = { market: CRASH, side: 'sell', type: 'market', quantity: String(50 * LEVELS) };
    const sold = await place(alice, sale);
    // One at each price from 99.9 down to 95.
    expect(sold.body).toMatchObject({
      status: 'expired',
      reason: 'MARKET_INTERRUPTED',
      filledQuantity: '50',
    });
    const market = await eventually(
      () => exchange.call(null, 'GET', `/v1/markets/${CRASH}`),
      ({ body }) => body['status'] === 'halted',
    );
    expect(market.body['phase']).toMatchObject({ cause: 'interruption' });
    const trades = await eventually(
      () => exchange.call(null, 'GET', `/v1/markets/${CRASH}/trades?limit=100`),
      ({ body }) => (body['items'] as unknown[]).length === 51,
    );
    const prices = (trades.body['items'] as { price: string }[]).map(({ price }) => Number(price));
    expect(Math.min(...prices)).toBe(LOWEST);
    // Every stop waits, those that were reached as well: none has traded in the halt.
    await eventually(
      () => Promise.all([held(alice), held(carol)]),
      (both) => both.every((amount) => amount === '500'),
    );
    for (const token of [alice, bob, carol]) {
      await exchange.call(token, 'DELETE', `/v1/orders?market=${CRASH}`);
    }
    for (const token of [alice, carol])
      await eventually(
        () => held(token),
        (now) => now === '0',
      );
  }, 120_000);

  it('leave books that the audit finds nothing in', async () => {
    await expectCleanAudit(exchange);
  }, 120_000);
});
