// Attack T18: the reference price freezes, over HTTP, all processes real. A market whose last trade
// is too old takes no market order and no new trigger; limit orders and cancels go on, and a trade
// makes it fresh again. The crash of its engine meanwhile makes nothing fresh.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange, type HttpAnswer } from './exchange.ts';
import { expectCleanAudit, operate } from './operator.ts';

const WAIT = { prefer: 'wait=10' };
const MARKET = 'BTC-USD';
/** A trade that is older is no reference; what is to find it fresh comes soon after it. */
const MAX_AGE_MS = 3_000;
/** By another clock than the engine's: a little more than the age. */
const FROZEN_MS = MAX_AGE_MS + 300;

const SELL = { side: 'sell', type: 'market', quantity: '0.01' };
const STOP = { ...SELL, trigger: { type: 'stop_loss', price: '29000' } };
const TRAILING = { ...SELL, trigger: { type: 'trailing_stop', trailBps: 500 } };
const BY_QUOTE = { side: 'buy', type: 'market', quoteAmount: '100' };

let exchange: Exchange;
let alice: string;
let bob: string;
/** Path of a stop that was let in while the price was fresh. */
let waiting: string;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
  // A book on both sides: it is never for want of liquidity that an order is refused.
  await limit(bob, 'buy', '29900', '10');
  await limit(alice, 'sell', '30100', '10');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

function place(token: string, body: object): Promise<HttpAnswer> {
  return exchange.call(token, 'POST', '/v1/orders', { market: MARKET, ...body }, WAIT);
}

function limit(token: string, side: string, price: string, quantity: string): Promise<HttpAnswer> {
  return place(token, { side, type: 'limit', price, quantity });
}

async function tradeAt(price: string): Promise<void> {
  await limit(alice, 'sell', price, '0.01');
  const taken = await limit(bob, 'buy', price, '0.01');
  expect(taken.body).toMatchObject({ status: 'filled', averagePrice: price });
}

function freeze(): Promise<void> {
  return new Promise((done) => setTimeout(done, FROZEN_MS));
}

function pathOf(placed: HttpAnswer): string {
  return `/v1/orders/${String(placed.body['id'])}`;
}

async function expectFrozen(): Promise<void> {
  for (const body of [SELL, BY_QUOTE, { ...SELL, side: 'buy', timeInForce: 'FOK' }]) {
    expect((await place(alice, body)).body, JSON.stringify(body)).toMatchObject({
      status: 'rejected',
      reason: 'MARKET_REFERENCE_STALE',
      filledQuantity: '0',
    });
  }
  for (const body of [STOP, TRAILING]) {
    expect((await place(alice, body)).body, JSON.stringify(body)).toMatchObject({
      status: 'rejected',
      reason: 'ORDER_TRIGGER_REFERENCE_STALE',
    });
  }
}

describe('a reference price that no trade renews', () => {
  it('is none before the first trade: only triggers need one', async () => {
    await operate(exchange, 'markets', 'limits', MARKET, '--reference-max-age-ms', `${MAX_AGE_MS}`);
    expect((await place(alice, STOP)).body).toMatchObject({
      reason: 'ORDER_TRIGGER_REFERENCE_NONE',
    });
    expect((await place(alice, SELL)).body).toMatchObject({ status: 'filled' });
  });

  it('is fresh after a trade, and what it lets in stays in when it freezes', async () => {
    await tradeAt('30000');
    const stop = await place(alice, STOP);
    expect(stop.body).toMatchObject({ status: 'untriggered' });
    await freeze();
    await expectFrozen();
    waiting = pathOf(stop);
    const waits = await exchange.call(alice, 'GET', waiting);
    expect(waits.body).toMatchObject({ status: 'untriggered' });
  });

  it('refuses them in a batch and as a replacement, too', async () => {
    const rested = await limit(alice, 'sell', '31000', '0.01');
    const order = { market: MARKET, ...SELL };
    const replaced = await exchange.call(alice, 'POST', `${pathOf(rested)}/replace`, order, WAIT);
    expect(replaced.body).toMatchObject({
      result: 'place_failed',
      order: { status: 'rejected', reason: 'MARKET_REFERENCE_STALE' },
    });
    const batch = await exchange.call(alice, 'POST', '/v1/orders/batch', { orders: [order] });
    const [item] = batch.body['items'] as { order: { id: string } }[];
    const ended = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${item?.order.id ?? ''}`),
      ({ body }) => body['status'] === 'rejected',
    );
    expect(ended.body).toMatchObject({ reason: 'MARKET_REFERENCE_STALE' });
  });

  it('leaves limit orders, amends and cancels alone', async () => {
    const rested = await limit(alice, 'sell', '30500', '0.02');
    expect(rested.body).toMatchObject({ status: 'open' });
    const less = { quantity: '0.01', price: '30400' };
    const amended = await exchange.call(alice, 'PATCH', pathOf(rested), less, WAIT);
    expect(amended.body).toMatchObject({ price: '30400', remainingQuantity: '0.01' });
    const cancelled = await exchange.call(alice, 'DELETE', pathOf(rested), undefined, WAIT);
    expect(cancelled.body).toMatchObject({ status: 'cancelled' });
    await expectFrozen();
  });

  it('is as old as it was when the engine is killed and comes back', async () => {
    const { enginePid } = await exchange.topology();
    await exchange.kill(enginePid);
    const back = await eventually(
      () => limit(alice, 'sell', '32000', '0.01'),
      ({ body }) => body['status'] === 'open',
    );
    expect(back.status).toBe(201);
    await expectFrozen();
  }, 60_000);

  it('is fresh again by a trade of limit orders, which reaches what has waited', async () => {
    await exchange.call(bob, 'DELETE', '/v1/orders');
    await limit(bob, 'buy', '28900', '0.05');
    const sold = await limit(alice, 'sell', '28900', '0.01');
    expect(sold.body).toMatchObject({ status: 'filled' });
    const fired = await eventually(
      () => exchange.call(alice, 'GET', waiting),
      ({ body }) => body['status'] !== 'untriggered',
    );
    expect(fired.body).toMatchObject({ status: 'filled', averagePrice: '28900' });
    expect((await place(alice, SELL)).body).toMatchObject({ status: 'filled' });
    const lower = { ...STOP, trigger: { type: 'stop_loss', price: '28000' } };
    expect((await place(alice, lower)).body).toMatchObject({ status: 'untriggered' });
  });

  it('leaves nothing held and nothing that the audit finds', async () => {
    for (const token of [alice, bob]) {
      await exchange.call(token, 'DELETE', '/v1/orders');
      await eventually(
        () => exchange.balances(token),
        (now) => Object.values(now).every(({ held }) => held === '0'),
      );
    }
    await expectCleanAudit(exchange);
  }, 120_000);
}, 120_000);
